"""Upscaling: no seams, no specks, no hidden colours; better than interpolation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tests.support_pictures import context, photo

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.colour import to_uint8
from retouch.engines.builtin.enlarging import MARGIN, enlarged, tiles
from retouch.engines.builtin.operation import Canvas, Context, no_enlarger
from retouch.engines.builtin.operations.upscale import apply
from retouch.engines.builtin.span import SpanNet
from retouch.errors import EngineFailed, ImageTooLarge, InstructionNotSupported, TaskCancelled, WeightsMissing
from retouch.settings import load_settings
from retouch.weights.store import WeightsStore

NOTHING = np.zeros((1, 1), np.float32)


class Nearest:
    """Stands in for a net: repeats pixels, and remembers the largest part that it was given."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.largest = 0

    def __call__(self, rgb: Plane) -> Plane:
        """(H, W, 3) -> (H * factor, W * factor, 3)."""
        self.largest = max(self.largest, *rgb.shape[:2])
        return rgb.repeat(self.factor, 0).repeat(self.factor, 1)


def store() -> WeightsStore:
    found = WeightsStore(load_settings().weights_dir)
    if not found.has("span-x2") or not found.has("span-x4"):
        pytest.skip("the models are not here; run: retouch models pull span-x2 span-x4")
    return found


@pytest.fixture(scope="module", params=[2, 4])
def net(request: pytest.FixtureRequest) -> SpanNet:
    factor: int = request.param
    return SpanNet(store().path(f"span-x{factor}"), factor, 2)


def run(variation: int = 0) -> Context:
    made, _ = context(NOTHING, variation=variation)
    made.enlarger = Nearest
    return made


def silent(_part: float) -> None:
    """Nobody watches."""


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(cv2.PSNR(one, other))


def noise(height: int = 40, width: int = 50, seed: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 300))
def test_tiles_are_the_picture_each_pixel_once(width: int, height: int, side: int) -> None:
    seen = np.zeros((height, width), np.uint8)
    for rows, columns in tiles(width, height, side):
        assert rows.stop - rows.start <= side
        assert columns.stop - columns.start <= side
        seen[rows, columns] += 1
    assert (seen == 1).all()


