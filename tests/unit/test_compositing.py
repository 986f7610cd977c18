"""A subject in a new place: untouched inside, no trace of the old place at its rim, light that fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support_pictures import disc_picture

from retouch.engines.builtin.colour import decode, luminance
from retouch.engines.builtin.compositing import Placement, composite, core, shadow_under
from retouch.engines.builtin.noise import grain, grain_of, scattered

DAY = (0.5, 0.5, 0.5)
NIGHT = (0.01, 0.015, 0.05)
PLAIN = Placement(DAY, keep=True, relight=0, wrap=0)


def flat(colour: tuple[float, float, float], side: int = 160) -> NDArray[np.float32]:
    return np.broadcast_to(np.array(colour, np.float32), (side, side, 3)).copy()


def test_the_core_is_the_opaque_part_drawn_in_by_eight_pixels() -> None:
    matte = np.zeros((60, 60), np.float32)
    matte[10:50, 10:50] = 1
    inside = core(matte)
    assert inside[18:42, 18:42].all()
    assert int(inside.sum()) == 24 * 24


def test_the_border_of_the_picture_is_no_rim() -> None:
    assert core(np.ones((30, 30), np.float32)).all()


@given(
    st.tuples(*[st.floats(0, 1, width=32)] * 3),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 0.03),
)
@settings(max_examples=25, deadline=None)
def test_a_kept_core_is_byte_exact_whatever_the_light(
    colour: tuple[float, float, float], relight: float, wrap: float, noise: float
) -> None:
    canvas, matte = disc_picture()
    placement = Placement(DAY, keep=True, relight=relight, wrap=wrap, shadow=0.5, grain=noise)
    out = composite(canvas.rgb, matte, flat(colour), placement, np.random.default_rng(1))
    inside = core(matte)
    assert inside.any()
    assert np.array_equal(out[inside], canvas.rgb[inside])


def test_no_green_of_the_old_ground_is_left_in_the_rim() -> None:
    """On white, a rim still mixed with the old green would be greener than both subject and ground."""
    canvas, matte = disc_picture()
    out = composite(canvas.rgb, matte, flat((1, 1, 1)), PLAIN, np.random.default_rng(1)).astype(float)
    rim = (matte > 0.05) & (matte < 0.95)
    assert float((out[rim][:, 1] - out[rim][:, 0]).max()) < 12


def test_blending_happens_in_linear_light() -> None:
    white, black = np.full((80, 80, 3), 255, np.uint8), flat((0, 0, 0), 80)
    matte = np.broadcast_to(np.clip((np.arange(80) - 20) / 40, 0, 1).astype(np.float32), (80, 80)).copy()
    out = composite(white, matte, black, PLAIN, np.random.default_rng(1))
    assert abs(int(out[40, 40, 0]) - 188) <= 2  # half the light is sRGB 188, not 128


def test_the_background_is_exact_without_grain() -> None:
    canvas, matte = disc_picture()
    out = composite(canvas.rgb, matte, flat((0.2140411, 0.0, 1.0)), PLAIN, np.random.default_rng(1))
    assert {tuple(pixel) for pixel in out[matte == 0]} == {(127, 0, 255)} or {
        tuple(pixel) for pixel in out[matte == 0]
    } == {(128, 0, 255)}


def test_relighting_turns_the_rim_toward_the_scene_but_leaves_the_middle() -> None:
    canvas, matte = disc_picture()
    night = flat(NIGHT)
    still = composite(canvas.rgb, matte, night, PLAIN, np.random.default_rng(1))
    relit = composite(
        canvas.rgb, matte, night, Placement(NIGHT, keep=True, relight=0.6, wrap=0), np.random.default_rng(1)
    )
    edge = (matte >= 1) & ~core(matte)
    assert float(luminance(decode(relit))[edge].mean()) < 0.97 * float(luminance(decode(still))[edge].mean())


def test_without_keep_the_whole_subject_is_relit_gently() -> None:
    canvas, matte = disc_picture()
    placement = Placement(NIGHT, keep=False, relight=0.6, wrap=0)
    out = composite(canvas.rgb, matte, flat(NIGHT), placement, np.random.default_rng(1))
    inside = core(matte)
    drift = (out[inside].astype(float) - canvas.rgb[inside]).mean(0)
    assert drift[0] < -1  # darker, by night
    assert float(np.abs(drift).max()) <= 3  # and nobody else


def test_a_shadow_lies_under_the_subject_and_nowhere_else() -> None:
    matte = np.zeros((200, 200), np.float32)
    matte[60:140, 70:130] = 1
    dark = shadow_under(matte, 0.7)
    assert dark is not None
    assert float(dark[141:146, 80:120].mean()) > 0.15
    assert float(np.abs(dark[:30]).max()) < 0.002
    assert shadow_under(matte, 0.0) is None


def test_a_subject_cut_by_the_frame_casts_no_shadow() -> None:
    matte = np.zeros((100, 100), np.float32)
    matte[40:, 30:70] = 1
    assert shadow_under(matte, 0.7) is None


def test_strips_leave_no_seams() -> None:
    """A tall picture is laid in strips of 256 rows: a subject that crosses their borders shows none of it."""
    x = np.broadcast_to(np.arange(60, dtype=np.float32), (700, 60))
    matte = np.clip(24 - np.abs(x - 30), 0, 1).astype(np.float32)
    rgb = np.full((700, 60, 3), 120, np.uint8)
    night = np.broadcast_to(np.array(NIGHT, np.float32), (700, 60, 3)).copy()
    placement = Placement(NIGHT, keep=False, relight=0.6, wrap=0.5)
    out = composite(rgb, matte, night, placement, np.random.default_rng(1))
    assert np.array_equal(out[100], out[255])
    assert np.array_equal(out[100], out[256])
    assert np.array_equal(out[100], out[600])


def test_a_smaller_background_is_stretched_over_the_picture() -> None:
    canvas, matte = disc_picture()
    ramp = np.linspace(0, 1, 40, dtype=np.float32)[:, None, None]
    small = np.broadcast_to(ramp, (40, 40, 3)).copy()
    out = composite(canvas.rgb, matte, small, PLAIN, np.random.default_rng(1))
    column = decode(out)[:, 2, 1]
    assert float(np.abs(column[4:-4] - np.linspace(0, 1, 160)[4:-4]).max()) < 0.02


@pytest.mark.parametrize("sigma", [0.004, 0.012, 0.02])
def test_grain_is_measured_as_it_was_made(sigma: float) -> None:
    rng = np.random.default_rng(3)
    gray = 0.5 + rng.normal(0, sigma, (256, 256, 1)).astype(np.float32)
    rgb = np.round(np.clip(np.repeat(gray, 3, -1), 0, 1) * 255).astype(np.uint8)
    assert grain_of(rgb) == pytest.approx(sigma, rel=0.25)


def test_grain_is_drawn_as_strong_as_asked() -> None:
    rng = np.random.default_rng(1)
    drawn = scattered(grain(rng, 0.01), (900, 800), rng)
    assert float(drawn.std()) == pytest.approx(0.01, rel=0.05)
    assert abs(float(np.corrcoef(drawn[1:, :, 0].ravel(), drawn[:-1, :, 0].ravel())[0, 1])) < 0.01


def wide_matte(picture: NDArray[np.uint8], grown: int) -> NDArray[np.float32]:
    """The matte of :func:`disc_picture`'s shape, some pixels too wide."""
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    reach = np.hypot(x - picture.shape[1] / 2 + 0.5, y - picture.shape[0] / 2 + 0.5)
    matte: NDArray[np.float32] = np.clip(50 + grown - reach + 0.5, 0, 1).astype(np.float32)
    return matte


