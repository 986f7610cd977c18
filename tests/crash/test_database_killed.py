"""The database is killed with -9 under submits and handlers, and brought back: nothing acknowledged is lost.

Clients submit the whole time and keep the ids that were acknowledged; workers complete what they are given.
A kill counts when it landed in the middle: at least one task was running. ``RETOUCH_KILLS`` makes a campaign.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.conftest import forget_cluster
from tests.support_tasks import CEILING_S, OUTCOME, submit, until

from retouch.database.embedded import Supervisor
from retouch.database.migrate import migrate
from retouch.database.pool import Pool, open_pool
from retouch.errors import ServiceUnavailable
from retouch.settings import Settings
from retouch.task import Status
from retouch.tasks.queue import TicketQueue
from retouch.tasks.reconcile import reconcile_forever
from retouch.tasks.store import TaskStore

KILLS = int(os.environ.get("RETOUCH_KILLS", "3"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Supervisor]:
    """A durable server of this test alone."""
    supervisor = Supervisor(Settings(data_dir=tmp_path / "data", weights_dir=tmp_path / "weights"))
    try:
        with supervisor:
            yield supervisor
    finally:
        forget_cluster(supervisor)


@dataclass
class World:
    """One worker's loops and one client over a database that comes and goes."""

    store: TaskStore
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    quiet: asyncio.Event = field(default_factory=asyncio.Event)  # no more submits
    acknowledged: set[str] = field(default_factory=set)
    running: int = 0

    async def submit_on(self) -> None:
        """A client that submits the whole time, and again after a 503."""
        while not self.quiet.is_set():
            with contextlib.suppress(ServiceUnavailable):
                self.acknowledged.add((await submit(self.store)).id)
            await asyncio.sleep(0.002)

    async def handle(self, task_id: str) -> None:
        """A worker that completes what it is given."""
        claimed = await self.store.claim(task_id, "w")
        if claimed is None:
            return
        self.running += 1
        try:
            await asyncio.sleep(0.02)  # the work
            await self.store.heartbeat(task_id, claimed.attempt, 50)
            await self.store.complete(task_id, claimed.attempt, OUTCOME)
        finally:
            self.running -= 1

    async def busy(self) -> bool:
        """Whether a kill would land in the middle."""
        return self.running > 0 and len(self.acknowledged) > 10

    async def all_ended(self) -> bool:
        """Whether all that was acknowledged has ended."""
        with contextlib.suppress(ServiceUnavailable):
            tasks = await self.store.get_many(self.acknowledged, "default")
            return all(task.status.ended for task in tasks.values())
        return False


@contextlib.asynccontextmanager
async def world(url: str, settings: Settings, pool: Pool) -> AsyncIterator[World]:
    queue = await TicketQueue.open(url, settings)
    here = World(TaskStore(pool, queue, settings))
    async with asyncio.TaskGroup() as group:
        group.create_task(queue.work(here.handle, slots=4, stop=here.stop))
        group.create_task(reconcile_forever(here.store, settings, here.stop))
        group.create_task(here.submit_on())
        try:
            yield here
        finally:
            here.quiet.set()
            here.stop.set()
    await queue.close()


async def kill_and_restart(server: Supervisor) -> None:
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    async def restarted() -> bool:
        return await asyncio.to_thread(server.ensure_running)

    await until(restarted)


async def test_a_killed_database_loses_no_acknowledged_task(server: Supervisor) -> None:
    quick = {
        "lease_s": 2.0,
        "heartbeat_s": 0.5,
        "reconcile_s": 0.2,
        "queue_poll_s": 0.2,
        "worker_lost_max": 1000,
    }
    settings = Settings().model_copy(update=quick)
    await migrate(server.url)
    async with await open_pool(server.url, settings) as pool, world(server.url, settings, pool) as here:
        for _ in range(KILLS):
            before = len(here.acknowledged)
            await until(here.busy)
            await kill_and_restart(server)

            async def submits_again(before: int = before) -> bool:
                return len(here.acknowledged) > before + 10

            await until(submits_again)
        here.quiet.set()
        await until(here.all_ended)
        tasks = await here.store.get_many(here.acknowledged, "default")
        assert set(tasks) == here.acknowledged
        assert {task.status for task in tasks.values()} == {Status.COMPLETED}
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT count(*) AS tasks, count(DISTINCT task_id) AS results,"
                " (SELECT count(*) FROM task_events WHERE kind = 'completed') AS ends"
                " FROM tasks LEFT JOIN task_results ON task_id = tasks.id"
            )
            counted = await cursor.fetchone()
        # A submit whose answer was lost with the database may still be there: at least once, but never half.
        assert counted is not None
        assert counted["tasks"] >= len(here.acknowledged)
        assert counted["results"] == counted["ends"]


async def test_the_pool_answers_again_by_itself(server: Supervisor) -> None:
    async with await open_pool(server.url, Settings()) as pool:
        await kill_and_restart(server)

        async def answers() -> bool:
            with contextlib.suppress(ServiceUnavailable):
                async with pool.connection() as connection:
                    await connection.execute("SELECT 1")
                return True
            return False

        await asyncio.wait_for(until(answers), CEILING_S)
