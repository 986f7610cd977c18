"""The style of another picture: what is asked of the nets, what is made of their answer, and how it looks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import photo

from retouch.engines.builtin.colour import decode, to_oklab
from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations.style import apply
from retouch.engines.builtin.styles.reference import Nets
from retouch.engines.builtin.stylizing import StyleNets
from retouch.errors import InstructionNotSupported, TaskCancelled, WeightsMissing
from retouch.settings import default_weights_dir
from retouch.weights.manifest import weight
from retouch.weights.store import WeightsStore

RED = np.full((40, 60, 3), (200, 40, 30), np.uint8)


class MeanNets:
    """Knows of a style its mean colour, and paints by mixing half of it in."""

    def __init__(self) -> None:
        self.asked: list[NDArray[np.float32]] = []
        self.sizes: list[tuple[int, ...]] = []

    def seen(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See Nets."""
        style = np.zeros((1, 1, 1, 100), np.float32)
        style[..., :3] = rgb.reshape(-1, 3).mean(0) / 255
        return style

    def painted(self, srgb: NDArray[np.float32], style: NDArray[np.float32]) -> NDArray[np.float32]:
        """See Nets."""
        self.asked.append(style)
        self.sizes.append(srgb.shape)
        return np.asarray(0.5 * srgb + 0.5 * style[0, 0, 0, :3], np.float32)


def context(nets: Nets, others: Sequence[NDArray[np.uint8]] = (RED,), **more: Any) -> Context:
    values: dict[str, Any] = {"variation": 0, "progress": lambda _: None, "faces": lambda _: ()}
    return Context(
        seed=1,
        matte=lambda _: pytest.fail("no subject is needed"),
        preview=lambda _: None,
        others=others,
        style_nets=lambda: nets,
        **(values | more),
    )


def hills(height: int = 90, width: int = 120) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = 128 + 60 * np.sin(x / 7) * np.cos(y / 9)
    return np.stack([waves, waves * 0.8 + 20, 255 - waves], -1).astype(np.uint8)


def test_full_strength_asks_for_the_other_style_and_half_for_the_middle_between_both() -> None:
    nets = MeanNets()
    apply(Canvas(hills()), {"image": 1}, context(nets))
    apply(Canvas(hills()), {"image": 1, "strength": 50}, context(nets))
    own, other = nets.seen(hills()), nets.seen(RED)
    assert np.allclose(nets.asked[0], other, atol=0.02)
    assert np.allclose(nets.asked[1], (own + other) / 2, atol=0.02)


def test_nothing_of_it_is_the_picture_itself() -> None:
    canvas = Canvas(hills())
    assert apply(canvas, {"image": 1, "strength": 0}, context(MeanNets())) is canvas


def test_shape_and_alpha_stay_and_the_colour_comes() -> None:
    alpha = np.full((90, 120), 77, np.uint8)
    out = apply(Canvas(hills(), alpha), {"image": 1}, context(MeanNets()))
    assert out.rgb.shape == (90, 120, 3)
    assert out.alpha is alpha
    red, _, blue = out.rgb.reshape(-1, 3).mean(0)
    assert red > blue + 40 > hills()[..., 0].mean() - hills()[..., 2].mean()


def test_a_grey_example_takes_all_colour() -> None:
    out = apply(Canvas(hills()), {"image": 1}, context(MeanNets(), [np.full((30, 30, 3), 120, np.uint8)]))
    assert np.ptp(out.rgb.astype(int), axis=-1).max() <= 3


def test_a_flat_example_does_not_make_a_flat_picture() -> None:
    """The nets answered a photo of one colour with mud: all of its light and dark was gone."""

    class Mud(MeanNets):
        def painted(self, srgb: NDArray[np.float32], style: NDArray[np.float32]) -> NDArray[np.float32]:
            super().painted(srgb, style)
            return np.asarray(0.4 + 0.05 * srgb, np.float32)

    rgb = np.asarray(cv2.GaussianBlur(hills(400, 600), (0, 0), 9), np.uint8)
    rgb[:200] //= 4
    out = apply(Canvas(rgb), {"image": 1}, context(Mud()))
    before, after = (to_oklab(decode(each))[..., 0] for each in (rgb, out.rgb))
    assert after.std() > 0.3 * before.std()
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.8


def test_large_pictures_are_painted_small_and_small_ones_larger() -> None:
    nets = MeanNets()
    for shape in ((3000, 4000), (120, 90), (1, 1)):
        out = apply(Canvas(np.zeros((*shape, 3), np.uint8)), {"image": 1}, context(nets))
        assert out.rgb.shape == (*shape, 3)
    assert [max(size[:2]) for size in nets.sizes] == [900, 240, 2]


def test_a_face_keeps_its_colour_and_its_light() -> None:
    """A photo of leaves as the example left faces half green."""
    nets, leaves = MeanNets(), np.full((40, 60, 3), (30, 120, 60), np.uint8)
    skin = np.full((90, 120, 3), (200, 150, 120), np.uint8)
    skin[:, 80:] = (90, 90, 200)
    face = Face(10, 20, 40, 40, 0.9)
    with_face = apply(Canvas(skin), {"image": 1}, context(nets, [leaves], faces=lambda _: (face,))).rgb
    without = apply(Canvas(skin), {"image": 1}, context(nets, [leaves])).rgb
    in_it = (slice(30, 50), slice(20, 40))
    red, green, _ = with_face[in_it].reshape(-1, 3).mean(0)
    assert red > green + 10
    assert without[in_it][..., 1].mean() > without[in_it][..., 0].mean()
    assert np.array_equal(with_face[:, 100:], without[:, 100:])


