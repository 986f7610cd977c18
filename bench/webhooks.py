"""From the commit of a task's end to the receiver that is told, alone and beside a receiver that hangs.

In turns: alone, then with messages waiting for a receiver that takes connections and never answers. Worker,
database and receivers are on the same cores; the worker's delivering side runs in this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from ulid import ULID

from bench.report import Figure, Section, quantile
from retouch.database.embedded import Supervisor
from retouch.database.migrate import migrate
from retouch.database.pool import open_pool
from retouch.keyring import Keyring
from retouch.settings import Settings
from retouch.task import EditRequest, TaskOutcome
from retouch.tasks.keys import KeyStore
from retouch.tasks.queue import TicketQueue
from retouch.tasks.store import TaskStore
from retouch.testing.network import HttpServer, http_answer
from retouch.testing.service import forget_cluster
from retouch.webhooks.service import deliver_forever

TURNS, MESSAGES, RATE, WAITING = 3, 200, 20, 300
_REQUEST = EditRequest("bench", "a message", ())
_AIM = 1.1


async def end_task(store: TaskStore, url: str) -> str:
    """A task that ends now; the id of its message."""
    task_id = f"task_{ULID()}"
    await store.create(
        task_id=task_id,
        account_id="default",
        key_id="bench",
        request_id="bench",
        request=replace(_REQUEST, webhook=url),
    )
    claimed = await store.claim(task_id, "bench")
    if claimed is None or not await store.complete(task_id, claimed.attempt, TaskOutcome("bench", ())):
        raise RuntimeError(f"{task_id} did not end")
    return task_id.replace("task_", "msg_")


class Clocked(HttpServer):
    """A receiver that notes when a message came."""

    def __init__(self) -> None:
        super().__init__()
        self.routes["/hook"] = self._answer
        self._came = asyncio.Condition()
        self.times: list[float] = []

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        self.times.append(time.perf_counter())
        writer.write(http_answer(204))
        async with self._came:
            self._came.notify_all()

    async def after(self, count: int) -> None:
        """Wait until so many have come."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.times) >= count)


async def turn(store: TaskStore, receiver: Clocked) -> list[float]:
    """Seconds from commit to receipt, of MESSAGES one by one at RATE a second."""
    taken = []
    for _ in range(MESSAGES):
        before = len(receiver.times)
        began = time.perf_counter()
        await end_task(store, f"http://127.0.0.1:{receiver.port}/hook")
        committed = time.perf_counter()
        await receiver.after(before + 1)
        taken.append(receiver.times[before] - committed)
        await asyncio.sleep(max(0.0, 1 / RATE - (time.perf_counter() - began)))
    return taken


@contextlib.asynccontextmanager
async def delivering(store: TaskStore, settings: Settings) -> AsyncIterator[None]:
    """A worker's delivering side."""
    stop = asyncio.Event()
    running = asyncio.create_task(deliver_forever(store, Keyring.open(settings), settings, stop))
    yield
    stop.set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def latencies(url: str, settings: Settings) -> tuple[list[float], list[float]]:
    """Alone, and beside the one that hangs."""
    alone: list[float] = []
    beside: list[float] = []
    async with Clocked() as receiver, HttpServer() as dead, await open_pool(url, settings) as pool:
        over = asyncio.Event()

        async def hang(_: asyncio.StreamWriter) -> None:
            await over.wait()

        dead.routes["/hook"] = hang
        allow = tuple(f"127.0.0.1/32:{each.port}" for each in (receiver, dead))
        settings = settings.model_copy(update={"fetch_allow": allow})
        await KeyStore(pool, Keyring.open(settings)).create("bench")  # and with it the account
        store = TaskStore(pool, await TicketQueue.open(url, settings), settings)
        for _ in range(TURNS):
            async with delivering(store, settings):
                await turn(store, receiver)  # warm
                alone += await turn(store, receiver)
                for _ in range(WAITING):
                    await end_task(store, f"http://127.0.0.1:{dead.port}/hook")
                beside += await turn(store, receiver)
            async with pool.connection() as connection:
                await connection.execute("DELETE FROM webhook_deliveries")
        over.set()
        await store.queue.close()
    return alone, beside


def measure() -> Section:
    """Both, with the settings as they are by default."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data", public_url="https://pictures.example")
        with Supervisor(settings) as server:
            asyncio.run(migrate(server.url))
            alone, beside = asyncio.run(latencies(server.url, settings))
        forget_cluster(settings.data_dir)
    ratio = quantile(beside, 0.99) / quantile(alone, 0.99)
    return Section(
        "Webhooks",
        "python -m bench webhooks",
        (
            Figure("told p50 after the commit", f"{quantile(alone, 0.5) * 1000:.1f} ms"),
            Figure("told p99 after the commit", f"{quantile(alone, 0.99) * 1000:.1f} ms"),
            Figure("p50 beside a receiver that hangs", f"{quantile(beside, 0.5) * 1000:.1f} ms"),
            Figure(
                "p99 beside a receiver that hangs",
                f"{quantile(beside, 0.99) * 1000:.1f} ms, ratio {ratio:.2f}",
                f"<= {_AIM}",
                ratio <= _AIM,
            ),
        ),
        f"{TURNS} turns of {MESSAGES} messages each, one after the other at {RATE} a second at most; "
        f"{WAITING} wait for the one that hangs.",
    )
