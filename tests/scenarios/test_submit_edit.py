"""A client posts the hosted API's own example and gets a task id at once.

The request is the one printed on the hosted API's page; only base URL and key are ours. The task must be
in the database when the answer arrives: nothing acknowledged may be lost.
"""

from __future__ import annotations

import httpx2
from tests.scenarios.world import STARRY

from retouch.task import Status
from retouch.tasks.store import TaskStore


async def test_the_example_of_the_page_makes_one_pending_task(
    client: httpx2.AsyncClient, store: TaskStore
) -> None:
    answer = await client.post("/v1/images/edits", json=STARRY)

    assert answer.status_code == 200
    body = answer.json()
    assert body == {"code": 200, "data": [{"status": "submitted", "task_id": body["data"][0]["task_id"]}]}
    task = await store.get(body["data"][0]["task_id"])
    assert task is not None
    assert task.status is Status.PENDING
    assert task.request.prompt == STARRY["prompt"]


async def test_the_task_can_be_asked_for(client: httpx2.AsyncClient) -> None:
    submitted = (await client.post("/v1/images/edits", json=STARRY | {"n": 2})).json()
    task_id = submitted["data"][0]["task_id"]

    answer = await client.get(f"/v1/tasks/{task_id}")

    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data["id"] == task_id
    assert data["status"] == "pending"
    assert data["progress"] == 0
    assert data["n"] == 2
    assert "result" not in data
    assert "completed" not in data
