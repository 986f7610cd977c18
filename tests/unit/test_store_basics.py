"""A task's way through the store, once down each branch."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.support_tasks import FAILURE, OUTCOME, REQUEST, submit

from retouch.errors import InvalidRequest
from retouch.task import Status
from retouch.tasks.store import TaskStore


async def test_a_task_is_claimed_worked_on_and_completed(store: TaskStore) -> None:
    made = await submit(store)
    assert made.status is Status.PENDING
    claimed = await store.claim(made.id, "w1")
    assert claimed is not None
    assert (claimed.status, claimed.attempt) == (Status.PROCESSING, 1)
    assert await store.claim(made.id, "w2") is None
    assert await store.heartbeat(made.id, 1, 40)
    assert await store.heartbeat(made.id, 1, 30)
    assert await store.checkpoint(made.id, 1, {"paid": True})
    running = await store.get(made.id)
    assert running is not None
    assert (running.progress, running.checkpoint) == (40, {"paid": True})
    assert await store.complete(made.id, 1, OUTCOME)
    assert not await store.complete(made.id, 1, OUTCOME)
    done = await store.get(made.id, "default")
    assert done is not None
    assert (done.status, done.progress, done.outcome) == (Status.COMPLETED, 100, OUTCOME)
    assert done.expires_at is not None
    kinds = [event.kind for event in await store.events(made.id)]
    assert kinds == ["pending", "processing", "progress", "completed"]


async def test_a_task_of_another_account_does_not_exist(store: TaskStore) -> None:
    made = await submit(store, "anna")
    assert await store.get(made.id, "bert") is None
    assert await store.get_many([made.id], "bert") == {}
    assert await store.list("bert") == []
    assert await store.cancel(made.id, "bert") is None
    assert await store.get(made.id, "anna") == made


async def test_of_twenty_claims_at_once_one_wins(store: TaskStore) -> None:
    made = await submit(store)
    claims = await asyncio.gather(*(store.claim(made.id, f"w{i}") for i in range(20)))
    assert sum(claim is not None for claim in claims) == 1


async def test_a_cancelled_attempt_is_fenced(store: TaskStore) -> None:
    made = await submit(store)
    await store.claim(made.id, "w1")
    assert await store.cancel(made.id, "default") is Status.CANCELLED
    assert not await store.heartbeat(made.id, 1, 50)
    assert not await store.complete(made.id, 1, OUTCOME)
    assert not await store.hand_back(made.id, 1)
    assert await store.retry(made.id, 1, FAILURE, crashed=True) is None
    assert await store.cancel(made.id, None) is Status.CANCELLED


async def test_lists_page_newest_first(store: TaskStore) -> None:
    ids = [(await submit(store)).id for _ in range(5)]
    page = await store.list("default", limit=2)
    assert [task.id for task in page] == sorted(ids, reverse=True)[:2]
    rest = await store.list("default", before=page[-1].id)
    assert [task.id for task in rest] == sorted(ids, reverse=True)[2:]
    assert await store.list("default", status=Status.FAILED) == []
    assert (await store.counts())[Status.PENDING] == 5


@pytest.mark.parametrize("text", ["a\0b", "half \ud83d a pair"])
async def test_text_that_cannot_be_kept_is_refused_at_the_door_and_mended_at_the_end(
    store: TaskStore, text: str
) -> None:
    """PostgreSQL keeps no zero byte; an attempt whose failure quotes one must still be able to end."""
    with pytest.raises(InvalidRequest):
        await submit(store, request=replace(REQUEST, prompt=text))
    with pytest.raises(InvalidRequest):
        await store.get(f"task_{text}")
    task = await submit(store)
    await store.claim(task.id, "w")
    assert await store.checkpoint(task.id, 1, {text: [text]})
    assert await store.fail(task.id, 1, replace(FAILURE, message=text))
    ended = await store.get(task.id)
    assert ended is not None
    assert ended.failure is not None
    assert ended.failure.message[:1] == text[:1]


async def test_a_retry_waits_in_a_delayed_ticket_and_a_hand_back_does_not(store: TaskStore) -> None:
    retried, handed = await submit(store), await submit(store)
    await store.claim(retried.id, "w")
    await store.claim(handed.id, "w")
    assert await store.retry(retried.id, 1, FAILURE, crashed=False) is Status.PENDING
    assert await store.hand_back(handed.id, 1)
    async with store.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT queueing_lock AS task, scheduled_at > now() AS later FROM procrastinate_jobs"
        )
        tickets = {row["task"]: row["later"] for row in await cursor.fetchall()}
    assert tickets == {retried.id: True, handed.id: None}
    reasons = [(await store.events(task.id))[-1].data.get("reason") for task in (retried, handed)]
    assert reasons == ["engine_failed", "handed_back"]
