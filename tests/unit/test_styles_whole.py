"""What a style in pieces leaves whole: faces and eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support_pictures import context, photo

from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.face_outlines import face_outlines
from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.landmarks import Landmarks
from retouch.engines.builtin.styles import STYLES
from retouch.engines.builtin.styles.roundels import round_things
from retouch.engines.builtin.styles.sheet import Sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray

EYES = ((172, 116), (318, 134))  # of the cat, x and y
GREY = np.full((240, 320, 3), 150, np.uint8)


def glass(
    rgb: NDArray[np.uint8], seed: int, faces: tuple[NDArray[np.float32], ...] = ()
) -> NDArray[np.float32]:
    """How light the brightest channel of the window is, (H, W)."""

    def rng(salt: int) -> np.random.Generator:
        return np.random.default_rng((seed, salt))

    everywhere = np.ones(rgb.shape[:2], np.float32)
    sheet = Sheet(to_float(rgb), 1.0, rng, lambda: everywhere, lambda _: None, lambda: faces)
    return np.asarray(STYLES["stained glass"].render(sheet).max(-1), np.float32)


def test_the_eyes_of_a_cat_are_round_things() -> None:
    found = round_things(to_float(photo("chelsea")))
    for x, y in EYES:
        assert min(np.hypot(each.x - x, each.y - y) for each in found) < 18


def test_nothing_is_round_where_nothing_is() -> None:
    stripes = GREY.copy()
    stripes[:, ::20] = 20
    for rgb in (GREY, stripes, np.zeros((1, 1, 3), np.uint8)):
        assert round_things(to_float(rgb)) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_lead_runs_through_a_face(seed: int) -> None:
    """Leads ran where chance had put them: over cheeks and through an eye."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    oval = np.stack([160 + 60 * np.cos(turn), 120 + 80 * np.sin(turn)], -1).astype(np.float32)
    y, x = np.mgrid[0:240, 0:320]
    inside = np.hypot((x - 160) / 60, (y - 120) / 80) < 0.8
    assert (glass(GREY, seed)[inside] < 0.25).mean() > 0.02
    assert glass(GREY, seed, (oval,))[inside].min() > 0.25


def test_what_is_no_face_to_the_second_net_has_an_ellipse() -> None:
    face, profile = Face(20, 30, 40, 40, 0.9), Face(200, 100, 30, 30, 0.8)
    points = np.full((468, 2), 45, np.float32)
    fitted = Landmarks(points)
    work = context(np.zeros((240, 320), np.float32))[0]
    work.faces, work.portraits = lambda _: (face, profile), lambda _: (fitted,)
    oval, ellipse = face_outlines(GREY, work)
    assert np.array_equal(oval, fitted.oval)
    assert np.allclose((ellipse.min(0) + ellipse.max(0)) / 2, (215, 113.2), atol=0.1)


def test_without_the_nets_there_are_no_faces() -> None:
    assert face_outlines(GREY, context(np.zeros((240, 320), np.float32))[0]) == ()
