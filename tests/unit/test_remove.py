"""Something goes, nothing else changes; what cannot be removed well is refused before anything is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context

from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations.remove import apply
from retouch.errors import InstructionNotSupported, TargetNotFound, WeightsMissing

SHAPE = (160, 240)
RED = np.array([200, 40, 30], np.uint8)
FACES = (Face(42, 42, 16, 16, 0.9),)


def discs(*places: tuple[int, int], radius: int = 22) -> tuple[Canvas, NDArray[np.float32]]:
    """Red discs on grainy green, and their matte."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    matte = np.zeros(SHAPE, np.float32)
    for row, column in places:
        matte = np.maximum(matte, np.clip(radius + 0.5 - np.hypot(y - row, x - column), 0, 1))
    grain = np.random.default_rng(1).normal(0, 4, (*SHAPE, 1))
    mixed = matte[..., None] * RED + (1 - matte[..., None]) * np.array([50, 150, 70]) + grain
    return Canvas(np.clip(mixed, 0, 255).astype(np.uint8)), matte.astype(np.float32)


def run(
    matte: NDArray[np.float32], mask: NDArray[np.uint8] | None = None, faces: tuple[Face, ...] = ()
) -> Context:
    made, _ = context(matte)
    made.mask, made.faces = mask, lambda _: faces
    return made


def redness(rgb: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    """Mean of red over green: about 160 in a disc, about -100 beside it."""
    return float((rgb[where][:, 0].astype(int) - rgb[where][:, 1]).mean())


def masked(left: int, right: int) -> NDArray[np.uint8]:
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, left:right] = 255
    return mask


def test_the_subject_goes_with_its_soft_edge_and_the_rest_stays() -> None:
    canvas, matte = discs((50, 50))
    out = apply(canvas, {"target": "subject"}, run(matte)).rgb
    assert redness(out, matte > 0) < -80
    changed = (out != canvas.rgb).any(-1)
    assert not changed[:, 90:].any()


def test_of_two_subjects_only_the_one_with_a_face_is_a_person() -> None:
    canvas, matte = discs((50, 50), (100, 180))
    out = apply(canvas, {"target": "person"}, run(matte, faces=FACES)).rgb
    left = np.arange(SHAPE[1])[None] < 110
    assert redness(out, (matte > 0) & left) < -80
    assert np.array_equal(out[:, 140:], canvas.rgb[:, 140:])


def test_several_persons_are_all_meant_and_it_says_so() -> None:
    canvas, matte = discs((50, 50), (100, 180))
    made = run(matte, faces=(*FACES, Face(172, 92, 16, 16, 0.8)))
    out = apply(canvas, {"target": "person"}, made).rgb
    assert redness(out, matte > 0) < -80
    assert made.warnings == ["remove: everyone whose face was found, 2 in number"]


def test_all_that_the_mask_covers_goes_and_nothing_beside_it() -> None:
    canvas, matte = discs((50, 50), (100, 180))
    mask = masked(140, 215)
    out = apply(canvas, {"target": "mask"}, run(matte, mask)).rgb
    assert redness(out, (matte > 0) & (mask > 0)) < -80
    assert np.array_equal(out[mask == 0], canvas.rgb[mask == 0])


def test_of_a_subject_only_what_is_inside_the_mask_goes() -> None:
    canvas, matte = discs((50, 50), (100, 180))
    mask = masked(140, 240)
    out = apply(canvas, {"target": "subject"}, run(matte, mask)).rgb
    assert redness(out, (matte > 0) & (mask > 0)) < -80
    assert np.array_equal(out[mask == 0], canvas.rgb[mask == 0])


def test_without_a_mask_nothing_is_marked() -> None:
    canvas, matte = discs((50, 50))
    with pytest.raises(InstructionNotSupported, match="needs a mask"):
        apply(canvas, {"target": "mask"}, run(matte))


@pytest.mark.parametrize("target", ["mask", "subject"])
def test_a_mask_that_misses_the_target_says_so(target: str) -> None:
    canvas, matte = discs((50, 50))
    mask = np.zeros(SHAPE, np.uint8) if target == "mask" else masked(200, 240)
    with pytest.raises(TargetNotFound, match="mask covers nothing"):
        apply(canvas, {"target": target}, run(matte, mask))


def test_a_person_needs_a_face() -> None:
    canvas, matte = discs((50, 50))
    with pytest.raises(TargetNotFound, match="no face"):
        apply(canvas, {"target": "person"}, run(matte))


def test_a_face_on_a_wall_is_nobody() -> None:
    canvas, matte = discs((50, 50))
    with pytest.raises(TargetNotFound, match="stands out"):
        apply(canvas, {"target": "person"}, run(matte, faces=(Face(180, 100, 16, 16, 0.9),)))


def test_faces_beyond_the_border_are_no_trouble() -> None:
    canvas, matte = discs((50, 50))
    beyond = (Face(-40, -40, 20, 20, 0.9), Face(300, 300, 20, 20, 0.9), Face(42, 42, 0.2, 0.2, 0.9))
    with pytest.raises(TargetNotFound, match="stands out"):
        apply(canvas, {"target": "person"}, run(matte, faces=beyond))


def test_without_a_detector_no_subject_passes_as_a_person() -> None:
    canvas, matte = discs((50, 50))
    with pytest.raises(WeightsMissing):
        apply(canvas, {"target": "person"}, context(matte)[0])


@pytest.mark.parametrize("target", ["subject", "mask"])
def test_too_large_a_hole_is_refused(target: str) -> None:
    canvas, matte = discs((80, 120), radius=75)
    mask = masked(0, 100) if target == "mask" else None
    with pytest.raises(InstructionNotSupported, match=r"covers \d+% of the picture"):
        apply(canvas, {"target": target}, run(matte, mask))


def test_behind_the_subject_of_a_cut_out_there_is_nothing() -> None:
    canvas, matte = discs((50, 50))
    cut = Canvas(canvas.rgb, (matte * 255).astype(np.uint8))
    with pytest.raises(InstructionNotSupported, match="cut-out"):
        apply(cut, {"target": "subject"}, run(matte))


def test_the_transparency_about_a_marked_thing_stays_and_is_not_copied() -> None:
    canvas, matte = discs((50, 50))
    alpha = np.full(SHAPE, 255, np.uint8)
    alpha[:, 120:] = 0
    rgb = canvas.rgb.copy()
    rgb[:, 120:] = (255, 0, 255)
    out = apply(Canvas(rgb, alpha), {"target": "mask"}, run(matte, masked(100, 118)))
    assert out.alpha is alpha
    assert int(out.rgb[:, 100:118, 2].max()) < 140


@pytest.mark.parametrize(
    "arguments",
    [{}, {"target": "car"}, {"target": ["mask"]}, {"target": None}, {"target": "mask", "size": 3}],
)
def test_what_it_does_not_know_it_refuses(arguments: dict[str, Any]) -> None:
    canvas, matte = discs((50, 50))
    with pytest.raises(InstructionNotSupported):
        apply(canvas, arguments, run(matte, masked(0, 80)))