def test_a_matte_a_pixel_too_wide_draws_no_line_of_the_old_background() -> None:
    """Yellow petals before black foliage, cut out onto white, had a black outline all round."""
    side = 160
    true = wide_matte(np.zeros((side, side, 3), np.uint8), 0)[..., None]
    photo = (true * np.array([240, 190, 90]) + (1 - true) * np.array([8, 20, 18])).astype(np.uint8)
    out = composite(photo, wide_matte(photo, 1), flat((1, 1, 1), side), PLAIN, np.random.default_rng(1))
    assert int(out[..., 0].min()) > 200


def test_a_subject_of_several_colours_loses_none_of_its_edge() -> None:
    """A wooden spoon beside a white cup lies between the cup's colour and the table's: it is no mixture."""
    side = 160
    matte = wide_matte(np.zeros((side, side, 3), np.uint8), 0)
    photo = np.where(matte[..., None] > 0.5, 235, np.array([150, 80, 40])).astype(np.uint8)
    spoon = (matte > 0.5) & (np.indices(matte.shape)[1] > 95)
    photo[spoon] = (190, 150, 120)
    out = composite(photo, matte, flat((0, 0, 0), side), PLAIN, np.random.default_rng(1))
    edge = spoon & (matte >= 1)
    assert float(np.median(out[edge][:, 0])) > 170
    assert float((out[edge][:, 0] < 150).mean()) < 0.06
