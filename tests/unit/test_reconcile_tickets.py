"""The reconciler makes tickets fit the tasks: lost leases, lost tickets, tickets of the dead."""

from __future__ import annotations

import asyncio

import pytest
from tests.support_tasks import OUTCOME, submit, until

from retouch.database.pool import Pool
from retouch.errors import ServiceUnavailable
from retouch.settings import Settings
from retouch.task import Status
from retouch.tasks.queue import TicketQueue
from retouch.tasks.reconcile import Reconciled, reconcile, reconcile_forever
from retouch.tasks.store import TaskStore

TAKEN = (
    "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
)


async def sql(pool: Pool, command: str, *values: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(command.encode(), values)


async def waiting(pool: Pool) -> list[str]:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        )
        return [row["queueing_lock"] for row in await cursor.fetchall()]


async def test_where_all_is_well_nothing_is_done(store: TaskStore, pool: Pool) -> None:
    task = await submit(store)
    assert await reconcile(store, pool) == Reconciled(0, 0, 0)
    assert await waiting(pool) == [task.id]


async def test_a_lost_lease_is_taken_over_with_a_ticket(store: TaskStore, pool: Pool) -> None:
    task = await submit(store)
    await store.claim(task.id, "dies")
    await sql(pool, "DELETE FROM procrastinate_jobs")
    assert (await reconcile(store, pool)).taken_over == 0  # its lease still runs
    await sql(pool, "UPDATE tasks SET lease_until = now() - interval '1 ms'")
    assert (await reconcile(store, pool)).taken_over == 1
    assert await waiting(pool) == [task.id]
    assert not await store.complete(task.id, 1, OUTCOME)
    taken = await store.get(task.id)
    assert taken is not None
    assert (taken.status, taken.worker_lost) == (Status.PENDING, 1)


async def test_a_task_that_loses_all_its_workers_ends_and_says_so(
    store: TaskStore, settings: Settings, pool: Pool
) -> None:
    task = await submit(store)
    for _ in range(settings.worker_lost_max):
        assert await store.claim(task.id, "dies")
        await sql(pool, "UPDATE tasks SET lease_until = now() - interval '1 ms'")
        assert await store.take_over() == 1
    dead = await store.get(task.id)
    assert dead is not None
    assert dead.failure is not None
    assert (dead.status, dead.failure.code) == (Status.FAILED, "worker_lost")
    assert str(settings.worker_lost_max) in dead.failure.message


async def test_a_lost_ticket_is_made_again_a_delayed_one_is_not_lost(
    store: TaskStore, queue: TicketQueue, pool: Pool
) -> None:
    lost, delayed = await submit(store), await submit(store)
    await sql(pool, "DELETE FROM procrastinate_jobs")
    async with pool.connection() as connection:
        await queue.defer(connection, delayed.id, delay_s=3600)
    assert (await reconcile(store, pool)).tickets_made == 1
    assert await waiting(pool) == [delayed.id, lost.id]


@pytest.mark.parametrize(("heartbeat_age", "made"), [("0 s", 0), ("60 s", 1)])
async def test_a_ticket_counts_while_its_worker_lives(
    store: TaskStore, pool: Pool, heartbeat_age: str, made: int
) -> None:
    await submit(store)
    await sql(
        pool,
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval)",
        heartbeat_age,
    )
    await sql(
        pool,
        TAKEN,
    )
    found = await reconcile(store, pool)
    assert (found.tickets_made, found.stale_tickets_deleted) == (made, made)


async def test_a_worker_that_never_claimed_its_ticket_does_not_keep_the_task(
    store: TaskStore, pool: Pool
) -> None:
    """The database went away between the ticket and the claim, and again before the ticket was finished."""
    task = await submit(store)
    await sql(pool, "INSERT INTO procrastinate_workers DEFAULT VALUES")
    await sql(
        pool,
        TAKEN,
    )
    await sql(pool, "UPDATE procrastinate_events SET at = now() - interval '1 minute'")
    assert (await reconcile(store, pool)).tickets_made == 1
    assert await waiting(pool) == [task.id]


async def test_tickets_of_ended_and_unknown_tasks_go(
    store: TaskStore, queue: TicketQueue, pool: Pool
) -> None:
    ended = await submit(store)
    await store.cancel(ended.id, None)
    assert await waiting(pool) == []
    async with pool.connection() as connection:
        await queue.defer(connection, ended.id)
        await queue.defer(connection, "task_that_never_was")
    assert (await reconcile(store, pool)).stale_tickets_deleted == 2
    assert await waiting(pool) == []


async def test_it_looks_at_once_and_until_it_is_stopped(
    store: TaskStore, pool: Pool, settings: Settings
) -> None:
    task = await submit(store)
    await sql(pool, "DELETE FROM procrastinate_jobs")
    stop = asyncio.Event()
    forever = asyncio.create_task(reconcile_forever(store, settings, stop))

    async def made() -> bool:
        return await waiting(pool) == [task.id]

    await until(made)
    stop.set()
    await forever


async def test_a_full_queue_refuses_until_there_is_room(
    pool: Pool, queue: TicketQueue, settings: Settings
) -> None:
    store = TaskStore(pool, queue, settings.model_copy(update={"queue_max_depth": 3}))
    first, _, _ = [await submit(store) for _ in range(3)]
    with pytest.raises(ServiceUnavailable) as refused:
        await submit(store)
    assert refused.value.headers["Retry-After"]
    assert (await store.counts())[Status.PENDING] == 3
    await store.cancel(first.id, None)
    await submit(store)
    assert await store.oldest_pending_age() > 0
