"""A parent that is killed takes its children along, even one whose engine hears nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import psutil
import pytest

PARENT = """
import asyncio, sys
from pathlib import Path
from retouch.engines.planner.plan import Plan
from retouch.settings import Settings
from retouch.task import EditRequest
from retouch.testing.pictures import photo, saved
from retouch.worker.child.pool import ChildPool

async def main(folder, prompt):
    settings = Settings(data_dir=folder / "data", weights_dir=folder / "weights", worker_slots=1)
    engine = "retouch.testing.engines:FakeEngine"
    pool = ChildPool(settings, engines=(engine,))
    await pool.start()
    request = EditRequest(model="m", prompt=prompt, sources=())
    async with pool.session() as session:
        await session.prepare([saved(photo())])
        say = lambda _: print(session._child.pid, flush=True)
        await session.edit(engine, request, Plan("en", (), 1.0), timeout_s=600, on_progress=say)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.parametrize("prompt", ["slow", "hang"])
async def test_a_child_ends_with_its_parent(tmp_path: Path, prompt: str) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path), prompt), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    line = b"begin"
    while line and not line.strip().isdigit():  # its log goes there too
        line = await parent.stdout.readline()
    child = psutil.Process(int(line))
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(psutil.wait_procs, [child], timeout=30)
    with contextlib.suppress(psutil.NoSuchProcess):
        # Where nobody reaps orphans the entry stays behind, dead.
        assert child.status() == psutil.STATUS_ZOMBIE
