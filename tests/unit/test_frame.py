"""Frames keep the picture that they frame; edges are smooth, shades have no bands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context, disc_picture, photo

from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import frame
from retouch.errors import InstructionNotSupported, TargetNotFound

FRAMES = ("border", "polaroid", "vignette", "rounded", "sticker outline", "drop shadow", "grain")


def framed(canvas: Canvas, seed: int = 7, variation: int = 0, **arguments: Any) -> Canvas:
    return frame.apply(canvas, arguments, context(lower_half, seed, variation)[0])


def lower_half(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    matte = np.zeros(rgb.shape[:2], np.float32)
    matte[rgb.shape[0] // 2 :] = 1
    return matte


def gray(value: int, height: int = 120, width: int = 160) -> Canvas:
    return Canvas(np.full((height, width, 3), value, np.uint8))


def test_a_border_is_exact_and_so_is_the_picture_in_it() -> None:
    canvas, _ = disc_picture(100)
    out = framed(canvas, frame="border", color="#123456").rgb
    assert out.shape == (112, 112, 3)
    assert np.array_equal(out[6:-6, 6:-6], canvas.rgb)
    out[6:-6, 6:-6] = (0x12, 0x34, 0x56)
    assert np.array_equal(np.unique(out.reshape(-1, 3), axis=0), [[0x12, 0x34, 0x56]])


def test_a_polaroid_holds_the_whole_picture_over_a_broad_foot() -> None:
    canvas, _ = disc_picture(200)
    out = framed(canvas, frame="polaroid").rgb
    found = [
        (y, x)
        for y in range(out.shape[0] - 199)
        for x in range(out.shape[1] - 199)
        if np.array_equal(out[y, x : x + 200], canvas.rgb[0])
    ]
    assert len(found) == 1
    top, left = found[0]
    assert np.array_equal(out[top : top + 200, left : left + 200], canvas.rgb)
    assert out.shape[0] - top - 200 > 2.2 * top
    paper = out[top + 215 : top + 225, left : left + 200].reshape(-1, 3).mean(0)
    assert np.abs(paper - (0xF8, 0xF5, 0xEE)).max() < 2
    assert np.array_equal(out[0, 0], (255, 255, 255))
    assert float(out[-12:, left + 60 : left + 140].mean()) < 253  # its shadow


def test_a_vignette_darkens_the_corners_smoothly_and_leaves_the_middle() -> None:
    out = framed(gray(200, 240, 320), frame="vignette", strength=60).rgb[..., 0].astype(float)
    assert abs(out[115:125, 155:165].mean() - 200) < 1
    assert out[:6, :6].mean() < 140
    rows = out[:, 150:170].mean(1)
    assert (np.diff(rows[:110]) > -0.8).all()
    line = out[120]
    assert len(np.unique(line)) < (np.diff(line) != 0).sum()  # neighbours alternate: dithered, no bands


def test_a_vignette_may_go_to_white() -> None:
    out = framed(gray(100), frame="vignette", color="#ffffff", strength=80).rgb
    assert int(out[0, 0, 0]) > 150


def test_rounded_corners_are_transparent_and_antialiased() -> None:
    canvas = gray(90, 100, 100)
    out = framed(canvas, frame="rounded", strength=100)
    assert out.alpha is not None
    assert np.array_equal(out.rgb, canvas.rgb)
    assert out.alpha[0, 0] == 0
    assert out.alpha[50, 50] == 255
    assert abs(float(out.alpha.sum()) / 255 / (np.pi * 50**2) - 1) < 0.01  # a circle
    assert len(np.unique(out.alpha)) > 20
    filled = framed(canvas, frame="rounded", color="#ff0000")
    assert filled.alpha is None
    assert np.array_equal(filled.rgb[0, 0], (255, 0, 0))


def test_a_sticker_has_a_line_of_one_width_all_around() -> None:
    canvas, matte = disc_picture(200)
    out = frame.apply(canvas, {"frame": "sticker outline", "color": "#00ff00"}, context(matte)[0])
    assert out.alpha is not None
    assert out.rgb.shape == canvas.rgb.shape
    y, x = np.mgrid[0:200, 0:200]
    distance = np.hypot(x - 100, y - 100)
    assert np.array_equal(out.rgb[distance < 55], canvas.rgb[distance < 55])
    assert (out.alpha[distance < 62.5] == 255).all()
    assert (out.alpha[distance > 67] == 0).all()
    assert np.array_equal(np.unique(out.rgb[(distance > 61.5) & (distance < 63)], axis=0), [[0, 255, 0]])
    assert ((out.alpha > 0) & (out.alpha < 255)).sum() > 200


def test_a_sticker_of_a_subject_at_the_border_stays_whole() -> None:
    canvas, _ = disc_picture(100)
    matte = np.zeros((100, 100), np.float32)
    matte[50:, 20:80] = 1
    out = frame.apply(canvas, {"frame": "sticker outline"}, context(matte)[0])
    assert out.alpha is not None
    assert out.alpha.shape[0] > 102
    assert out.alpha.shape[1] == 100
    assert (out.alpha[-1] == 0).all()


def test_a_sticker_needs_a_subject_and_drops_specks() -> None:
    canvas, matte = disc_picture(100)
    with pytest.raises(TargetNotFound):
        frame.apply(canvas, {"frame": "sticker outline"}, context(np.zeros_like(matte))[0])
    matte[3:5, 3:5] = 1
    out = frame.apply(canvas, {"frame": "sticker outline"}, context(matte)[0])
    assert out.alpha is not None
    assert out.alpha[4, 4] == 0


def test_a_cut_out_keeps_its_pixels_and_drops_a_coloured_shadow() -> None:
    canvas, matte = disc_picture(200)
    cut = Canvas(canvas.rgb, (matte * 255).astype(np.uint8))
    out = framed(cut, frame="drop shadow", color="#0000ff")
    assert out.alpha is not None
    top, left = 0, 0
    inside = matte == 1
    assert np.array_equal(out.rgb[top : top + 200, left : left + 200][inside], canvas.rgb[inside])
    below, above = out.alpha[164:170, 105], out.alpha[30:36, 105]
    assert int(below[0]) > 60
    assert int(below.min()) > 5 * int(above.max())
    assert np.array_equal(out.rgb[166, 105], (0, 0, 255))


def test_a_whole_picture_drops_its_shadow_on_white() -> None:
    out = framed(gray(120), frame="drop shadow").rgb
    assert out.shape > (120, 160, 3)
    assert np.array_equal(out[0, 0], (255, 255, 255))
    picture = np.argwhere((out == 120).all(-1))
    bottom, middle = picture[:, 0].max(), int(picture[:, 1].mean())
    assert 60 < int(out[bottom + 2, middle, 0]) < 230
    column = out[bottom + 1 :, middle, 0].astype(int)
    assert column[-1] > 245
    assert (np.diff(column) >= -2).all()


def test_grain_is_strongest_in_the_mid_tones_and_keeps_the_mean() -> None:
    spread = {}
    for value in (4, 120, 250):
        out = framed(gray(value, 300, 300), frame="grain", strength=60).rgb.astype(float)
        spread[value] = float(out.mean(-1).std())
        assert abs(out.mean() - value) < 1
    assert spread[120] > 6
    assert spread[120] > 2.5 * spread[4]
    assert spread[120] > 2.5 * spread[250]


def test_grain_is_mostly_without_colour() -> None:
    out = framed(gray(120, 300, 300), frame="grain").rgb.astype(float)
    assert float((out[..., 0] - out[..., 1]).std()) < 0.8 * float(out.mean(-1).std())


@pytest.mark.parametrize("name", FRAMES)
def test_the_same_seed_gives_the_same_bytes_and_further_pictures_differ(name: str) -> None:
    canvas = Canvas(photo("coffee")[::3, ::3])
    one, again, other = (framed(canvas, 7 + k, k, frame=name) for k in (0, 0, 1))
    assert np.array_equal(one.pixels, again.pixels)
    assert one.pixels.shape != other.pixels.shape or not np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (90, 2)])
@pytest.mark.parametrize("transparent", [0, 1])
def test_pictures_of_any_size_pass(name: str, size: tuple[int, int], transparent: int) -> None:
    rng = np.random.default_rng(0)
    alpha = (255 * lower_half(np.zeros((*size, 3), np.uint8))).astype(np.uint8) if transparent else None
    canvas = Canvas(rng.integers(0, 256, (*size, 3), dtype=np.uint8), alpha)
    if name == "sticker outline" and size == (1, 1):
        with pytest.raises(TargetNotFound):
            framed(canvas, frame=name)
        return
    out = framed(canvas, frame=name)
    assert out.rgb.shape >= size
    assert out.alpha is None or out.alpha.shape == out.rgb.shape[:2]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"frame": "baroque"},
        {"frame": "border", "color": "red"},
        {"frame": "border", "strength": "thick"},
        {"frame": "border", "width": 3},
    ],
)
def test_what_is_not_understood_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        framed(gray(10), **arguments)
