"""What a mask protects comes back to the byte, whatever the operation; or the answer says that it was lost.

Each kind is asked for by the example that stands in the help, so a new kind is tested as soon as it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.support_pictures import photo

from retouch.engines.planner import SUPPORTED, plan_instruction
from retouch.engines.planner.plan import Operation, Plan
from retouch.errors import InstructionNotSupported, TargetNotFound, WeightsMissing
from retouch.images.decode import MASK_STRETCHED, decode
from retouch.settings import Settings
from retouch.task import DEFAULT_MODEL, EditRequest
from retouch.testing import pictures
from retouch.worker.child.job import _MASK_LOST
from retouch.worker.child.pool import ChildPool

pytestmark = pytest.mark.xdist_group("mask-kept")
SIDE = 224
PHOTOS = {"sky.replace": "china", "remove": "camera"}  # any other kind: the astronaut
MORE: list[dict[str, Any]] = [
    {"kind": "background.remove"},
    {"kind": "frame", "frame": "vignette"},
    {"kind": "frame", "frame": "grain"},
    {"kind": "frame", "frame": "polaroid"},
    {"kind": "geometry", "action": "flip", "axis": "horizontal"},
    {"kind": "geometry", "action": "resize", "percent": 50},
    {"kind": "geometry", "action": "rotate", "degrees": 90},
    {"kind": "recolor", "target": "background", "color": "#7a3fa0"},
    {"kind": "remove", "target": "mask"},
    {"kind": "remove", "target": "subject"},
    {"kind": "restore", "mode": "auto"},
    {"kind": "style", "style": "pixel art"},
    {"kind": "tone", "look": "black and white"},
    {"kind": "weather", "weather": "fog"},
]
CASES = [
    *(list(plan_instruction(example).operations) for example in SUPPORTED.kinds.values()),
    *([Operation.from_json(each)] for each in MORE),
]


@dataclass(frozen=True)
class Outcome:
    """What came of one edit: pixels of any size, and all that was said."""

    pixels: NDArray[np.uint8]
    warnings: tuple[str, ...]


class Service:
    """One child with the builtin engine, sandbox closed, and the loop that it belongs to."""

    def __init__(self, runner: asyncio.Runner, pool: ChildPool) -> None:
        self._runner = runner
        self._pool = pool

    def edited(
        self, operations: list[Operation], picture: NDArray[np.uint8], mask: NDArray[np.uint8]
    ) -> Outcome:
        """The whole way: encoded picture and mask in, encoded result out."""
        return self._runner.run(self._edited(operations, picture, mask))

    async def _edited(
        self, operations: list[Operation], picture: NDArray[np.uint8], mask: NDArray[np.uint8]
    ) -> Outcome:
        plan = Plan("en", tuple(operations), 1.0)
        request = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), seed=4)
        sent = [pictures.saved(Image.fromarray(each)) for each in (picture, mask)]
        async with self._pool.session() as session:
            prepared = await session.prepare([sent[0]], sent[1])
            summary = await session.edit("builtin", request, plan, timeout_s=120, on_progress=lambda _: None)
            (image,) = await session.finish("png", None)
            warnings = (*prepared.warnings, *summary.warnings, *session.warnings)
        return Outcome(decode(image.data, 10**7).pixels, warnings)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A started service for the module."""
    with asyncio.Runner() as runner:
        pool = ChildPool(Settings(data_dir=tmp_path_factory.mktemp("mask"), worker_slots=1))
        runner.run(pool.start())
        yield Service(runner, pool)
        runner.run(pool.stop())


def small(name: str) -> NDArray[np.uint8]:
    """A photo, its longer side ``SIDE``, as noisy as one taken at night: there is something to restore."""
    rgb = photo(name)
    scale = SIDE / max(rgb.shape)
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    reduced = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(1).normal(0, 6, reduced.shape)
    return np.asarray(np.clip(reduced + noise, 0, 255), np.uint8)


def middle(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A mask of the middle third across, with a soft left rim."""
    mask = np.zeros(shape[:2], np.uint8)
    left, right = shape[1] * 3 // 8, shape[1] * 5 // 8
    mask[:, left:right] = 255
    mask[:, left : left + 4] = (40, 90, 150, 210)
    return mask


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4), alpha 255 where there was none."""
    return pixels if pixels.shape[2] == 4 else np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


@pytest.mark.parametrize("operations", CASES, ids=lambda each: " ".join(map(str, each[0].to_json().values())))
def test_outside_the_mask_nothing_changes_to_the_byte(operations: list[Operation], service: Service) -> None:
    picture = small(PHOTOS.get(operations[0].kind, "astronaut"))
    mask = middle(picture.shape)
    try:
        outcome = service.edited(operations, picture, mask)
    except (TargetNotFound, WeightsMissing, InstructionNotSupported) as reason:
        pytest.skip(f"nothing to be edited in this photo: {reason.message}")
    if outcome.pixels.shape[:2] != picture.shape[:2]:
        assert _MASK_LOST in outcome.warnings
        return
    assert _MASK_LOST not in outcome.warnings
    before, after = opaque(picture), opaque(outcome.pixels)
    assert np.array_equal(after[mask == 0], before[mask == 0])
    assert not np.array_equal(after[mask == 255], before[mask == 255])


def test_nothing_of_what_was_removed_shines_through_at_the_rim(service: Service) -> None:
    """The soft rim that other edits get inside of the mask brought a ghost of the thing back."""
    picture = np.full((120, 160, 3), 150, np.uint8)
    picture[40:80, 60:100] = (255, 0, 0)
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 60:100] = 255
    outcome = service.edited([Operation("remove", {"target": "mask"})], picture, mask)
    assert int(np.abs(outcome.pixels.astype(int) - 150).max()) <= 3


def test_a_mask_of_another_size_is_stretched_and_that_is_said(service: Service) -> None:
    picture = small("rocket")
    mask = middle((60, 90))
    outcome = service.edited([Operation("tone", {"brightness": 40})], picture, mask)
    assert MASK_STRETCHED in outcome.warnings
    assert np.array_equal(outcome.pixels[:, :60], picture[:, :60])


@pytest.mark.parametrize(
    "action", [{"action": "flip", "axis": "horizontal"}, {"action": "crop", "ratio": "square"}]
)
def test_a_mask_is_of_the_picture_before_it_is_moved(action: dict[str, Any], service: Service) -> None:
    """After a flip the mask has the same size as the picture, and lies over something else."""
    steps = [Operation("geometry", action), Operation("remove", {"target": "mask"})]
    picture = small("rocket")
    with pytest.raises(InstructionNotSupported, match="needs a mask"):
        service.edited(steps, picture, middle(picture.shape))


def test_without_a_mask_nothing_is_marked(service: Service) -> None:
    async def attempt() -> None:
        plan = Plan("en", (Operation("remove", {"target": "mask"}),), 1.0)
        request = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), seed=4)
        async with service._pool.session() as session:
            await session.prepare([pictures.saved(pictures.ball())])
            await session.edit("builtin", request, plan, timeout_s=60, on_progress=lambda _: None)

    with pytest.raises(InstructionNotSupported, match="needs a mask"):
        service._runner.run(attempt())
