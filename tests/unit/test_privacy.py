"""Hidden faces: nothing fine is left of them, and everything else stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support_pictures import context

from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations.privacy import apply
from retouch.errors import InstructionNotSupported, TargetNotFound, WeightsMissing

FACE = Face(60, 50, 56, 56, 0.9)
MODES = ("blur", "pixelate")


def before(faces: Sequence[Face], variation: int = 0) -> Context:
    run, _ = context(np.zeros((160, 200), np.float32), variation=variation)
    run.faces = lambda _: tuple(faces)
    return run


def noise(seed: int = 1) -> Canvas:
    return Canvas(np.random.default_rng(seed).integers(0, 256, (160, 200, 3), dtype=np.uint8))


def inner(face: Face) -> tuple[slice, slice]:
    return slice(int(face.y), int(face.y + face.h)), slice(int(face.x), int(face.x + face.w))


@pytest.mark.parametrize("mode", MODES)
def test_fine_detail_is_gone_from_the_face_and_nowhere_else(mode: str) -> None:
    canvas = noise()
    out = apply(canvas, {"mode": mode}, before([FACE])).rgb
    assert out[inner(FACE)].std() < 0.15 * canvas.rgb[inner(FACE)].std()
    far = np.ones((160, 200), bool)
    far[:140, :150] = False
    assert np.array_equal(out[far], canvas.rgb[far])


@pytest.mark.parametrize("mode", MODES)
def test_faces_that_differ_in_detail_only_look_alike(mode: str) -> None:
    """What the cells have in common is all that is left: no detail can be computed back."""
    canvas = Canvas(np.full((160, 200, 3), 120, np.uint8))
    detailed = canvas.rgb.copy()
    detailed[::2, ::2] += 40
    detailed[1::2, 1::2] -= 40
    hidden = apply(Canvas(detailed), {"mode": mode}, before([FACE])).rgb
    plain = apply(canvas, {"mode": mode}, before([FACE])).rgb
    assert int(np.abs(hidden[inner(FACE)].astype(int) - plain[inner(FACE)]).max()) <= 4


def test_pixels_are_squares() -> None:
    out = apply(noise(), {"mode": "pixelate"}, before([FACE])).rgb[inner(FACE)]
    assert len(np.unique(out.reshape(-1, 3), axis=0)) <= 81


def test_every_face_is_hidden() -> None:
    canvas, other = noise(), Face(140, 90, 30, 30, 0.8)
    out = apply(canvas, {"mode": "blur"}, before([FACE, other])).rgb
    for face in (FACE, other):
        assert out[inner(face)].std() < 0.2 * canvas.rgb[inner(face)].std()


def test_further_pictures_hide_no_less() -> None:
    canvas = noise()
    made = [apply(canvas, {"mode": "blur"}, before([FACE], index)).rgb for index in range(10)]
    assert len({each.tobytes() for each in made}) == 10
    assert all(each[inner(FACE)].std() < 0.15 * canvas.rgb[inner(FACE)].std() for each in made)


def test_transparency_stays_and_the_input_too() -> None:
    canvas = noise()
    cut = Canvas(canvas.rgb, np.full((160, 200), 9, np.uint8))
    before_it = canvas.rgb.copy()
    out = apply(cut, {"mode": "blur"}, before([FACE]))
    assert out.alpha is cut.alpha
    assert np.array_equal(canvas.rgb, before_it)


@settings(max_examples=40, deadline=None)
@given(
    *(st.floats(-90, 260) for _ in range(2)),
    *(st.floats(0, 300) for _ in range(2)),
    st.sampled_from(MODES),
)
def test_faces_on_the_border_are_no_trouble(x: float, y: float, w: float, h: float, mode: str) -> None:
    out = apply(noise(), {"mode": mode}, before([Face(x, y, w, h, 0.9)]))
    assert out.rgb.shape == (160, 200, 3)


def test_a_picture_without_faces_says_so() -> None:
    with pytest.raises(TargetNotFound, match="no face"):
        apply(noise(), {"mode": "blur"}, before([]))


def test_without_a_detector_no_picture_passes_as_hidden() -> None:
    with pytest.raises(WeightsMissing):
        apply(noise(), {}, context(np.zeros((160, 200), np.float32))[0])


@pytest.mark.parametrize("arguments", [{"mode": "swirl"}, {"target": "plates"}, {"modes": "blur"}])
def test_what_it_does_not_know_it_refuses(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        apply(noise(), arguments, before([FACE]))
