"""One account floods the queue; another's few tasks start soon all the same. Real database, real tickets.

The order in which tasks start is written down by handlers that claim and complete at once: what is tested is
whose turn it is, not how long an edit takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tests.support_tasks import OUTCOME, REQUEST, ensure_account, submit, until

from retouch.database.pool import Pool
from retouch.settings import Settings
from retouch.task import Task
from retouch.tasks.accounts import AccountStore
from retouch.tasks.fairness import put_right
from retouch.tasks.queue import QUEUE, TicketQueue
from retouch.tasks.store import TaskStore


class Hands:
    """Workers over one queue that write down which account's task starts."""

    def __init__(self, store: TaskStore) -> None:
        self.store = store
        self.started: list[str] = []
        self.refused = 0
        self.stop = asyncio.Event()
        self._want = 0

    async def handle(self, task_id: str) -> None:
        """Claim and complete; write down whose it was."""
        task = await self.store.claim(task_id, "w")
        if task is None:
            self.refused += 1
            return
        self.started.append(task.account_id)
        await self.store.complete(task.id, task.attempt, OUTCOME)
        if len(self.started) >= self._want:
            self.stop.set()

    async def start(self, tasks: int, *, workers: int = 1, slots: int = 1) -> Sequence[str]:
        """The accounts of the first ``tasks`` tasks, in the order in which they started."""
        self._want = tasks
        await asyncio.wait_for(
            asyncio.gather(
                *(self.store.queue.work(self.handle, slots=slots, stop=self.stop) for _ in range(workers))
            ),
            120,
        )
        return self.started


async def flood(store: TaskStore, account: str, tasks: int, n: int = 1) -> list[Task]:
    return [await submit(store, account, replace(REQUEST, n=n)) for _ in range(tasks)]


async def test_the_last_of_twenty_starts_within_forty_five_of_a_flood(store: TaskStore) -> None:
    await flood(store, "flooding", 600)
    await flood(store, "patient", 20)

    started = await Hands(store).start(60)

    assert started[:45].count("patient") == 20


async def test_so_it_is_with_several_workers(store: TaskStore) -> None:
    await flood(store, "flooding", 200)
    await flood(store, "patient", 20)

    started = await Hands(store).start(60, workers=3, slots=2)

    assert started[:50].count("patient") == 20, "45, and those that other slots have begun"


async def test_who_comes_later_saved_nothing_up_and_waits_for_no_backlog(store: TaskStore) -> None:
    await flood(store, "flooding", 60)
    hands = Hands(store)
    await hands.start(20)
    await flood(store, "late", 5)
    hands.stop.clear()

    started = (await hands.start(35))[len(hands.started) - 15 :]

    assert started[:12].count("late") == 5


async def test_turns_are_measured_in_pictures(store: TaskStore) -> None:
    """A task of ten pictures is ten turns: the other account has ten tasks of one begun for each of them."""
    await flood(store, "wide", 5, n=10)
    await flood(store, "narrow", 40)

    started = await Hands(store).start(44)

    assert started[:33].count("wide") == 3


async def test_a_weight_is_a_share(store: TaskStore, pool: Pool) -> None:
    await ensure_account(store, "heavy")
    await AccountStore(pool).change("heavy", weight=3.0)
    await flood(store, "light", 40)
    await flood(store, "heavy", 40)

    started = await Hands(store).start(40)

    assert 28 <= started[:40].count("heavy") <= 31


async def test_a_cancelled_flood_costs_its_account_nothing(store: TaskStore) -> None:
    """Its turns were never used: without giving them back, it would wait until the clock is past them."""
    for task in await flood(store, "hasty", 50):
        await store.cancel(task.id, "hasty")
    await flood(store, "patient", 10)
    await flood(store, "hasty", 10)

    started = await Hands(store).start(20)

    assert started[:10].count("hasty") == 5


async def test_an_attempt_that_is_handed_back_keeps_its_place(store: TaskStore) -> None:
    first, *_ = await flood(store, "a", 30)
    claimed = await store.claim(first.id, "w")
    assert claimed is not None
    await flood(store, "b", 30)
    assert await store.hand_back(first.id, claimed.attempt)
    order: list[str] = []
    stop = asyncio.Event()

    async def note(task_id: str) -> None:
        order.append(task_id)
        stop.set()

    await store.queue.work(note, slots=1, stop=stop)
    assert order[0] == first.id


