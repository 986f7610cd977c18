"""Tone axes move what they name, in one direction, and clip or band nothing; looks look like their names."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.engines.builtin.colour import decode, to_oklab
from retouch.engines.builtin.looks import LOOKS
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations import tone
from retouch.engines.builtin.tone import AXES, brightened, contrasted, exposed, into_gamut
from retouch.errors import InstructionNotSupported, TaskCancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

amounts = st.floats(-100, 100)


def nobody(_: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise AssertionError("tone asks for no subject")


def context(seed: int = 1, variation: int = 0, progress: Callable[[float], None] = lambda _: None) -> Context:
    return Context(seed, variation, nobody, progress, lambda _: None)


def toned(rgb: NDArray[np.uint8], seed: int = 1, variation: int = 0, **arguments: Any) -> NDArray[np.uint8]:
    return tone.apply(Canvas(rgb), arguments, context(seed, variation)).rgb


def photo(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Every hue at every lightness, softly shaded, with some noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    hue, light = 2 * np.pi * x / width, 0.08 + 0.84 * y / height
    lab = np.stack([light, 0.07 * np.cos(hue), 0.07 * np.sin(hue)], -1).astype(np.float32)
    linear = into_gamut(lab)
    srgb = np.clip(linear, 0, 1) ** (1 / 2.2) + rng.normal(0, 0.01, (height, width, 1))
    return (np.clip(srgb, 0, 1) * 255).astype(np.uint8)


def lightness(rgb: NDArray[np.uint8]) -> float:
    return float(to_oklab(decode(rgb))[..., 0].mean())


def chroma(rgb: NDArray[np.uint8]) -> float:
    lab = to_oklab(decode(rgb))
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def spread(rgb: NDArray[np.uint8]) -> float:
    return float(to_oklab(decode(rgb))[..., 0].std())


def yellowness(rgb: NDArray[np.uint8]) -> float:
    return float(rgb[..., 0].mean() - rgb[..., 2].mean())


def dark_third(rgb: NDArray[np.uint8]) -> float:
    return lightness(rgb[: rgb.shape[0] // 3])


def light_third(rgb: NDArray[np.uint8]) -> float:
    return lightness(rgb[-rgb.shape[0] // 3 :])


@pytest.mark.parametrize(
    ("axis", "measure"),
    [
        ("brightness", lightness),
        ("exposure", lightness),
        ("contrast", spread),
        ("saturation", chroma),
        ("vibrance", chroma),
        ("warmth", yellowness),
        ("shadows", dark_third),
        ("highlights", light_third),
    ],
)
def test_an_axis_moves_what_it_names_and_only_ever_in_one_direction(
    axis: str, measure: Callable[[NDArray[np.uint8]], float]
) -> None:
    rgb = photo()
    measured = [measure(toned(rgb, **{axis: value})) for value in (-100, -60, -20, 0, 20, 60, 100)]
    assert all(b > a for a, b in pairwise(measured)), measured


def test_every_axis_has_its_own_test_above() -> None:
    assert set(AXES) == {
        "brightness", "exposure", "contrast", "saturation", "vibrance", "warmth", "shadows", "highlights",
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [{}, dict.fromkeys(AXES, 0), {"look": "film", "strength": 0}])
def test_nothing_asked_changes_nothing(arguments: dict[str, Any]) -> None:
    rgb = photo()
    assert np.array_equal(toned(rgb, **arguments), rgb)


@given(amount=amounts)
@settings(max_examples=60, deadline=None)
def test_the_curves_are_monotone_and_stay_within_black_and_white(amount: float) -> None:
    ramp = np.linspace(0, 1, 513, dtype=np.float32)
    grey = exposed(np.repeat(ramp[:, None], 3, 1), amount)[:, 0]
    for curve in (brightened(ramp, amount), contrasted(ramp, amount), grey):
        assert (np.diff(curve) >= -1e-6).all()
        assert curve.min() >= -1e-6
        assert curve.max() <= 1 + 1e-6


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=2), st.floats(0.02, 0.98))
@settings(max_examples=100, deadline=None)
def test_a_colour_outside_srgb_comes_in_without_gaining_chroma(ab: list[float], light: float) -> None:
    lab = np.array([[light, *ab]], np.float32)
    linear = into_gamut(lab.copy())
    assert linear.min() >= -1e-5
    assert linear.max() <= 1 + 1e-5
    after = to_oklab(np.clip(linear, 0, 1))[0]
    assert np.hypot(after[1], after[2]) <= np.hypot(ab[0], ab[1]) + 1e-3


@pytest.mark.parametrize(
    "arguments", [{"brightness": 60}, {"contrast": -60}, {"shadows": 60}, {"saturation": 60}]
)
def test_hues_stay_where_they_are(arguments: dict[str, Any]) -> None:
    before, after = (to_oklab(decode(p)) for p in (photo(), toned(photo(), **arguments)))
    strong = np.hypot(before[..., 1], before[..., 2]) > 0.05
    strong &= np.hypot(after[..., 1], after[..., 2]) > 0.03
    turn = np.arctan2(after[..., 2], after[..., 1]) - np.arctan2(before[..., 2], before[..., 1])
    turn = np.abs((turn + np.pi) % (2 * np.pi) - np.pi)[strong]
    assert np.degrees(np.median(turn)) < 3
    assert np.degrees(np.percentile(turn, 95)) < 12


@pytest.mark.parametrize("arguments", [{"exposure": 100}, {"highlights": 100}, {"brightness": 100}])
def test_brightening_clips_no_highlights_together(arguments: dict[str, Any]) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, -1).repeat(8, 0)
    out = toned(ramp, **arguments)[0, :, 0]
    assert (np.diff(out.astype(int)) >= 0).all()
    assert (out == 255).sum() <= 12


def test_no_saturation_is_grey() -> None:
    out = toned(photo(), saturation=-100).astype(int)
    assert np.ptp(out, axis=-1).max() <= 1


def test_axes_beyond_their_range_are_clamped() -> None:
    assert np.array_equal(toned(photo(), contrast=500), toned(photo(), contrast=100))


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_keeps_shape_and_alpha_and_is_reproducible(name: str) -> None:
    rgb = photo()
    alpha = np.full(rgb.shape[:2], 90, np.uint8)
    first, again = (tone.apply(Canvas(rgb, alpha), {"look": name}, context()) for _ in range(2))
    assert first.rgb.shape == rgb.shape
    assert first.rgb.dtype == np.uint8
    assert np.array_equal(first.rgb, again.rgb)
    assert first.alpha is alpha
    assert np.abs(first.rgb.astype(int) - rgb).mean() > 2


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (300, 2)])
def test_looks_take_pictures_of_any_size(name: str, size: tuple[int, int]) -> None:
    assert toned(photo(*size), look=name).shape == (*size, 3)


@pytest.mark.parametrize("name", LOOKS)
def test_half_a_look_lies_between_the_photo_and_the_look(name: str) -> None:
    rgb = photo()
    far, half = (np.abs(toned(rgb, look=name, strength=s).astype(int) - rgb).mean() for s in (100, 50))
    assert 0.2 * far < half < 0.8 * far


@pytest.mark.parametrize("arguments", [{"look": "film"}, {"warmth": 40}, {"look": "black and white"}])
def test_further_pictures_of_one_request_are_turned_a_little(arguments: dict[str, Any]) -> None:
    pictures = [toned(photo(), 1 + i, i, **arguments).astype(int) for i in range(4)]
    for i, first in enumerate(pictures):
        for second in pictures[i + 1 :]:
            assert 0.4 < np.abs(first - second).mean() < 40


def test_looks_look_like_their_names() -> None:
    rgb = photo()
    out = {name: toned(rgb, look=name) for name in LOOKS}
    assert np.ptp(out["black and white"].astype(int), axis=-1).max() <= 1
    assert yellowness(out["sepia"]) > 25
    assert chroma(out["sepia"]) < chroma(rgb)
    assert lightness(out["night"]) < lightness(rgb) - 0.15
    assert yellowness(out["night"]) < yellowness(rgb) - 5
    assert lightness(out["high key"]) > lightness(rgb) + 0.1
    assert lightness(out["moody"]) < lightness(rgb)
    assert chroma(out["moody"]) < chroma(rgb)
    assert yellowness(out["golden hour"]) > yellowness(rgb) + 25
    assert yellowness(out["warm"]) > yellowness(rgb) + 10
    assert yellowness(out["cool"]) < yellowness(rgb) - 10
    assert np.percentile(out["fade"], 1) > np.percentile(rgb, 1) + 20
    assert chroma(out["vintage"]) < chroma(rgb)


def test_hdr_opens_shadows_and_lifts_detail() -> None:
    y, x = np.mgrid[0:120, 0:160]
    texture = 8 * ((x // 4 + y // 4) % 2)
    rgb = np.repeat((np.where(x < 80, 30, 190) + texture)[..., None], 3, -1).astype(np.uint8)
    out = toned(rgb, look="hdr").astype(float)
    assert out[:, :60].mean() > rgb[:, :60].mean() + 5
    assert out[40:80, 20:60].std() > 1.2 * rgb[40:80, 20:60].std()


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        ({"look": "dreamy"}, "film"),
        ({"look": 3}, "film"),
        ({"sharpness": 10}, "brightness"),
        ({"contrast": "much"}, "contrast"),
        ({"contrast": True}, "contrast"),
        ({"contrast": float("nan")}, "contrast"),
        ({"look": "film", "strength": None}, "strength"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(arguments: dict[str, Any], about: str) -> None:
    with pytest.raises(InstructionNotSupported, match=about):
        toned(photo(), **arguments)


def test_nobody_waiting_ends_the_work() -> None:
    def cancelled(_: float) -> None:
        raise TaskCancelled("nobody waits")

    with pytest.raises(TaskCancelled):
        tone.apply(Canvas(photo()), {"look": "film"}, context(progress=cancelled))
