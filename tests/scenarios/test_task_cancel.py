"""A client changes its mind: a waiting task is cancelled at once, an ended one cannot be."""

from __future__ import annotations

import httpx2
from tests.scenarios.world import Work, make_task, problem

from retouch.task import Status
from retouch.tasks.store import TaskStore


async def test_a_waiting_task_is_cancelled(client: httpx2.AsyncClient, store: TaskStore) -> None:
    task = await make_task(store)

    answer = await client.post(f"/v1/tasks/{task.id}/cancel")

    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data["status"] == "cancelled"
    assert "completed" in data
    assert "result" not in data
    assert "error" not in data
    assert await store.claim(task.id, "test") is None, "no worker gets it any more"


async def test_a_running_task_is_cancelled_and_its_worker_fenced(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    claimed = await work.begin(task.id)

    answer = await client.post(f"/v1/tasks/{task.id}/cancel")

    assert answer.json()["data"]["status"] == "cancelled"
    assert not await store.heartbeat(task.id, claimed.attempt, 50)


async def test_an_ended_task_stays_as_it_is(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    done, dropped = await make_task(store), await make_task(store)
    await work.complete(done.id)
    await store.cancel(dropped.id, "default")

    for task in (done, dropped):
        problem(await client.post(f"/v1/tasks/{task.id}/cancel"), 409, "idempotency_error")

    untouched = await store.get(done.id)
    assert untouched is not None
    assert untouched.status is Status.COMPLETED
