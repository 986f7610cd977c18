"""Where text stands: where it is asked for, off faces, else where the picture is calm."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context, photo

from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.lettering.placing import placed
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import text_add

GREY = np.full((400, 600, 3), 128, np.uint8)
SIZE = (60, 300)


def face(left: float, top: float, width: float = 120, height: float = 160) -> NDArray[np.float32]:
    right, bottom = left + width, top + height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def test_without_a_position_text_stands_below() -> None:
    assert placed(SIZE, GREY, None, ()) == placed(SIZE, GREY, "bottom", ())


def test_above_where_it_is_busy_below() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 600, 1), np.uint8)
    busy = GREY.copy()
    busy[200:] = noise
    assert placed(SIZE, busy, None, ()) == placed(SIZE, busy, "top", ())


def test_above_where_a_face_is_below() -> None:
    assert placed(SIZE, GREY, None, [face(240, 200)]) == placed(SIZE, GREY, "top", ())


@pytest.mark.parametrize("position", ["top", "center", "bottom", "top left", "right"])
def test_text_moves_off_a_face_and_stays_in_the_picture(position: str) -> None:
    """A line at the top stood on the brow of whoever looked out of the picture."""
    home = placed(SIZE, GREY, position, ())
    head = face(home[1] + 100, home[0] - 20, 60, 70)
    top, left = placed(SIZE, GREY, position, [head])
    assert (top, left) != home
    apart = (
        top >= head[2, 1] or top + SIZE[0] <= head[0, 1] or left >= head[1, 0] or left + SIZE[1] <= head[0, 0]
    )
    assert apart
    assert 0 <= top <= 400 - SIZE[0]
    assert 0 <= left <= 600 - SIZE[1]


def test_text_that_covers_no_face_stays_where_it_is_asked_for() -> None:
    assert placed(SIZE, GREY, "top", [face(240, 220)]) == placed(SIZE, GREY, "top", ())


def test_text_larger_than_the_picture_has_a_place() -> None:
    assert placed((500, 700), GREY, "center", [face(240, 200)]) == (0, 0)


def test_the_operation_looks_for_faces_and_does_without_their_net() -> None:
    rgb = photo("astronaut")
    work = context(lambda _: pytest.fail("no subject is needed"))[0]
    without = text_add.apply(Canvas(rgb), {"text": "Sale", "position": "top"}, work).rgb
    work.faces = lambda _: (Face(185, 75, 80, 90, 0.9),)
    beside = text_add.apply(Canvas(rgb), {"text": "Sale", "position": "top"}, work).rgb
    on_it = (slice(75, 165), slice(185, 265))
    assert not np.array_equal(without[30:100], rgb[30:100])
    assert np.abs(beside[on_it].astype(int) - rgb[on_it]).mean() < 2
    assert not np.array_equal(beside, rgb)
