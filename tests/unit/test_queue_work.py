"""Tickets reach handlers: at once, by polling when no NOTIFY comes, after a break; and how handlers end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from pydantic import SecretStr
from tests.support_tasks import CEILING_S, OUTCOME, submit, until

from retouch.database.pool import Pool
from retouch.settings import Settings
from retouch.task import Status
from retouch.tasks.queue import TicketQueue
from retouch.tasks.reconcile import reconcile
from retouch.tasks.store import TaskStore


@contextlib.asynccontextmanager
async def working(
    settings: Settings, handler: Callable[[str], Awaitable[None]], slots: int = 2
) -> AsyncIterator[asyncio.Event]:
    """A worker on this test's database, stopped at the end of the block."""
    assert settings.database_url is not None
    queue = await TicketQueue.open(settings.database_url.get_secret_value(), settings)
    stop = asyncio.Event()
    work = asyncio.create_task(queue.work(handler, slots=slots, stop=stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(work, CEILING_S)


async def tickets(pool: Pool) -> list[str]:
    async with pool.connection() as connection:
        rows = await connection.execute("SELECT status::text FROM procrastinate_jobs ORDER BY id")
        return [row["status"] for row in await rows.fetchall()]


async def empty(pool: Pool) -> bool:
    return await tickets(pool) == []


async def status_of(store: TaskStore, task_id: str) -> Status:
    task = await store.get(task_id)
    assert task is not None
    return task.status


@pytest.mark.parametrize("notify", [True, False])
async def test_tickets_are_worked_on_and_deleted(
    store: TaskStore,
    pool: Pool,
    settings: Settings,
    notify: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """With NOTIFY off, or lost, the poll finds what is there."""
    chosen = settings.model_copy(
        update={"queue_notify": notify, "queue_poll_s": 0.05 if not notify else 3600.0}
    )

    async def handle(task_id: str) -> None:
        claimed = await store.claim(task_id, "w")
        assert claimed is not None
        assert await store.complete(task_id, claimed.attempt, OUTCOME)

    async with working(chosen, handle):
        made = [await submit(store) for _ in range(10)]
        await until(lambda: empty(pool))
    assert {await status_of(store, task.id) for task in made} == {Status.COMPLETED}


async def test_a_handler_that_raises_costs_its_ticket_and_the_reconciler_makes_another(
    store: TaskStore, pool: Pool, settings: Settings
) -> None:
    seen: list[str] = []

    async def handle(task_id: str) -> None:
        seen.append(task_id)
        if len(seen) == 1:
            raise RuntimeError("a bug")
        claimed = await store.claim(task_id, "w")
        assert claimed is not None
        await store.complete(task_id, claimed.attempt, OUTCOME)

    async with working(settings, handle):
        task = await submit(store)
        await until(lambda: empty(pool))
        assert await status_of(store, task.id) is Status.PENDING
        assert (await reconcile(store, pool)).tickets_made == 1
        await until(lambda: empty(pool))
    assert await status_of(store, task.id) is Status.COMPLETED


async def test_at_shutdown_a_late_handler_is_cancelled_once_and_hands_its_task_back(
    store: TaskStore, settings: Settings
) -> None:
    chosen = settings.model_copy(update={"shutdown_grace_s": 0.05})
    started, cancels = asyncio.Event(), 0

    async def handle(task_id: str) -> None:
        nonlocal cancels
        claimed = await store.claim(task_id, "w")
        assert claimed is not None
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancels += 1
            await store.hand_back(task_id, claimed.attempt)
            raise

    async with working(chosen, handle):
        task = await submit(store)
        await asyncio.wait_for(started.wait(), CEILING_S)
    assert cancels == 1
    handed = await store.get(task.id)
    assert handed is not None
    assert (handed.status, handed.attempt, handed.worker_lost) == (Status.PENDING, 1, 0)
    next_claim = await store.claim(task.id, "w2")
    assert next_claim is not None
    assert next_claim.attempt == 2


async def test_within_the_grace_time_a_handler_finishes(store: TaskStore, settings: Settings) -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def handle(task_id: str) -> None:
        claimed = await store.claim(task_id, "w")
        assert claimed is not None
        started.set()
        await finish.wait()
        assert await store.complete(task_id, claimed.attempt, OUTCOME)

    async with working(settings, handle) as stop:
        task = await submit(store)
        await asyncio.wait_for(started.wait(), CEILING_S)
        stop.set()
        finish.set()
    assert await status_of(store, task.id) is Status.COMPLETED


@pytest.mark.parametrize("notify", [True, False])
async def test_a_cancel_reaches_the_handler(
    store: TaskStore,
    settings: Settings,
    notify: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Where workers only poll, they poll for cancels too."""
    chosen = settings.model_copy(update={"queue_notify": notify, "queue_poll_s": 0.05})
    started, told = asyncio.Event(), asyncio.Event()

    async def handle(task_id: str) -> None:
        assert await store.claim(task_id, "w")
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.set()
            raise

    async with working(chosen, handle):
        task = await submit(store)
        await asyncio.wait_for(started.wait(), CEILING_S)
        assert await store.cancel(task.id, None) is Status.CANCELLED
        await asyncio.wait_for(told.wait(), CEILING_S)


async def test_a_handler_outlives_a_breakdown_of_the_fetching(
    store: TaskStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library stops its jobs when a fetch fails; ours go on, and fetching begins again."""
    started, finish, broke = asyncio.Event(), asyncio.Event(), asyncio.Event()
    fetch = JobManager.fetch_job
    first = await submit(store)

    async def breaking(manager: JobManager, queues: list[str] | None, worker_id: int) -> Job | None:
        if started.is_set() and not broke.is_set():
            broke.set()
            raise ConnectorException("the connection was cut")
        return await fetch(manager, queues, worker_id)

    async def handle(task_id: str) -> None:
        claimed = await store.claim(task_id, "w")
        assert claimed is not None
        if task_id == first.id:
            started.set()
            await finish.wait()
        assert await store.complete(task_id, claimed.attempt, OUTCOME)

    monkeypatch.setattr(JobManager, "fetch_job", breaking)
    async with working(settings.model_copy(update={"queue_poll_s": 0.02}), handle):
        await asyncio.wait_for(broke.wait(), CEILING_S)
        second = await submit(store)
        await until(lambda: _is(store, second.id, Status.COMPLETED))
        assert await status_of(store, first.id) is Status.PROCESSING
        finish.set()
    assert await status_of(store, first.id) is Status.COMPLETED


async def test_a_database_that_is_away_is_tried_until_the_stop(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    away = settings.model_copy(
        update={"database_url": SecretStr(f"postgresql:///x?host={tmp_path_factory.mktemp('empty')}")}
    )

    async def never(task_id: str) -> None:
        raise AssertionError(task_id)

    async with working(away, never):
        await asyncio.sleep(0)  # let it begin; that it ends is what this test waits for


async def _is(store: TaskStore, task_id: str, status: Status) -> bool:
    return await status_of(store, task_id) is status
