"""The optional nets in the closed sandbox: no file opens there, so the engine must have them ready before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image
from tests.support_pictures import photo

from retouch.engines.planner.plan import Operation, Plan
from retouch.settings import Settings, load_settings
from retouch.task import EditRequest
from retouch.testing.pictures import saved
from retouch.weights.store import WeightsStore
from retouch.worker.child.pool import ChildPool

NETS = ("span-x2", "span-x4", "faces", "face-landmarks")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ChildPool]:
    """One child with the builtin engine, warm and closed."""
    weights = WeightsStore(load_settings().weights_dir)
    missing = [name for name in NETS if not weights.has(name)]
    if missing:
        pytest.skip(f"run: retouch models pull {' '.join(missing)}")
    folder: Path = tmp_path_factory.mktemp("nets")
    settings = Settings(data_dir=folder, weights_dir=weights.directory, worker_slots=1)
    made = ChildPool(settings, engines=("builtin",))
    await made.start()
    yield made
    await made.stop()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("operation", "times"),
    [
        (Operation("upscale", {"factor": 2}), 2),
        (Operation("upscale", {"factor": 4}), 4),
        (Operation("retouch", {"mode": "smooth skin"}), 1),
        (Operation("retouch", {"mode": "brighten face"}), 1),
    ],
    ids=str,
)
async def test_it_works_behind_closed_doors(pool: ChildPool, operation: Operation, times: int) -> None:
    portrait = Image.fromarray(photo("astronaut")[20:240, 110:340])
    request = EditRequest(model="m", prompt="better", sources=(), seed=7)
    progress: list[float] = []
    async with pool.session() as session:
        await session.prepare([saved(portrait)])
        plan = Plan("en", (operation,), 1.0)
        await session.edit("builtin", request, plan, timeout_s=120, on_progress=progress.append)
        (picture,) = await session.finish("png", None)
    assert pool.layers["seccomp"]
    assert (picture.width, picture.height) == (230 * times, 220 * times)
    assert picture.data != saved(portrait)
    assert progress == sorted(progress)
    assert len(progress) >= 2
