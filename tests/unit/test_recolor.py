"""Recolouring takes the colour on, keeps the shading, and leaves everything else as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support_pictures import context, disc_picture, photo

from retouch.engines.builtin.colour import decode, to_oklab
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import recolor
from retouch.errors import InstructionNotSupported, TargetNotFound


def nothing(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.zeros(rgb.shape[:2], np.float32)


def lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return to_oklab(decode(rgb))


def whole(rgb: NDArray[np.uint8], color: str, **more: Any) -> NDArray[np.uint8]:
    return recolor.apply(Canvas(rgb), {"target": "whole", "color": color, **more}, context(nothing)[0]).rgb


@given(st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=40, deadline=None)
def test_everything_takes_the_hue_and_no_more_than_the_chroma(paint: tuple[int, int, int]) -> None:
    wanted = lab(np.array([[paint]], np.uint8))[0, 0]
    out = lab(whole(photo("coffee")[::12, ::12], "#{:02x}{:02x}{:02x}".format(*paint)))
    chroma = np.hypot(out[..., 1], out[..., 2])
    goal = float(np.hypot(wanted[1], wanted[2]))
    assert float(chroma.max()) <= 1.25 * goal + 0.03
    strong = chroma > 0.05
    if goal > 0.06 and strong.any():
        turn = np.arctan2(out[..., 2], out[..., 1])[strong] - np.arctan2(wanted[2], wanted[1])
        assert float(np.degrees(np.abs((turn + np.pi) % (2 * np.pi) - np.pi)).max()) < 12


@pytest.mark.parametrize("color", ["#1f4fd0", "#ffffff", "#101010", "#f0c020"])
@pytest.mark.parametrize("name", ["coffee", "flower", "china"])
def test_shading_stays_in_order(name: str, color: str) -> None:
    """What was darker is still darker: lightness before and after rank alike, and no detail is lost."""
    rgb = photo(name)[::4, ::4]
    before, after = lab(rgb)[..., 0].ravel(), lab(whole(rgb, color))[..., 0].ravel()
    ranks = [np.argsort(np.argsort(values)) for values in (before, after)]
    assert float(np.corrcoef(ranks[0], ranks[1])[0, 1]) > 0.98
    assert float(after.std()) > 0.2 * float(before.std())


@pytest.mark.parametrize("color", ["#ffffff", "#101010", "#1f4fd0"])
def test_lightness_goes_most_of_the_way(color: str) -> None:
    rgb = photo("coffee")[::4, ::4]
    before, after = float(lab(rgb)[..., 0].mean()), float(lab(whole(rgb, color))[..., 0].mean())
    goal = min(
        float(lab(np.array([[[int(color[i : i + 2], 16) for i in (1, 3, 5)]]], np.uint8))[0, 0, 0]), 0.88
    )
    assert 0.4 < (after - before) / (goal - before) < 1.05


def test_highlights_stay_white() -> None:
    rgb = np.full((40, 40, 3), (200, 40, 30), np.uint8)
    rgb[10:20, 10:20] = 255
    out = whole(rgb, "#1f4fd0")
    assert int(out[15, 15].min()) > 245
    assert int(out[30, 30, 2]) > int(out[30, 30, 0]) + 60


@pytest.mark.parametrize("target", ["subject", "background"])
def test_only_the_target_changes(target: str) -> None:
    canvas, matte = disc_picture()
    out = recolor.apply(canvas, {"target": target, "color": "#2040e0"}, context(matte)[0]).rgb
    inside, outside = matte == 1, matte == 0
    kept, dyed = (outside, inside) if target == "subject" else (inside, outside)
    assert np.array_equal(out[kept], canvas.rgb[kept])
    assert (out[dyed][:, 2].astype(int) > out[dyed][:, 0].astype(int) + 40).all()


def test_the_rim_holds_no_trace_of_the_old_colour() -> None:
    """Across the rim of a red disc turned blue, red is nowhere more than on both sides of it."""
    canvas, matte = disc_picture()
    out = recolor.apply(canvas, {"target": "subject", "color": "#2040e0"}, context(matte)[0]).rgb.astype(int)
    rim = (matte > 0.02) & (matte < 0.98)
    most = max(np.quantile(out[matte == 1][:, 0], 0.98), np.quantile(out[matte == 0][:, 0], 0.98))
    assert float(np.quantile(out[rim][:, 0], 0.95)) <= most + 12


def test_alpha_is_kept_and_is_the_subject() -> None:
    canvas, matte = disc_picture()
    cut = Canvas(canvas.rgb, (matte * 255).astype(np.uint8))
    out = recolor.apply(cut, {"target": "subject", "color": "#2040e0"}, context(nothing)[0])
    assert out.alpha is cut.alpha
    assert int(out.rgb[80, 80, 2]) > 100


def test_strength_lies_between_and_nothing_is_nothing() -> None:
    rgb = photo("coffee")[::5, ::5]
    full, half = (
        float(np.abs(whole(rgb, "#1f4fd0", strength=s).astype(int) - rgb).mean()) for s in (100, 40)
    )
    assert 0.2 * full < half < 0.8 * full
    assert whole(rgb, "#1f4fd0", strength=0) is rgb


def test_the_same_again_and_further_pictures_differ() -> None:
    rgb = photo("coffee")[::5, ::5]
    arguments = {"target": "whole", "color": "#1f4fd0"}
    pictures = [
        recolor.apply(Canvas(rgb), arguments, context(nothing, 7 + k, k)[0]).rgb for k in (0, 0, 1, 2, 3)
    ]
    assert np.array_equal(pictures[0], pictures[1])
    assert len({picture.tobytes() for picture in pictures}) == 4


@pytest.mark.parametrize(
    ("size", "target"),
    [((1, 1), "whole"), ((3, 5), "whole"), ((3, 5), "subject"), ((200, 2), "background")],
)
def test_tiny_pictures_pass(size: tuple[int, int], target: str) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    matte = np.repeat(np.linspace(0, 1, size[0], dtype=np.float32)[:, None], size[1], 1)
    out = recolor.apply(Canvas(rgb), {"target": target, "color": "#00ff00"}, context(matte)[0])
    assert out.rgb.shape == rgb.shape


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"target": "jacket", "color": "#112233"},
        {"target": "whole"},
        {"target": "whole", "color": "blue"},
        {"target": "whole", "color": "#112233", "strength": None},
        {"target": "whole", "color": "#112233", "hue": 3},
    ],
)
def test_what_is_not_understood_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        recolor.apply(disc_picture()[0], arguments, context(nothing)[0])


def test_without_a_subject_there_is_nothing_to_dye() -> None:
    with pytest.raises(TargetNotFound):
        recolor.apply(disc_picture()[0], {"target": "subject", "color": "#112233"}, context(nothing)[0])
