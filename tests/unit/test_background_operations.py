"""The three background operations, as the engine calls them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.support_pictures import context, disc_picture

from retouch.engines.builtin.compositing import core
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import background_blur, background_remove, background_replace
from retouch.errors import InstructionNotSupported, TargetNotFound

APPLY = (background_replace.apply, background_remove.apply, background_blur.apply)


def test_a_scene_keeps_the_subject_and_changes_the_rest() -> None:
    canvas, matte = disc_picture()
    run, progress = context(matte)
    out = background_replace.apply(canvas, {"scene": "starry sky", "keep": "subject"}, run)
    inside, outside = core(matte), matte == 0
    assert np.array_equal(out.rgb[inside], canvas.rgb[inside])
    changed = np.abs(out.rgb[outside].astype(int) - canvas.rgb[outside]).max(-1) > 24
    assert float(changed.mean()) > 0.9
    assert out.alpha is None
    assert progress == sorted(progress)
    assert progress[-1] == 1


def test_another_seed_gives_another_sky_and_the_same_seed_the_same() -> None:
    canvas, matte = disc_picture()
    one, again, other = (
        background_replace.apply(canvas, {"scene": "starry sky"}, context(matte, seed)[0]).rgb
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert float((one != other).any(-1).mean()) > 0.3


def test_a_plain_colour_is_exact_away_from_the_subject() -> None:
    canvas, matte = disc_picture()
    out = background_replace.apply(canvas, {"color": "#12ab9f"}, context(matte)[0]).rgb
    assert np.array_equal(np.unique(out[matte == 0], axis=0), [[0x12, 0xAB, 0x9F]])


def test_a_gradient_runs_from_the_first_colour_to_the_second_without_bands() -> None:
    canvas, matte = disc_picture(240)
    out = background_replace.apply(canvas, {"gradient": ["#202020", "#2a2a2a"]}, context(matte)[0]).rgb
    column = out[:, 2:10].astype(float).mean((1, 2))
    assert abs(column[:8].mean() - 0x20) < 1
    assert abs(column[-8:].mean() - 0x2A) < 1
    steps = (out[1:, 2, 0] != out[:-1, 2, 0]).sum()
    assert steps > 30  # ten grey levels would change ten times if they were not dithered


def test_studio_paper_takes_a_colour() -> None:
    canvas, matte = disc_picture()
    out = background_replace.apply(canvas, {"scene": "studio", "color": "#3050c0"}, context(matte)[0]).rgb
    corner = out[:20, :20].reshape(-1, 3).mean(0)
    assert corner[2] > corner[1] > corner[0]


def test_the_cut_out_has_straight_alpha_and_clean_colours() -> None:
    canvas, matte = disc_picture()
    out = background_remove.apply(canvas, {}, context(matte)[0])
    assert out.alpha is not None
    assert out.pixels.shape == (160, 160, 4)
    assert np.array_equal(out.alpha, np.round(matte * 255).astype(np.uint8))
    assert np.array_equal(out.rgb[matte == 1], canvas.rgb[matte == 1])
    rim = (matte > 0.3) & (matte < 1)
    assert float((out.rgb[rim][:, 1].astype(int) - out.rgb[rim][:, 0]).max()) < 0  # no green from behind


def test_a_cut_out_keeps_its_alpha_as_the_matte_of_the_next_step() -> None:
    canvas, matte = disc_picture()
    cut = background_remove.apply(canvas, {}, context(matte)[0])
    nothing, _ = context(np.zeros_like(matte))
    out = background_replace.apply(cut, {"color": "#ffffff"}, nothing)
    assert np.array_equal(np.unique(out.rgb[matte == 0], axis=0), [[255, 255, 255]])


def test_blur_keeps_the_subject_and_loses_detail_behind_it() -> None:
    canvas, matte = disc_picture()
    out = background_blur.apply(canvas, {}, context(matte)[0])
    inside, outside = core(matte), matte == 0
    assert np.array_equal(out.rgb[inside], canvas.rgb[inside])
    assert float(out.rgb[outside].std(0).max()) < 0.6 * float(canvas.rgb[outside].std(0).max())


def test_blur_sheds_no_halo_of_the_subject() -> None:
    """A plain blur would smear the red disc over the green ground about it."""
    canvas, matte = disc_picture()
    out = background_blur.apply(canvas, {"strength": 100}, context(matte)[0]).rgb.astype(int)
    near = (matte == 0) & (np.hypot(*(np.mgrid[0:160, 0:160] - 80)) < 56)
    assert float((out[near][:, 0] - out[near][:, 1]).max()) < -60


def test_a_bright_lamp_becomes_a_disc() -> None:
    """Through a lens a point of light is an even disc with an edge, not a bell."""
    rgb = np.zeros((400, 400, 3), np.uint8)
    rgb[99:102, 299:302] = 255
    matte = np.zeros((400, 400), np.float32)
    matte[300:380, 40:120] = 1
    out = background_blur.apply(Canvas(rgb), {"strength": 100}, context(matte)[0]).rgb[100, 300:330, 0]
    assert int(out[0]) > 20
    assert int(out[8]) > 0.8 * int(out[0])
    assert int(out[22]) < 0.3 * int(out[0])


def test_further_pictures_vary_the_blur() -> None:
    canvas, matte = disc_picture()
    first, second = (
        background_blur.apply(canvas, {}, context(matte, variation=index)[0]).rgb for index in (0, 1)
    )
    assert not np.array_equal(first, second)


def test_no_blur_leaves_the_background_almost_as_it_was() -> None:
    canvas, matte = disc_picture()
    out = background_blur.apply(canvas, {"strength": 0}, context(matte)[0]).rgb
    assert int(np.abs(out.astype(int) - canvas.rgb)[matte == 0].max()) <= 1


@pytest.mark.parametrize("apply", APPLY)
def test_a_picture_without_a_subject_says_so(apply: Any) -> None:
    canvas, matte = disc_picture()
    arguments = {"scene": "fog"} if apply is background_replace.apply else {}
    with pytest.raises(TargetNotFound, match="no subject was found"):
        apply(canvas, arguments, context(np.zeros_like(matte))[0])


@pytest.mark.parametrize("apply", APPLY)
def test_a_picture_without_a_background_says_so(apply: Any) -> None:
    canvas, matte = disc_picture()
    arguments = {"scene": "fog"} if apply is background_replace.apply else {}
    with pytest.raises(TargetNotFound, match="no background was found"):
        apply(canvas, arguments, context(np.ones_like(matte))[0])


@pytest.mark.parametrize("apply", APPLY)
def test_pictures_asked_for_together_differ(apply: Any) -> None:
    canvas, matte = disc_picture()
    arguments = {"color": "#102040", "keep": "subject"} if apply is background_replace.apply else {}
    pictures = [apply(canvas, arguments, context(matte, 7 + i, i)[0]).pixels for i in range(4)]
    assert len({picture.tobytes() for picture in pictures}) == 4


@pytest.mark.parametrize(
    "arguments", [{"scene": "atlantis"}, {"color": "red"}, {"gradient": ["#000000"]}, {}, {"scene": None}]
)
def test_replace_refuses_what_it_does_not_know(arguments: dict[str, Any]) -> None:
    canvas, matte = disc_picture()
    with pytest.raises(InstructionNotSupported):
        background_replace.apply(canvas, arguments, context(matte)[0])


@pytest.mark.parametrize("strength", [-1, 101, "much", None])
def test_blur_refuses_a_strength_out_of_range(strength: object) -> None:
    canvas, matte = disc_picture()
    with pytest.raises(InstructionNotSupported):
        background_blur.apply(canvas, {"strength": strength}, context(matte)[0])


@pytest.mark.parametrize("size", [(1, 2), (3, 40), (40, 3), (17, 23)])
def test_tiny_and_odd_pictures_pass(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    matte = np.ones(size, np.float32)
    matte[:, : size[1] // 2] = 0
    for apply, arguments in zip(APPLY, ({"scene": "sunset"}, {}, {}), strict=True):
        assert apply(Canvas(rgb), arguments, context(matte)[0]).rgb.shape == rgb.shape
