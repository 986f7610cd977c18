"""Holes filled with what could be behind: no byte outside changes, and no trace of what was there stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support_pictures import photo

from retouch.engines.builtin.inpainting import fill
from retouch.engines.builtin.seams import correction

MAGENTA = np.array([255, 0, 255], np.uint8)


def filled(
    rgb: NDArray[np.uint8], hole: NDArray[np.bool_], seed: int = 3, source: NDArray[np.bool_] | None = None
) -> NDArray[np.uint8]:
    told: list[float] = []
    out = fill(rgb, hole, np.random.default_rng(seed), told.append, source=source)
    assert told == sorted(told)
    assert all(0 <= part <= 1 for part in told)
    return out


def stripes(height: int = 120, width: int = 160) -> NDArray[np.uint8]:
    """Vertical stripes, 16 px from one to the next, on grey."""
    wave = 127 + 80 * np.sin(np.arange(width) * 2 * np.pi / 16)
    return np.ascontiguousarray(np.broadcast_to(wave[None, :, None], (height, width, 3)).astype(np.uint8))


def block(shape: tuple[int, ...], top: int, left: int, side: int) -> NDArray[np.bool_]:
    hole = np.zeros(shape[:2], np.bool_)
    hole[top : top + side, left : left + side] = True
    return hole


def test_a_pattern_goes_on_through_the_hole() -> None:
    rgb = stripes()
    hole = block(rgb.shape, 40, 60, 40)
    painted = rgb.copy()
    painted[hole] = MAGENTA
    error = np.abs(filled(painted, hole).astype(int) - rgb)[hole]
    assert float(np.median(error)) <= 6
    assert float(error.mean()) <= 12


def test_a_shade_goes_on_without_a_step() -> None:
    """Copies from the left and the right of a gradient met in a visible edge before seams were solved for."""
    ramp = np.linspace(30, 220, 240).astype(np.uint8)
    rgb = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (160, 240, 3)))
    hole = block(rgb.shape, 40, 80, 80)
    out = filled(rgb, hole).astype(int)
    assert int(np.abs(np.diff(out, axis=1)).max()) <= 6
    assert float(np.abs(out - rgb)[hole].mean()) <= 8


def test_outside_of_the_hole_every_byte_stays_and_the_input_too() -> None:
    rgb = photo("china")
    hole = np.zeros(rgb.shape[:2], np.uint8)
    cv2.circle(hole, (330, 200), 40, 255, -1)
    before = rgb.copy()
    out = fill(rgb, hole, np.random.default_rng(1), lambda _: None)
    assert np.array_equal(out[hole == 0], rgb[hole == 0])
    assert not np.array_equal(out, rgb)
    assert np.array_equal(rgb, before)


def test_what_was_in_the_hole_makes_no_difference() -> None:
    rgb = photo("rocket")
    hole = block(rgb.shape, 100, 300, 60)
    painted = rgb.copy()
    painted[hole] = MAGENTA
    assert np.array_equal(filled(rgb, hole), filled(painted, hole))


def test_the_same_draw_fills_alike() -> None:
    rgb = photo("camera")
    hole = block(rgb.shape, 300, 350, 50)
    assert np.array_equal(filled(rgb, hole, 5), filled(rgb, hole, 5))


def test_the_filling_is_as_grainy_as_its_surroundings() -> None:
    rng = np.random.default_rng(2)
    rgb = np.clip(120 + rng.normal(0, 8, (256, 256, 1)) + np.zeros((1, 1, 3)), 0, 255).astype(np.uint8)
    hole = block(rgb.shape, 90, 90, 70)
    inner = hole & (cv2.erode(hole.astype(np.uint8), np.ones((9, 9))) > 0)
    assert 5.5 <= float(filled(rgb, hole)[inner].std()) <= 10


def test_what_may_not_be_copied_is_not_copied() -> None:
    """Beside a person who is half removed, the other half is no background."""
    rgb = np.full((120, 160, 3), 90, np.uint8)
    rgb[:, 80:] = MAGENTA
    hole = block(rgb.shape, 40, 50, 30)
    source = np.ones(rgb.shape[:2], np.bool_)
    source[:, 80:] = False
    out = filled(rgb, hole, source=source)
    assert int(np.abs(out[hole].astype(int) - 90).max()) <= 40
    assert np.array_equal(out[~hole], rgb[~hole])


def test_a_hole_at_the_border_is_filled_up_to_it() -> None:
    """Along the border no patch has its centre: what was there used to stay as a dark frame."""
    rgb = np.full((200, 200, 3), 180, np.uint8)
    hole = np.zeros((200, 200), np.bool_)
    hole[60:, :70] = True
    rgb[hole] = 0
    assert int(filled(rgb, hole)[hole].min()) >= 175


def test_holes_far_apart_are_filled_each_from_its_own_surroundings() -> None:
    rgb = np.full((200, 600, 3), 40, np.uint8)
    rgb[:, 300:] = 220
    hole = block(rgb.shape, 80, 60, 30) | block(rgb.shape, 80, 500, 30)
    out = filled(rgb, hole)
    assert int(np.abs(out.astype(int) - rgb).max()) <= 2


def test_hundreds_of_specks_are_one_hole() -> None:
    rgb = photo("chelsea")
    hole = np.zeros(rgb.shape[:2], np.bool_)
    hole[10::30, 10::30] = True
    out = filled(rgb, hole)
    assert np.array_equal(out[~hole], rgb[~hole])


def test_a_lattice_that_leaves_no_patch_whole_is_no_trouble() -> None:
    rgb = np.full((64, 64, 3), 100, np.uint8)
    hole = np.zeros((64, 64), np.bool_)
    hole[::4] = True
    rgb[hole] = 255
    assert int(np.abs(filled(rgb, hole)[hole].astype(int) - 100).max()) <= 2


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_no_size_and_no_hole_is_trouble(height: int, width: int, data: st.DataObject) -> None:
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    hole = np.zeros((height, width), np.bool_)
    hole[top : data.draw(st.integers(top, height)) + 1, left : data.draw(st.integers(left, width)) + 1] = True
    rgb = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    out = fill(rgb, hole, np.random.default_rng(0), lambda _: None)
    assert out.shape == rgb.shape
    assert np.array_equal(out[~hole], rgb[~hole])


@pytest.mark.parametrize("step", [0.02, 0.06])
def test_copies_that_are_a_shade_too_dark_are_lifted_to_their_surroundings(step: float) -> None:
    picture = np.full((40, 80, 3), 0.5, np.float32)
    picture[:, 40:] -= step
    hole = np.zeros((40, 80), np.bool_)
    hole[10:30, 10:30] = True
    rows, columns = np.indices((40, 80))
    lift = correction(picture, hole, rows, columns + 40)
    assert np.allclose(lift[hole], step, atol=0.004)
    assert not lift[~hole].any()