async def test_priorities_begin_anew_before_their_bits_run_out(store: TaskStore, pool: Pool) -> None:
    await flood(store, "old", 3)
    async with pool.connection() as connection:
        await connection.execute("UPDATE fair_clock SET vclock = 30000000")
        await connection.execute("UPDATE accounts SET vfinish = 30000000 WHERE id = 'old'")
        await ensure_account(store, "new")
        await submit(store, "old")
        await put_right(connection, QUEUE, None)
        await submit(store, "new")
        rows = await (
            await connection.execute(
                "SELECT priority, account_id FROM procrastinate_jobs JOIN tasks ON tasks.id = queueing_lock"
                " ORDER BY priority DESC, tasks.id"
            )
        ).fetchall()
    assert [row["account_id"] for row in rows] == ["old", "old", "old", "old", "new"]
    assert rows[-1]["priority"] == 0, "counted from the new zero"


# --- so many tasks at once


async def a_worker_is_there(store: TaskStore) -> bool:
    async with store.pool.connection() as connection:
        found = await connection.execute("SELECT id FROM procrastinate_workers")
        return await found.fetchone() is not None


def bound_to(settings: Settings, store: TaskStore, queue: TicketQueue, tasks: int) -> TaskStore:
    return TaskStore(store.pool, queue, settings.model_copy(update={"account_tasks_at_once": tasks}))


async def test_an_account_at_its_bound_leaves_the_workers_to_others(
    store: TaskStore, queue: TicketQueue, settings: Settings
) -> None:
    """Its tickets are held all at once: one fetch is lost by them, not forty."""
    bound = bound_to(settings, store, queue, 1)
    first, *_ = await flood(bound, "busy", 40)
    running = await bound.claim(first.id, "w")
    assert running is not None
    await flood(bound, "other", 10)
    hands = Hands(bound)

    await hands.start(10)

    assert hands.started == ["other"] * 10
    assert hands.refused == 2, "the running task's own ticket, and one for all that are held"


async def test_a_held_ticket_goes_out_as_soon_as_one_of_its_account_ends(
    store: TaskStore, settings: Settings, database_url_fixture: str
) -> None:
    """No poll wakes it (the queue polls every hour here), and the account's order is kept."""
    patient = settings.model_copy(update={"account_tasks_at_once": 1, "queue_poll_s": 3600.0})
    bound = TaskStore(store.pool, TicketQueue(database_url_fixture, patient), patient)
    tasks = await flood(bound, "busy", 5)
    running = await bound.claim(tasks[0].id, "w")
    assert running is not None
    assert await bound.claim(tasks[1].id, "w") is None, "this holds the tickets of all"
    hands = Hands(bound)
    working = asyncio.create_task(hands.start(4))
    await until(lambda: a_worker_is_there(store))
    await bound.complete(tasks[0].id, running.attempt, OUTCOME)

    assert await working == ["busy"] * 4
    ended = [await store.get(task.id) for task in tasks]
    assert [task.started_at for task in ended if task] == sorted(t.started_at for t in ended if t)  # type: ignore[type-var]


async def test_never_more_than_the_bound_run_however_many_claim(
    store: TaskStore, queue: TicketQueue, settings: Settings
) -> None:
    bound = bound_to(settings, store, queue, 3)
    tasks = await flood(bound, "busy", 12)

    claimed = await asyncio.gather(*(bound.claim(task.id, "w") for task in tasks))

    assert sum(task is not None for task in claimed) == 3


async def test_a_wake_up_that_was_lost_is_made_up_for(
    store: TaskStore, queue: TicketQueue, settings: Settings
) -> None:
    bound = bound_to(settings, store, queue, 1)
    one, two = await flood(bound, "busy", 2)
    assert await bound.claim(one.id, "w") is not None
    assert await bound.claim(two.id, "w") is None
    async with store.pool.connection() as connection:
        await connection.execute("UPDATE accounts SET holds = false")  # as a rollback would leave it
    await bound.cancel(one.id, None)
    async with store.pool.connection() as connection:
        await put_right(connection, QUEUE, 1)
        due = await (
            await connection.execute("SELECT FROM procrastinate_jobs WHERE scheduled_at IS NULL")
        ).fetchall()
    assert len(due) == 1


async def test_a_raised_bound_counts_at_once(
    store: TaskStore, queue: TicketQueue, settings: Settings
) -> None:
    bound = bound_to(settings, store, queue, 1)
    one, two, three = await flood(bound, "busy", 3)
    assert await bound.claim(one.id, "w") is not None
    assert await bound.claim(two.id, "w") is None
    await AccountStore(store.pool).change("busy", tasks_at_once=2)
    assert await bound.claim(two.id, "w") is not None
    assert await bound.claim(three.id, "w") is None
