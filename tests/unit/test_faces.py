"""Faces: how the net's numbers are read, and that it finds the faces of the photographs."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support_pictures import photo

from retouch.engines.builtin.faces import FaceDetector, decoded, distinct, fitted, parts
from retouch.engines.builtin.operation import no_detector
from retouch.errors import WeightsMissing
from retouch.settings import default_weights_dir
from retouch.weights.manifest import weight
from retouch.weights.store import WeightsStore

sizes = st.integers(1, 5000)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    """Its net is a download of its own, which nobody needs for the rest."""
    store = WeightsStore(Path(os.environ.get("RETOUCH_WEIGHTS_DIR", default_weights_dir())))
    if not store.has("faces"):
        pytest.skip("the model faces is not here; run: retouch models pull faces")
    return FaceDetector(store.path("faces"), None, 1)


def test_an_answer_is_read_from_the_cell_that_gave_it() -> None:
    raw, logits = np.zeros((2304, 16), np.float32), np.full(2304, -100, np.float32)
    raw[48 * 10 + 20, :4] = 1, -2, 30, 40  # row 10, column 20: the cell's middle is at 82, 42
    logits[48 * 10 + 20] = 3
    (box,) = decoded(raw, logits, 0.6)
    assert box == pytest.approx([82 + 1 - 15, 42 - 2 - 20, 30, 40, 1 / (1 + np.exp(-3))])


def test_doubtful_answers_are_none() -> None:
    assert len(decoded(np.ones((2304, 16), np.float32), np.zeros(2304, np.float32), 0.6)) == 0


def test_boxes_of_one_face_become_one() -> None:
    boxes = np.array([[10, 10, 20, 20, 0.9], [12, 10, 20, 20, 0.9], [100, 10, 20, 20, 0.7]], np.float32)
    first, second = distinct(boxes)
    assert (first.x, first.y, first.w, first.h) == pytest.approx((11, 10, 20, 20))
    assert second.x == 100


def test_half_a_face_within_a_whole_one_is_left_out() -> None:
    boxes = np.array([[20, 20, 15, 15, 0.95], [10, 10, 60, 60, 0.7]], np.float32)
    (face,) = distinct(boxes)
    assert face.w == 60


def test_no_boxes_are_no_faces() -> None:
    assert distinct(np.zeros((0, 5), np.float32)) == ()


@settings(max_examples=40, deadline=None)
@given(sizes, sizes)
def test_parts_cover_the_picture_and_stay_in_it(width: int, height: int) -> None:
    seen = np.zeros((-(-height // 16), -(-width // 16)), bool)
    found = list(parts(width, height))
    for left, top, w, h in found:
        assert left >= 0
        assert top >= 0
        assert left + w <= width
        assert top + h <= height
        seen[top // 16 : -(-(top + h) // 16), left // 16 : -(-(left + w) // 16)] = True
    assert seen.all() or not found


def test_a_picture_keeps_its_proportions_before_the_net() -> None:
    square, scale = fitted(np.full((100, 400, 3), 255, np.uint8))
    assert square.shape == (192, 192, 3)
    assert scale == pytest.approx(0.48)
    assert (square[:48] == 1).all()
    assert (square[48:] == -1).all()


def test_the_faces_of_the_photographs_are_found(detector: FaceDetector) -> None:
    (face,) = detector.detect(photo("astronaut"))
    assert abs(face.x + face.w / 2 - 224) < 12
    assert abs(face.y + face.h / 2 - 118) < 15
    assert 80 < face.w < 130


@pytest.mark.parametrize("name", ["chelsea", "coffee", "flower"])
def test_no_face_is_seen_where_there_is_none(name: str, detector: FaceDetector) -> None:
    assert detector.detect(photo(name)) == ()


def test_a_small_face_in_a_large_picture_is_found(detector: FaceDetector) -> None:
    large = np.full((1200, 1800, 3), 90, np.uint8)
    large[700:860, 1500:1660] = cv2.resize(photo("astronaut"), (160, 160), interpolation=cv2.INTER_AREA)
    (face,) = detector.detect(large)
    assert abs(face.x + face.w / 2 - 1570) < 8
    assert abs(face.y + face.h / 2 - 737) < 8


@pytest.mark.parametrize("place", [(80, 160, 230, 310), (100, 185, 210, 285)])
def test_a_face_that_fills_the_picture_is_found(
    place: tuple[int, int, int, int], detector: FaceDetector
) -> None:
    """From so near the net saw nothing: a portrait in profile had no face."""
    top, left, bottom, right = place
    (face,) = detector.detect(np.ascontiguousarray(photo("camera")[top:bottom, left:right]))
    assert abs(left + face.x + face.w / 2 - 238) < 12
    assert abs(top + face.y + face.h / 2 - 160) < 15


def test_without_the_net_the_command_that_gets_it_is_named() -> None:
    with pytest.raises(WeightsMissing, match="retouch models pull faces"):
        no_detector(np.zeros((8, 8, 3), np.uint8))


def test_the_net_is_an_extra_download() -> None:
    assert not weight("faces").needed
