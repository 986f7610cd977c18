"""Everything that the builtin engine offers works where it really runs: behind the closed sandbox.

There no file can be opened and no thread of a kind unheard of be started; what an operation loads too late
fails here, and only here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import ImageChops

from retouch.engines.builtin.looks import LOOKS
from retouch.engines.builtin.scenes import SCENES
from retouch.engines.builtin.styles import STYLES
from retouch.engines.planner.plan import Operation, Plan
from retouch.images.decode import FLATTENED, decode
from retouch.settings import Settings
from retouch.task import DEFAULT_MODEL, EditRequest
from retouch.testing import pictures
from retouch.weights.store import WeightsStore
from retouch.worker.child.pool import ChildPool

FRAMES = ("border", "polaroid", "vignette", "rounded", "sticker outline", "drop shadow", "grain")
SCENES_AND_STYLES: list[dict[str, Any]] = [
    *({"kind": "background.replace", "scene": name} for name in SCENES),
    *({"kind": "style", "style": name} for name in STYLES),
]
PLANS: list[dict[str, Any]] = [
    *SCENES_AND_STYLES,
    {"kind": "background.replace", "color": "#2d7dd2"},
    {"kind": "background.replace", "gradient": ["#ff9a5a", "#5a2d82"]},
    {"kind": "background.remove"},
    {"kind": "background.blur", "strength": 50},
    *({"kind": "tone", "look": name} for name in LOOKS),
    {"kind": "tone", "brightness": 20, "warmth": -15, "shadows": 10, "vibrance": 30},
    *({"kind": "weather", "weather": name} for name in ("rain", "snow", "fog", "sun-rays")),
    *({"kind": "restore", "mode": name} for name in ("denoise", "deblock", "dehaze", "sharpen", "auto")),
    *({"kind": "frame", "frame": name} for name in FRAMES),
    *({"kind": "recolor", "target": name, "color": "#2d7dd2"} for name in ("subject", "background", "whole")),
    *({"kind": "text.add", "text": text} for text in ("Hi", "你好", "안녕", "مرحبا", "नमस्ते")),
    {"kind": "remove", "target": "subject"},
    {"kind": "geometry", "action": "crop", "ratio": "square", "to": "subject"},
    {"kind": "geometry", "action": "resize", "percent": 150},
    {"kind": "geometry", "action": "rotate", "degrees": 7},
    {"kind": "geometry", "action": "flip", "axis": "horizontal"},
    {"kind": "geometry", "action": "extend", "percent": 20},
]
BESIDE: list[dict[str, Any]] = [
    {"kind": "background.replace", "image": 1},
    {"kind": "style", "image": 1},
]
RESIZING = {"geometry", "frame"}


@pytest.fixture(scope="module")
def photo() -> bytes:
    """A subject that the net finds: a bright ball on grey."""
    return pictures.saved(pictures.ball(160, 120))


@pytest.fixture(scope="module")
def cut_out() -> bytes:
    """The same with its own alpha: for rows that are not about the net, which takes most of their time."""
    ball = pictures.ball(160, 120)
    red, green, _ = ball.split()
    redder = ImageChops.subtract(red, green)  # than the grey behind it
    ball.putalpha(redder.point(lambda level: 255 if level > 24 else 0))
    return pictures.saved(ball)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for the module: the children belong to it."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def children(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildPool]:
    """One child with the builtin engine, sandbox closed."""
    data_dir = tmp_path_factory.mktemp("child")
    settings = Settings(data_dir=data_dir, worker_slots=1)
    pool = ChildPool(settings)
    runner.run(pool.start())
    yield pool
    runner.run(pool.stop())


def has_style_nets() -> bool:
    store = WeightsStore(Settings().weights_dir)
    return store.has("style-predict") and store.has("style-transform")


@pytest.mark.xdist_group("builtin-in-child")
@pytest.mark.parametrize("operation", [*PLANS, *BESIDE], ids=lambda each: " ".join(map(str, each.values())))
def test_it_works_behind_the_sandbox(
    operation: dict[str, Any], runner: asyncio.Runner, children: ChildPool, photo: bytes, cut_out: bytes
) -> None:
    first = cut_out if operation in SCENES_AND_STYLES[1:-1] else photo
    if operation in BESIDE[1:] and not has_style_nets():
        pytest.skip("the style nets are not here; run: retouch models pull style-predict style-transform")
    plan = Plan("en", (Operation.from_json(operation),), 1.0)
    request = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), seed=4)

    async def edit() -> tuple[int, int]:
        async with children.session() as session:
            await session.prepare([first, pictures.saved(pictures.ball(90, 200))][: plan.pictures])
            await session.edit("builtin", request, plan, timeout_s=60, on_progress=lambda _: None)
            (image,) = await session.finish("png", None)
        return image.width, image.height

    size = runner.run(edit())
    assert size == (160, 120) or operation["kind"] in RESIZING


@pytest.mark.xdist_group("builtin-in-child")
def test_text_is_found_read_and_exchanged_behind_the_sandbox(
    runner: asyncio.Runner, children: ChildPool, photo: bytes
) -> None:
    """Three steps in one: the words that the first sets, the second reads, and the third takes off again."""
    if not WeightsStore(Settings().weights_dir).has("ocr-det"):
        pytest.skip("the models ocr-det and ocr-rec are not here; run: retouch models pull ocr-det")
    steps = (
        Operation("text.add", {"text": "SALE", "size": "large", "position": "center"}),
        Operation("text.replace", {"old": "sale", "new": "SOLD"}),
        Operation("text.remove", {"text": "sold"}),
    )
    request = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), seed=4)

    async def edit() -> int:
        async with children.session() as session:
            await session.prepare([photo])
            plan = Plan("en", steps, 1.0)
            await session.edit("builtin", request, plan, timeout_s=60, on_progress=lambda _: None)
            return len(await session.finish("png", None))

    assert runner.run(edit()) == 1


@pytest.mark.xdist_group("builtin-in-child")
@pytest.mark.parametrize("opaque", [False, True])
def test_a_cut_out_is_laid_on_white_where_that_is_asked_for(
    runner: asyncio.Runner,
    children: ChildPool,
    photo: bytes,
    opaque: bool,  # noqa: FBT001 - pytest's parameters are passed by name
) -> None:
    plan = Plan("en", (Operation("background.remove"),), 1.0)
    request = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), seed=4)

    async def edit() -> tuple[bytes, tuple[str, ...]]:
        async with children.session() as session:
            await session.prepare([photo])
            await session.edit("builtin", request, plan, timeout_s=60, on_progress=lambda _: None)
            (image,) = await session.finish("png", None, opaque=opaque)
            return image.data, session.warnings

    data, warnings = runner.run(edit())
    decoded = decode(data, 24_000_000).pixels
    corner = decoded[0, 0].tolist()
    assert corner == [255, 255, 255] if opaque else corner[3] == 0
    assert warnings == ((FLATTENED,) if opaque else ())
