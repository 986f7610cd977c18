"""The owner's pictures behind the closed sandbox: opened before it closes, used after."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from PIL import Image

from retouch.engines.planner.plan import Operation, Plan
from retouch.errors import EngineFailed, InstructionNotSupported
from retouch.settings import Settings
from retouch.task import DEFAULT_MODEL, EditRequest
from retouch.testing import pictures
from retouch.worker.child.pool import ChildPool

GREEN = (30, 160, 60)


@pytest_asyncio.fixture
async def children(tmp_path: Path) -> AsyncIterator[ChildPool]:
    """A child over a folder with a green picture, a broken one, and one that has a built-in scene's name."""
    folder = tmp_path / "backgrounds"
    folder.mkdir()
    Image.new("RGB", (400, 300), GREEN).save(folder / "lawn tennis.webp")
    (folder / "torn.jpg").write_bytes(pictures.saved(pictures.ball(), "JPEG")[:2000])
    Image.new("RGB", (40, 30), GREEN).save(folder / "sunset.png")
    pool = ChildPool(Settings(data_dir=tmp_path / "data", worker_slots=1, scenes_dir=folder))
    await pool.start()
    yield pool
    await pool.stop()


async def edited(children: ChildPool, scene: str) -> NDArray[np.int64]:
    plan = Plan("en", (Operation("background.replace", {"scene": scene}),), 1.0)
    request = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), seed=4)
    async with children.session() as session:
        await session.prepare([pictures.saved(pictures.ball(160, 120))])
        await session.edit("builtin", request, plan, timeout_s=60, on_progress=lambda _: None)
        (image,) = await session.finish("png", None)
    return np.asarray(Image.open(io.BytesIO(image.data)).convert("RGB")).astype(np.int64)


async def test_a_good_one_is_a_background_and_a_broken_one_fails_alone(children: ChildPool) -> None:
    assert children.left_out == ("scenes_dir: torn.jpg: The JPEG picture is broken or cut off.",)
    lawn = await edited(children, "lawn tennis")
    assert (abs(lawn[:15, :30].reshape(-1, 3).mean(0) - GREEN) < 4).all()
    assert lawn[60, 80, 0] > lawn[60, 80, 1]  # the red ball stands before it
    with pytest.raises(EngineFailed, match="the picture 'torn' could not be loaded here"):
        await edited(children, "torn")
    built_in = await edited(children, "sunset")
    assert abs(built_in[:15, :30].reshape(-1, 3).mean(0) - GREEN).max() > 30
    with pytest.raises(InstructionNotSupported, match="there is no scene 'attic'"):
        await edited(children, "attic")
