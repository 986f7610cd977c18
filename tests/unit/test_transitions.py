"""One transition table in three places: the noun, the drawing, the database. And fences at every write."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from itertools import product
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb
from tests.support_tasks import FAILURE, OUTCOME, submit

from retouch.database.pool import Pool
from retouch.settings import Settings
from retouch.task import TRANSITIONS, Status
from retouch.tasks.backoff import Counters, may_try_again, retry_delay_s
from retouch.tasks.rows import outcome_to_row
from retouch.tasks.store import TaskStore

DRAWING = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "task-life.md"


def test_the_drawing_is_the_table() -> None:
    arrows = re.findall(
        r"^    (\w+|\[\*\]) --> (\w+|\[\*\])", DRAWING.read_text(encoding="utf-8"), re.MULTILINE
    )
    drawn = {(Status(a), Status(b)) for a, b in arrows if "[*]" not in (a, b)}
    assert drawn == {(old, new) for old, news in TRANSITIONS.items() for new in news}
    assert {Status(a) for a, b in arrows if b == "[*]"} == {status for status in Status if status.ended}
    assert [b for a, b in arrows if a == "[*]"] == [Status.PENDING]


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)))
async def test_the_database_lets_happen_what_the_table_says(
    store: TaskStore, pool: Pool, old: Status, new: Status
) -> None:
    task = await submit(store)
    await bring_to(store, task.id, old)
    assert await _forced(pool, task.id, new) == (new in TRANSITIONS[old] or new is old)


async def bring_to(store: TaskStore, task_id: str, status: Status) -> None:
    if status is Status.CANCELLED:
        await store.cancel(task_id, None)
    elif status is not Status.PENDING:
        assert await store.claim(task_id, "w")
    if status is Status.COMPLETED:
        assert await store.complete(task_id, 1, OUTCOME)
    if status is Status.FAILED:
        assert await store.fail(task_id, 1, FAILURE)


async def _forced(pool: Pool, task_id: str, new: Status) -> bool:
    """Write the status by hand, with the columns that go with it; whether the database let it happen."""
    try:
        async with pool.connection() as connection, connection.transaction():
            if new is Status.COMPLETED:  # which is refused without a result, whatever the table says
                await connection.execute(
                    "INSERT INTO task_results VALUES (%s, 1, %s) ON CONFLICT DO NOTHING",
                    (task_id, Jsonb(outcome_to_row(OUTCOME))),
                )
            await connection.execute(
                "UPDATE tasks SET status = %(new)s,"
                " ended_at = CASE WHEN %(new)s IN ('completed', 'failed', 'cancelled') THEN now() END,"
                " lease_until = CASE WHEN %(new)s = 'processing' THEN now() END,"
                " failure = CASE WHEN %(new)s = 'failed' THEN '{}'::jsonb END WHERE id = %(id)s",
                {"new": new.value, "id": task_id},
            )
    except psycopg.errors.CheckViolation:
        return False
    return True


async def test_a_second_terminal_event_is_impossible(store: TaskStore, pool: Pool) -> None:
    task = await submit(store)
    await store.cancel(task.id, None)
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO task_events (task_id, seq, kind, data) VALUES (%s, 99, 'completed', '{}')",
                [task.id],
            )


WRITES: dict[str, Callable[[TaskStore, str, int], Awaitable[object]]] = {
    "heartbeat": lambda store, task, token: store.heartbeat(task, token, 50),
    "checkpoint": lambda store, task, token: store.checkpoint(task, token, {"a": 1}),
    "complete": lambda store, task, token: store.complete(task, token, OUTCOME),
    "fail": lambda store, task, token: store.fail(task, token, FAILURE),
    "retry": lambda store, task, token: store.retry(task, token, FAILURE, crashed=False),
    "crash": lambda store, task, token: store.retry(task, token, FAILURE, crashed=True),
    "hand_back": lambda store, task, token: store.hand_back(task, token),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_stale_attempt_writes_nothing(store: TaskStore, write: str) -> None:
    """A worker that was stopped, and taken over meanwhile, wakes up and goes on with what it was doing."""
    task = await submit(store)
    await store.claim(task.id, "slept")
    assert await store.hand_back(task.id, 1)
    await store.claim(task.id, "took over")
    before = await store.get(task.id)
    assert not await WRITES[write](store, task.id, 1)
    assert await store.get(task.id) == before
    assert await WRITES[write](store, task.id, 2)


async def test_the_last_crash_allowed_ends_the_task(store: TaskStore, settings: Settings) -> None:
    task = await submit(store)
    for attempt in range(1, settings.child_crashed_max + 1):
        assert await store.claim(task.id, "w")
        status = await store.retry(task.id, attempt, FAILURE, crashed=True)
        assert status is (Status.FAILED if attempt == settings.child_crashed_max else Status.PENDING)
    dead = await store.get(task.id)
    assert dead is not None
    assert (dead.failure, dead.child_crashed) == (FAILURE, settings.child_crashed_max)
    assert (await store.events(task.id))[-1].data["reason"] == "child_crashed used up"


def test_the_limits_count_what_their_settings_say() -> None:
    settings = Settings(retry_max=4, child_crashed_max=3, worker_lost_max=10)
    allowed = {
        cause: sum(may_try_again(cause, Counters(n, n, n), settings) for n in range(20))
        for cause in ("retries", "child_crashed", "worker_lost")
    }
    assert allowed == {"retries": 4, "child_crashed": 2, "worker_lost": 9}


def test_the_pause_doubles_within_its_jitter_and_ends_somewhere() -> None:
    settings = Settings(retry_base_s=1)
    for n in range(40):
        middle = min(300.0, 2.0**n)
        assert 0.75 * middle <= retry_delay_s("retries", Counters(n, 0, 0), settings) <= 1.25 * middle