def test_tiles_leave_no_seam(net: SpanNet) -> None:
    rgb = np.ascontiguousarray(photo("chelsea")[60:190, 100:260])
    whole = enlarged(rgb, net, 1.0, silent, tile=400).astype(int)
    parted = enlarged(rgb, net, 1.0, silent, tile=48).astype(int)
    assert int(np.abs(whole - parted).max()) <= 1


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "flower"])
def test_it_is_nearer_to_the_truth_than_interpolation(name: str, net: SpanNet) -> None:
    true = photo(name)
    high, wide = (side // 4 * 4 for side in true.shape[:2])
    true = np.ascontiguousarray(true[:high, :wide])
    size = (wide // net.factor, high // net.factor)
    small = np.asarray(cv2.resize(true, size, interpolation=cv2.INTER_AREA), np.uint8)
    ours = enlarged(small, net, 0.9, silent)
    theirs = np.asarray(cv2.resize(small, (wide, high), interpolation=cv2.INTER_LANCZOS4), np.uint8)
    assert psnr(ours, true) > psnr(theirs, true)
    assert np.abs(ours.mean((0, 1)) - small.mean((0, 1))).max() < 1  # no cast


def test_noise_does_not_turn_into_worms(net: SpanNet) -> None:
    """The net takes noise for detail and draws it out: of a noisy plane it made one twice as rough."""
    rough = np.random.default_rng(5).normal(120, 9, (120, 120, 3))
    plane = Canvas(np.clip(rough, 0, 255).astype(np.uint8))
    working = run()
    working.enlarger = lambda _: net
    out = apply(plane, {"factor": net.factor}, working).rgb
    size = (120 * net.factor, 120 * net.factor)
    plain = np.asarray(cv2.resize(plane.rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    assert out.std() < 0.7 * plain.std()
    assert any("noise" in said for said in working.warnings)


def test_no_speck_is_brighter_than_its_surroundings(net: SpanNet) -> None:
    """An edge that a camera had sharpened came back with white dots along it."""
    step = np.full((60, 60, 3), 60, np.uint8)
    step[:, 30:] = 180
    out = enlarged(step, net, 1.0, silent)
    assert int(out.max()) <= 180 + 11
    assert int(out.min()) >= 60 - 11


def test_letters_and_lines_do_not_spark(net: SpanNet) -> None:
    """Around black letters on white the net gave values a hundred times over white: a storm of dots."""
    sheet = Image.new("RGB", (120, 60), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((6, 6), "Hello, 123", fill=(20, 20, 20))
    pen.text((6, 24), "Red on white", fill=(200, 30, 30))
    pen.line((4, 48, 112, 54), fill=(0, 90, 200))
    small = np.asarray(sheet)
    raw = net(f32(small / np.float32(255)))
    assert max(float(raw.max()) - 1, -float(raw.min())) > 1

    out = enlarged(small, net, 1.0, silent)
    size = (120 * net.factor, 60 * net.factor)
    plain = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    sparks, off = (np.abs(each.astype(float) - plain).mean() for each in (to_uint8(raw), out))
    assert off < 0.5 * sparks
    assert off < 6


def test_doubt_leaves_no_seam(net: SpanNet) -> None:
    """Part of a tile is asked for twice: it has to fit the rest, wherever the tiles end."""
    rgb = np.ascontiguousarray(photo("chelsea")[60:150, 100:230])
    rgb[40:42, 10:100] = 255
    rgb[43:45, 10:100] = 0
    whole = enlarged(rgb, net, 1.0, silent, tile=400).astype(int)
    parted = enlarged(rgb, net, 1.0, silent, tile=60).astype(int)
    assert int(np.abs(whole - parted).max()) <= 1


def test_a_grey_picture_stays_grey(net: SpanNet) -> None:
    grey = np.ascontiguousarray(photo("camera")[100:160, 200:260])
    out = enlarged(grey, net, 1.0, silent)
    assert (out == out[..., :1]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (3, 2), (40, 50)])
@pytest.mark.parametrize("factor", [2, 4])
def test_any_size_is_taken(shape: tuple[int, int], factor: int) -> None:
    out = apply(Canvas(noise(*shape)), {"factor": factor}, run()).rgb
    assert out.shape == (shape[0] * factor, shape[1] * factor, 3)


def test_a_large_picture_goes_through_the_net_in_parts() -> None:
    nearest = Nearest(2)
    enlarged(noise(700, 500), nearest, 1.0, silent)
    assert nearest.largest <= 208 + 2 * MARGIN


def test_hidden_colours_do_not_shine_through() -> None:
    """What is transparent is often black underneath: it must not darken the rim of what is seen."""
    rgb = np.full((60, 60, 3), 200, np.uint8)
    alpha = np.zeros((60, 60), np.uint8)
    alpha[:, :30] = 255
    rgb[:, 30:] = 0
    out = apply(Canvas(rgb, alpha), {"factor": 2}, run())
    assert out.alpha is not None
    assert out.alpha.shape == (120, 120)
    assert int(out.rgb[out.alpha > 0].min()) >= 198
    assert set(np.unique(out.alpha[:, :50])) == {255}
    assert set(np.unique(out.alpha[:, 70:])) == {0}


def test_further_pictures_differ_in_detail_only() -> None:
    rgb = photo("chelsea")[:80, :100]
    made = [apply(Canvas(np.ascontiguousarray(rgb)), {}, run(index)).rgb for index in range(10)]
    assert len({each.tobytes() for each in made}) == 10
    assert all(np.abs(each.mean() - made[0].mean()) < 1 for each in made)


def test_without_a_factor_it_is_twice() -> None:
    assert apply(Canvas(noise()), {}, run()).rgb.shape == (80, 100, 3)


@pytest.mark.parametrize("arguments", [{"factor": 3}, {"factor": "2"}, {"factor": 2.5}, {"times": 2}])
def test_what_it_does_not_know_it_refuses(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        apply(Canvas(noise()), arguments, run())


def test_what_grows_too_large_is_refused_with_what_is_possible() -> None:
    working = run()
    working.pixels_max = 10_000
    with pytest.raises(ImageTooLarge, match="2 times is possible"):
        apply(Canvas(noise(50, 50)), {"factor": 4}, working)
    with pytest.raises(ImageTooLarge, match="cannot be upscaled"):
        apply(Canvas(noise(80, 80)), {"factor": 2}, working)


def test_progress_grows_tile_by_tile_and_a_cancel_stops_it() -> None:
    seen: list[float] = []

    def stop(part: float) -> None:
        seen.append(part)
        if len(seen) == 3:
            raise TaskCancelled("the task was cancelled")

    with pytest.raises(TaskCancelled):
        enlarged(noise(300, 300), Nearest(2), 1.0, stop, tile=100)
    assert seen == pytest.approx([1 / 9, 2 / 9, 3 / 9])


@pytest.mark.parametrize("factor", [2, 4])
def test_without_the_net_the_command_that_gets_it_is_named(factor: int) -> None:
    with pytest.raises(WeightsMissing, match=f"retouch models pull span-x{factor}"):
        no_enlarger(factor)


def test_a_broken_file_is_no_net(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        SpanNet(tmp_path / "net.bin", 2, 1)
    (tmp_path / "net.bin").write_bytes(b"")
    (tmp_path / "net.param").write_text("7767517\n1 1\nInput data 0 1 data\n", "ascii")
    with pytest.raises(EngineFailed):
        SpanNet(tmp_path / "net.bin", 2, 1)
