"""Geometry: sizes are what was asked for, nothing black comes in, and no pixel moves that need not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support_pictures import context, disc_picture, photo

from retouch.engines.builtin.extension import Sides, extended
from retouch.engines.builtin.horizon import tilt
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import geometry
from retouch.engines.builtin.turning import inscribed
from retouch.errors import ImageTooLarge, InstructionNotSupported, TargetNotFound


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def nothing(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.zeros(rgb.shape[:2], np.float32)


def changed(canvas: Canvas, seed: int = 7, variation: int = 0, **arguments: Any) -> Canvas:
    return geometry.apply(canvas, arguments, context(nothing, seed, variation)[0])


def marked(height: int, width: int, box: tuple[int, int, int, int]) -> tuple[Canvas, NDArray[np.float32]]:
    """Noise with a subject in rows and columns ``box`` (top, bottom, left, right)."""
    matte = np.zeros((height, width), np.float32)
    matte[box[0] : box[1], box[2] : box[3]] = 1
    return Canvas(noise(height, width)), matte


# --- crop ------------------------------------------------------------------------------------------


@given(st.integers(30, 90), st.integers(30, 90), st.sampled_from(["1:1", "square", "16:9", "2:3", "1.91:1"]))
@settings(max_examples=40, deadline=None)
def test_a_crop_has_its_ratio_and_is_as_large_as_it_can_be(height: int, width: int, ratio: str) -> None:
    out = changed(Canvas(noise(height, width)), action="crop", ratio=ratio).rgb
    wide, high = (1.0, 1.0) if ratio == "square" else (float(part) for part in ratio.split(":"))
    assert abs(out.shape[1] - out.shape[0] * wide / high) <= max(1.0, wide / high)
    assert out.shape[0] == height or out.shape[1] == width


def test_a_crop_goes_where_the_subject_is() -> None:
    canvas, matte = marked(60, 120, (20, 40, 90, 110))
    out = geometry.apply(canvas, {"action": "crop", "ratio": "square"}, context(matte)[0]).rgb
    assert np.array_equal(out, canvas.rgb[:, 60:])


def test_a_crop_without_a_subject_keeps_the_middle() -> None:
    rgb = noise(60, 120)
    assert np.array_equal(changed(Canvas(rgb), action="crop", ratio="square").rgb, rgb[:, 30:90])


def test_a_crop_to_the_subject_keeps_all_of_it_and_a_margin() -> None:
    canvas, matte = marked(100, 200, (30, 70, 50, 90))
    out = geometry.apply(canvas, {"action": "crop", "to": "subject"}, context(matte)[0]).rgb
    assert np.array_equal(out, canvas.rgb[27:73, 47:93])


def test_a_crop_to_the_subject_ignores_specks() -> None:
    canvas, matte = marked(100, 200, (30, 70, 50, 90))
    matte[5:7, 190:192] = 1
    out = geometry.apply(canvas, {"action": "crop", "to": "subject"}, context(matte)[0]).rgb
    assert out.shape == (46, 46, 3)


def test_a_subject_too_wide_for_the_ratio_is_said() -> None:
    canvas, matte = marked(60, 200, (20, 40, 5, 195))
    run, _ = context(matte)
    out = geometry.apply(canvas, {"action": "crop", "to": "subject", "ratio": "square"}, run).rgb
    assert out.shape == (60, 60, 3)
    assert any("does not fit" in warning for warning in run.warnings)


def test_further_crops_are_closer() -> None:
    widths = [
        changed(Canvas(noise(100, 100)), variation=k, action="crop", ratio="16:9").rgb.shape[1]
        for k in range(4)
    ]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == 4


# --- resize ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"width": 30}, (20, 30)),
        ({"height": 10}, (10, 15)),
        ({"percent": 50}, (20, 30)),
        ({"percent": 200}, (80, 120)),
        ({"width": 90, "height": 60}, (60, 90)),
        ({"width": 20, "height": 20}, (20, 20)),
    ],
)
def test_a_resize_gives_the_size_asked_for(arguments: dict[str, Any], shape: tuple[int, int]) -> None:
    assert changed(Canvas(noise(40, 60)), action="resize", **arguments).rgb.shape == (*shape, 3)


def test_smaller_pictures_are_means_of_light() -> None:
    """A fine black and white pattern is as bright as mid-grey light, sRGB 188, not as 128."""
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[(np.indices((64, 64)).sum(0) % 2) == 0] = 255
    out = changed(Canvas(rgb), action="resize", width=16).rgb
    assert abs(float(out[4:-4, 4:-4].mean()) - 188) < 2


def test_colours_behind_transparency_do_not_come_through() -> None:
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[:, :20], rgb[:, 20:] = (255, 0, 0), (0, 255, 0)
    alpha = np.zeros((40, 40), np.uint8)
    alpha[:, :20] = 255
    out = changed(Canvas(rgb, alpha), action="resize", width=15)
    assert out.alpha is not None
    assert int(out.rgb[out.alpha > 20][:, 1].max()) <= 2


def test_a_resize_into_another_ratio_distorts_nothing_and_says_so() -> None:
    run, _ = context(nothing)
    rgb = np.zeros((100, 200, 3), np.uint8)
    y, x = np.indices((100, 200))
    rgb[np.hypot(y - 50, x - 100) < 30] = 255
    out = geometry.apply(Canvas(rgb), {"action": "resize", "width": 50, "height": 50}, run).rgb[..., 0] > 128
    assert abs(int(out.any(0).sum()) - int(out.any(1).sum())) <= 1
    assert any("cut" in warning for warning in run.warnings)


def test_a_result_over_24_megapixels_is_refused() -> None:
    for size in ({"width": 8000}, {"percent": 1000}):
        with pytest.raises(ImageTooLarge, match="24"):
            changed(Canvas(np.zeros((500, 600, 3), np.uint8)), action="resize", **size)


# --- rotate, flip, straighten ----------------------------------------------------------------------


@given(st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=30, deadline=None)
def test_four_quarter_turns_and_two_flips_are_the_picture(height: int, width: int) -> None:
    start = Canvas(noise(height, width), noise(height, width)[..., 0])
    turned = start
    for _ in range(4):
        turned = changed(turned, action="rotate", degrees=90)
    for axis in ("horizontal", "vertical", "horizontal", "vertical"):
        turned = changed(turned, action="flip", axis=axis)
    assert np.array_equal(turned.pixels, start.pixels)


def test_clockwise_is_positive_and_horizontal_mirrors_left_and_right() -> None:
    rgb = noise(4, 6)
    assert np.array_equal(changed(Canvas(rgb), action="rotate", degrees=90).rgb[0, -1], rgb[0, 0])
    assert np.array_equal(changed(Canvas(rgb), action="rotate", degrees=-90).rgb[-1, 0], rgb[0, 0])
    assert np.array_equal(changed(Canvas(rgb), action="flip", axis="horizontal").rgb, rgb[:, ::-1])


@given(st.floats(-360, 360), st.integers(20, 80), st.integers(20, 80))
@settings(max_examples=60, deadline=None)
def test_a_rotated_picture_has_no_corners(degrees: float, height: int, width: int) -> None:
    out = changed(Canvas(np.full((height, width, 3), 200, np.uint8)), action="rotate", degrees=degrees).rgb
    assert int(out.min()) == 200
    assert out.shape[0] * out.shape[1] >= 0.2 * min(height, width) ** 2


@given(st.floats(1, 89), st.floats(1, 100), st.floats(1, 100))
def test_the_inscribed_rectangle_fits(degrees: float, width: float, height: float) -> None:
    wide, high = inscribed(width, height, degrees)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    assert wide * c + high * s <= width + 1e-6
    assert wide * s + high * c <= height + 1e-6


def test_a_turned_cut_out_is_kept_whole() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, :30] = 255
    out = changed(Canvas(noise(40, 60), alpha), action="rotate", degrees=30)
    assert out.alpha is not None
    assert out.alpha.shape > (40, 60)
    assert abs(float(out.alpha.sum()) / float(alpha.sum()) - 1) < 0.02


@pytest.mark.parametrize("name", ["camera", "rocket"])
@pytest.mark.parametrize("degrees", [-5, 3])
def test_straightening_finds_how_a_photograph_was_turned(name: str, degrees: int) -> None:
    turned = changed(Canvas(photo(name)), action="rotate", degrees=degrees).rgb
    found = tilt(turned)
    assert found is not None
    assert abs(found.degrees - degrees) < 0.5
    level = tilt(changed(Canvas(turned), action="straighten").rgb)
    assert level is not None
    assert abs(level.degrees) < 1


def test_a_level_picture_is_left_alone_and_one_without_lines_refused() -> None:
    run, _ = context(nothing)
    camera = photo("camera")
    assert geometry.apply(Canvas(camera), {"action": "straighten"}, run).rgb is camera
    assert any("level" in warning for warning in run.warnings)
    for rgb in (photo("flower"), photo("coffee"), noise(3, 5)):
        with pytest.raises(TargetNotFound, match="lines"):
            changed(Canvas(rgb), action="straighten")


# --- extend ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sides", [["left"], ["top", "right"], ["left", "right", "top", "bottom"]])
def test_an_extension_keeps_every_pixel_of_the_picture(sides: list[str]) -> None:
    rgb = photo("coffee")[::4, ::4]
    height, width = rgb.shape[:2]
    out = changed(Canvas(rgb), action="extend", percent=20, sides=sides).rgb
    top, left = height // 5 * ("top" in sides), width // 5 * ("left" in sides)
    assert out.shape[0] == height + height // 5 * len({"top", "bottom"} & set(sides))
    assert out.shape[1] == width + width // 5 * len({"left", "right"} & set(sides))
    assert np.array_equal(out[top : top + height, left : left + width], rgb)


def test_an_extension_goes_on_without_a_seam() -> None:
    """Columns on both sides of the old border differ no more than any two columns of the picture do."""
    rgb = photo("china")[::2, ::2]
    out = changed(Canvas(rgb), action="extend", sides=["right"]).rgb.astype(float)
    steps = np.abs(np.diff(out, axis=1)).mean((0, 2))
    border = rgb.shape[1] - 1
    assert steps[border] < 1.5 * np.quantile(steps[:border], 0.9)


def test_an_extension_invents_no_second_subject() -> None:
    canvas, matte = disc_picture(120)
    run, _ = context(matte)
    out = geometry.apply(canvas, {"action": "extend", "percent": 50}, run).rgb.astype(int)
    red = out[..., 0] > out[..., 1] + 40
    red[60:180, 60:180] = False
    assert float(red.mean()) < 0.005
    assert run.warnings == []


def test_a_side_that_cuts_the_subject_is_not_extended() -> None:
    """What lies beyond cannot be copied from anywhere: portraits grew a second head."""
    canvas, matte = marked(60, 60, (20, 60, 10, 50))
    run, _ = context(matte)
    out = geometry.apply(canvas, {"action": "extend", "percent": 50}, run)
    assert out.rgb.shape == (90, 120, 3)
    assert any("bottom" in warning for warning in run.warnings)
    with pytest.raises(InstructionNotSupported):
        geometry.apply(canvas, {"action": "extend", "sides": ["bottom"]}, run)


def test_an_extension_has_its_seed() -> None:
    rgb = photo("coffee")[::6, ::6]
    one, again, other = (changed(Canvas(rgb), seed, action="extend").rgb for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_cut_out_is_extended_by_nothing() -> None:
    alpha = np.full((20, 20), 255, np.uint8)
    out = changed(Canvas(noise(20, 20), alpha), action="extend", percent=50)
    assert out.alpha is not None
    assert int(out.alpha.sum()) == int(alpha.sum(dtype=int))
    assert out.rgb.shape == (40, 40, 3)


# --- all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (200, 2)])
@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "crop", "ratio": "16:9"},
        {"action": "resize", "percent": 30},
        {"action": "resize", "width": 9, "height": 2},
        {"action": "rotate", "degrees": 33},
        {"action": "extend"},
    ],
)
def test_tiny_pictures_pass(size: tuple[int, int], arguments: dict[str, Any]) -> None:
    out = changed(Canvas(noise(*size), noise(*size)[..., 0]), **arguments)
    assert out.alpha is not None
    assert min(out.rgb.shape) >= 1
    assert changed(Canvas(noise(*size)), **arguments).rgb.shape[2] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "bend"},
        {},
        {"action": "crop"},
        {"action": "crop", "ratio": "wide"},
        {"action": "crop", "ratio": "1:0"},
        {"action": "crop", "ratio": "1:50"},
        {"action": "crop", "to": "dog"},
        {"action": "resize"},
        {"action": "resize", "width": 0},
        {"action": "resize", "width": 2.5},
        {"action": "resize", "width": 10, "percent": 10},
        {"action": "rotate"},
        {"action": "rotate", "degrees": float("nan")},
        {"action": "rotate", "degrees": True},
        {"action": "flip", "axis": "diagonal"},
        {"action": "flip", "axis": "vertical", "degrees": 3},
        {"action": "extend", "sides": ["up"]},
        {"action": "extend", "sides": []},
    ],
)
def test_what_is_not_understood_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        changed(Canvas(noise(20, 20)), **arguments)


def test_a_picture_with_one_answer_only_says_so_to_the_second() -> None:
    run, _ = context(nothing, variation=1)
    geometry.apply(Canvas(noise(4, 4)), {"action": "flip", "axis": "vertical"}, run)
    assert len(run.warnings) == 1


def test_a_dark_corner_goes_on_dark_beyond_the_border() -> None:
    """A dark corner ended at the border, and came again as a wedge in the middle of what was added."""
    y, x = np.mgrid[0:120, 0:160]
    noise = np.random.default_rng(1).normal(0, 6, (120, 160, 1))
    rgb = np.where((x + y < 50)[..., None], 25, np.array([170, 110, 70])) + noise
    canvas = Canvas(np.clip(rgb, 0, 255).astype(np.uint8))
    work = context(np.zeros((120, 160), np.float32))[0]
    out = extended(canvas, Sides(24, 0, 24, 0), work).rgb
    assert out[:24, :40].mean() < 60
    assert out[:24, 110:].mean() > 100
    assert out[80:, :24].mean() > 100
