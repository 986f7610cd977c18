"""Landmarks: the points lie on the face, however it is turned, and nowhere where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.support_faces import astronaut, drawn_face, drawn_landmarks, fitted, nets
from tests.support_pictures import photo

from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.operation import no_landmarks
from retouch.engines.builtin.skin import Portrait
from retouch.errors import WeightsMissing
from retouch.weights.manifest import weight

# Read off the photograph by eye: the middles of the pupils and of the mouth.
EYES = ((203, 101), (246, 103))
MOUTH = (223, 144)


def test_eyes_and_mouth_are_where_they_are_in_the_photograph() -> None:
    _, marks = astronaut()
    for lids, known in zip(marks.eyes, EYES, strict=True):
        assert lids.mean(0) == pytest.approx(known, abs=3)
    assert marks.features[-2].mean(0) == pytest.approx(MOUTH, abs=5)
    assert 80 < marks.width < 115


@pytest.mark.parametrize("degrees", [-25, 20])
def test_a_leaning_head_is_fitted_as_well(degrees: float) -> None:
    turn = cv2.getRotationMatrix2D((223, 120), degrees, 1.0)
    rgb, _ = astronaut()
    leaning = np.asarray(cv2.warpAffine(rgb, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    (marks,) = fitted(leaning)
    for lids, known in zip(marks.eyes, EYES, strict=True):
        assert lids.mean(0) == pytest.approx(turn @ (*known, 1), abs=4)


def test_a_box_without_a_face_gives_none() -> None:
    assert nets()[1].fit(photo("coffee"), Face(200, 100, 120, 120, 0.9)) is None


def test_without_the_net_the_command_that_gets_it_is_named() -> None:
    with pytest.raises(WeightsMissing, match="retouch models pull faces face-landmarks"):
        no_landmarks(np.zeros((8, 8, 3), np.uint8))


def test_the_net_is_an_extra_download() -> None:
    assert not weight("face-landmarks").needed


def test_skin_is_the_face_without_its_features() -> None:
    portrait = Portrait.of(drawn_face(), drawn_landmarks())
    assert portrait is not None
    skin = portrait.skin()
    top, left = portrait.place[0].start, portrait.place[1].start
    assert skin[130 - top, 140 - left] > 0.95  # a cheek
    for outline in portrait.marks.features:
        assert skin[tuple(outline.mean(0).round().astype(int)[::-1])] < 0.05
    assert skin[:5].max() == 0
    assert skin[:, :5].max() == 0


@pytest.mark.parametrize("light", [0.25, 0.5, 1.0])
def test_skin_is_found_in_any_light(light: float) -> None:
    """A dark complexion, or a dark photograph, is skin like any other: the face itself is the measure."""
    rgb, marks = astronaut()
    dim = np.clip(255 * ((rgb / 255) ** 2.2 * light) ** (1 / 2.2), 0, 255).astype(np.uint8)
    usual, found = Portrait.of(rgb, marks), Portrait.of(dim, marks)
    assert usual is not None
    assert found is not None
    one, other = usual.skin() > 0.5, found.skin() > 0.5
    assert (one & other).sum() > 0.85 * (one | other).sum()


def test_strands_of_hair_on_the_forehead_are_no_skin() -> None:
    rgb = drawn_face()
    rgb[55:75, 100:108] = (60, 45, 35)
    portrait = Portrait.of(rgb, drawn_landmarks())
    assert portrait is not None
    top, left = portrait.place[0].start, portrait.place[1].start
    assert portrait.skin()[57 - top : 73 - top, 101 - left : 107 - left].max() < 0.05
    assert portrait.skin()[65 - top, 120 - left] > 0.95


def test_the_light_of_a_face_falls_on_the_neck_and_not_on_the_ground() -> None:
    portrait = Portrait.of(drawn_face(), drawn_landmarks())
    assert portrait is not None
    matte = np.zeros((240, 220), np.float32)
    matte[190:, 90:130] = 1  # a neck; of the face itself the matte knows nothing
    lit = portrait.lit(matte)
    top, left = portrait.place[0].start, portrait.place[1].start
    assert lit[202 - top, 110 - left] > 0.2
    assert lit[202 - top, 80 - left] == 0
    assert lit[120 - top, 110 - left] > 0.95


def test_a_face_outside_of_the_picture_is_none() -> None:
    assert Portrait.of(drawn_face(), drawn_landmarks((-400, 120))) is None
    assert Portrait.of(drawn_face(), drawn_landmarks((5, 5))) is not None


def test_a_large_face_is_worked_on_smaller() -> None:
    portrait = Portrait.of(np.full((3000, 2600, 3), 150, np.uint8), drawn_landmarks((1300, 1500), 900))
    assert portrait is not None
    assert portrait.width == pytest.approx(560, rel=0.02)
    assert max(portrait.rgb.shape) < 1400
