"""Retouched faces: even skin that keeps its texture, more light without a halo, pupils that are dark."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support_faces import astronaut, before, drawn_face, drawn_landmarks, with_red_eyes
from tests.support_pictures import context, photo

from retouch.engines.builtin.blur import f32, gaussian
from retouch.engines.builtin.landmarks import Landmarks
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations.retouch import apply
from retouch.engines.builtin.skin import Portrait
from retouch.errors import InstructionNotSupported, TargetNotFound, WeightsMissing

Picture = NDArray[np.uint8]
MARKS = drawn_landmarks()
MODES = ("smooth skin", "brighten face", "red eye")


def retouched(rgb: Picture, *faces: Landmarks, variation: int = 0, **arguments: Any) -> Picture:
    return apply(Canvas(rgb), arguments, before(*(faces or (MARKS,)), variation=variation)).rgb


def band(rgb: Picture, fine: float, coarse: float) -> NDArray[np.float32]:
    """What of the picture's light lies between two blurs."""
    light = f32(rgb.mean(-1))
    return f32((gaussian(light, fine) if fine else light) - gaussian(light, coarse))


def within(rgb: Picture, marks: Landmarks) -> NDArray[np.bool_]:
    """Skin so far from its border that no blur of the tests looks over it: (H, W)."""
    place, skin = skin_of(rgb, marks)
    mask = np.zeros(rgb.shape[:2], np.uint8)
    mask[place] = skin
    return np.asarray(cv2.erode(mask, np.ones((25, 25), np.uint8)) > 0)


def skin_of(rgb: Picture, marks: Landmarks) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    portrait = Portrait.of(rgb, marks)
    assert portrait is not None
    return portrait.place, portrait.skin() > 0.9


@pytest.mark.parametrize("strength", [50, 100])
def test_blotches_fade_and_texture_stays(strength: float) -> None:
    """Plastic skin has lost what is finer than a pore; this must not."""
    rgb = drawn_face()
    out = retouched(rgb, mode="smooth skin", strength=strength)
    skin = within(rgb, MARKS)
    kept = [band(each, 0, 0.8)[skin].std() for each in (out, rgb)]
    left = [band(each, 2.5, 7)[skin].std() for each in (out, rgb)]
    assert kept[0] > (1 - 0.006 * strength) * kept[1]
    assert left[0] < (1 - 0.004 * strength) * left[1]


def test_smoothing_leaves_eyes_lips_and_all_else_sharp() -> None:
    rgb, marks = astronaut()
    out = retouched(rgb, marks, mode="smooth skin", strength=100)
    portrait = Portrait.of(rgb, marks)
    assert portrait is not None
    inside = portrait.drawn(marks_of(portrait)) > 0.99
    assert np.array_equal(out[portrait.place][inside], rgb[portrait.place][inside])
    changed = (out != rgb).any(-1)
    changed[portrait.place] = False
    assert not changed.any()
    assert (out != rgb).any()


def marks_of(portrait: Portrait) -> tuple[NDArray[np.float32], ...]:
    return portrait.marks.features


def test_more_strength_is_smoother_and_none_changes_nothing() -> None:
    rgb = drawn_face()
    made = [retouched(rgb, mode="smooth skin", strength=each) for each in (0, 25, 50, 75, 100)]
    assert np.array_equal(made[0], rgb)
    left = [band(each, 2.5, 7)[within(rgb, MARKS)].std() for each in made]
    assert left == sorted(left, reverse=True)


def test_smoothing_gives_no_cast() -> None:
    rgb, marks = astronaut()
    out = retouched(rgb, marks, mode="smooth skin", strength=100)
    place, skin = skin_of(rgb, marks)
    assert np.abs(out[place][skin].mean(0) - rgb[place][skin].mean(0)).max() < 1.5


def test_a_brighter_face_is_not_clipped_and_keeps_its_colour() -> None:
    rgb, marks = astronaut()
    out = retouched(rgb, marks, mode="brighten face", strength=100)
    place, skin = skin_of(rgb, marks)
    was, now = (each[place][skin].astype(float) for each in (rgb, out))
    assert now.mean() > was.mean() + 8
    assert (now == 255).any(-1).sum() <= (was == 255).any(-1).sum()
    shares = [(each / each.sum(-1, keepdims=True)).mean(0) for each in (was, now)]
    assert np.abs(shares[0] - shares[1]).max() < 0.02


def test_brightening_makes_no_halo() -> None:
    """Light that spills over the edge of a face shows at once on a dark ground."""
    rgb = drawn_face()
    out = retouched(rgb, mode="brighten face", strength=100).astype(int)
    y, x = np.mgrid[0:240, 0:220]
    ground = np.hypot((x - 110) / 62, (y - 120) / 80) > 1.04
    face = np.hypot((x - 110) / 62, (y - 120) / 80) < 0.8
    assert (out - rgb)[face].mean() > 10
    assert np.abs(out - rgb)[ground].max() <= 6