def test_a_grey_example_takes_the_colour_of_a_face_too() -> None:
    face = Face(30, 20, 40, 40, 0.9)
    grey = [np.full((30, 30, 3), 120, np.uint8)]
    out = apply(Canvas(hills()), {"image": 1}, context(MeanNets(), grey, faces=lambda _: (face,))).rgb
    assert np.ptp(out.astype(int), axis=-1).max() <= 3


def test_what_the_net_paints_about_a_dark_form_is_no_halo() -> None:
    """All that was dark before a pale sky stood in a bright seam."""

    class Halo(MeanNets):
        def painted(self, srgb: NDArray[np.float32], style: NDArray[np.float32]) -> NDArray[np.float32]:
            super().painted(srgb, style)
            dark = (srgb.mean(-1, keepdims=True) < 0.5).astype(np.float32)
            return np.asarray(np.clip(srgb + 0.3 * cv2.GaussianBlur(dark, (0, 0), 12)[..., None], 0, 1))

    rgb = np.full((200, 300, 3), 170, np.uint8)
    rgb[:, :100] = 30
    out = apply(Canvas(rgb), {"image": 1}, context(Halo(), [rgb])).rgb.mean(-1)
    assert out[:, 106:140].mean() - out[:, 220:].mean() < 8


def test_without_the_net_for_faces_the_rest_works() -> None:
    def missing(_: NDArray[np.uint8]) -> tuple[Face, ...]:
        raise WeightsMissing("The model faces is not on this machine")

    assert apply(Canvas(hills()), {"image": 1}, context(MeanNets(), faces=missing)).rgb.shape == (90, 120, 3)


def test_pictures_asked_for_together_differ_and_each_comes_again() -> None:
    def made(variation: int) -> bytes:
        return apply(Canvas(hills()), {"image": 1}, context(MeanNets(), variation=variation)).rgb.tobytes()

    several = [made(variation) for variation in range(4)]
    assert len(set(several)) == 4
    assert several == [made(variation) for variation in range(4)]


def test_it_stops_when_nobody_waits() -> None:
    def cancelled(part: float) -> None:
        if part > 0.3:
            raise TaskCancelled("the task was cancelled")

    with pytest.raises(TaskCancelled):
        apply(Canvas(hills()), {"image": 1}, context(MeanNets(), progress=cancelled))


@pytest.mark.parametrize(
    "arguments", [{"image": 2}, {"image": 0}, {"image": True}, {"image": 1, "style": "anime"}, {}]
)
def test_what_cannot_be_done_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        apply(Canvas(hills()), arguments, context(MeanNets()))


def test_without_the_nets_the_command_that_gets_them_is_named() -> None:
    bare = Context(1, 0, lambda _: pytest.fail("unused"), lambda _: None, lambda _: None, others=(RED,))
    with pytest.raises(WeightsMissing, match="retouch models pull style-predict style-transform"):
        apply(Canvas(hills()), {"image": 1}, bare)


def test_the_nets_are_an_extra_download() -> None:
    assert not weight("style-predict").needed
    assert not weight("style-transform").needed


@pytest.fixture(scope="module")
def nets() -> StyleNets:
    """The real ones, a download of their own, which nobody needs for the rest."""
    store = WeightsStore(Path(os.environ.get("RETOUCH_WEIGHTS_DIR", default_weights_dir())))
    if not (store.has("style-predict") and store.has("style-transform")):
        pytest.skip("the style nets are not here; run: retouch models pull style-predict style-transform")
    return StyleNets(store.path("style-predict"), store.path("style-transform"), None, 1)


@pytest.mark.parametrize("shape", [(1, 1), (5, 70), (33, 18), (64, 64)])
def test_the_nets_take_every_size(shape: tuple[int, int], nets: StyleNets) -> None:
    painted = nets.painted(np.full((*shape, 3), 0.4, np.float32), nets.seen(RED))
    assert painted.shape == (*shape, 3)
    assert painted.min() >= 0
    assert painted.max() <= 1
    assert painted.std() < 0.5


def test_a_photo_takes_on_the_colours_of_another_and_keeps_its_forms(nets: StyleNets) -> None:
    cat, coffee = photo("chelsea"), photo("coffee")
    out = apply(Canvas(cat), {"image": 1}, context(nets, [coffee])).rgb
    before, after, aim = (to_oklab(decode(each)).reshape(-1, 3) for each in (cat, out, coffee))
    distance = [np.abs(each[:, 1:].mean(0) - aim[:, 1:].mean(0)).sum() for each in (before, after)]
    assert distance[1] < 0.5 * distance[0]
    assert np.corrcoef(before[:, 0], after[:, 0])[0, 1] > 0.5
    again = apply(Canvas(cat), {"image": 1}, context(nets, [coffee])).rgb
    assert np.array_equal(out, again)