@pytest.mark.parametrize("colour", [(190, 35, 40), (120, 40, 40), (255, 90, 80)])
def test_red_pupils_are_dark_again_and_the_catch_light_stays(colour: tuple[int, int, int]) -> None:
    rgb, marks = astronaut()
    red = with_red_eyes(rgb, marks, 2.6, colour)
    out = retouched(red, marks, mode="red eye").astype(int)
    for lids in marks.eyes:
        x, y = lids.mean(0).round().astype(int)
        pupil = out[y : y + 2, x : x + 2].reshape(-1, 3)
        assert int((pupil[:, 0] - pupil[:, 1:].max(-1)).max()) <= 12
        assert int(pupil.mean()) < 90
    glint = (red.min(-1) > 200) & (red != rgb).any(-1)
    assert glint.sum() >= 2
    assert np.abs(out[glint] - red[glint]).max() <= 60
    far = (red == rgb).all(-1)
    assert np.abs(out - red)[far].max() <= 45  # the rim of a pupil


def test_one_red_eye_is_enough() -> None:
    rgb, marks = astronaut()
    red = with_red_eyes(rgb, marks, 2.6)
    red[:, 225:] = rgb[:, 225:]
    out = retouched(red, marks, mode="red eye")
    assert np.array_equal(out[:, 225:], rgb[:, 225:])
    assert (out != red).any()


@pytest.mark.parametrize("warmth", [(1.0, 1.0, 1.0), (1.15, 0.9, 0.6)])
def test_brown_eyes_are_not_red(warmth: tuple[float, float, float]) -> None:
    rgb, marks = astronaut()
    warm = np.clip(rgb * np.array(warmth), 0, 255).astype(np.uint8)
    with pytest.raises(TargetNotFound, match="no red eye"):
        retouched(warm, marks, mode="red eye")


def test_red_shadow_on_the_lids_is_no_pupil() -> None:
    rgb = drawn_face()
    for lids in MARKS.eyes:
        (left, top), (right, bottom) = lids.min(0).astype(int), lids.max(0).astype(int)
        rgb[top - 1 : top + 2, left:right] = (190, 35, 40)
        rgb[bottom - 2 : bottom + 1, left:right] = (190, 35, 40)
    with pytest.raises(TargetNotFound, match="no red eye"):
        retouched(rgb, mode="red eye")


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_without_a_face_says_so(mode: str) -> None:
    with pytest.raises(TargetNotFound, match="no face"):
        apply(Canvas(photo("coffee")), {"mode": mode}, before())


def test_a_speck_of_a_face_counts_as_none() -> None:
    with pytest.raises(TargetNotFound, match="large enough"):
        retouched(drawn_face(), drawn_landmarks(wide=8), mode="smooth skin")


@pytest.mark.parametrize("mode", MODES[:2])
def test_further_pictures_differ_in_strength(mode: str) -> None:
    made = [retouched(drawn_face(), mode=mode, variation=index) for index in range(10)]
    assert len({each.tobytes() for each in made}) == 10


@pytest.mark.parametrize("mode", MODES[:2])
def test_every_face_is_retouched_and_alpha_stays(mode: str) -> None:
    two = np.hstack([drawn_face(), drawn_face(seed=4)])
    faces = MARKS, drawn_landmarks((330, 120))
    alpha = np.full(two.shape[:2], 77, np.uint8)
    was = two.copy()
    out = apply(Canvas(two, alpha), {"mode": mode}, before(*faces))
    assert out.alpha is alpha
    assert np.array_equal(two, was)
    assert (out.rgb[:, :220] != two[:, :220]).any()
    assert (out.rgb[:, 220:] != two[:, 220:]).any()


@settings(max_examples=30, deadline=None)
@given(*(st.floats(-120, 340) for _ in range(2)), st.floats(24, 260), st.sampled_from(MODES), st.floats(1, 2))
def test_faces_on_the_border_are_no_trouble(x: float, y: float, wide: float, mode: str, size: float) -> None:
    marks = drawn_landmarks((x, y), wide)
    rgb = with_red_eyes(drawn_face(), marks, 0.09 * wide * size)
    try:
        out = retouched(rgb, marks, mode=mode)
    except TargetNotFound:
        assert mode == "red eye"
    else:
        assert out.shape == rgb.shape


def test_without_the_nets_the_command_that_gets_them_is_named() -> None:
    run, _ = context(np.zeros((1, 1), np.float32))
    with pytest.raises(WeightsMissing, match="retouch models pull faces face-landmarks"):
        apply(Canvas(drawn_face()), {"mode": "smooth skin"}, run)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"mode": "younger"}, {"mode": "red eye", "strength": "much"}, {"mode": "red eye", "x": 1}],
)
def test_what_it_does_not_know_it_refuses(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        apply(Canvas(drawn_face()), arguments, before(MARKS))
