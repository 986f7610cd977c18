"""Many tasks are asked for at once; the answer keeps the order, and says which are not there."""

from __future__ import annotations

import httpx2
import pytest
from tests.scenarios.world import Work, make_task, problem

from retouch.api import wire
from retouch.tasks.store import TaskStore

NEVER = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"


async def test_the_order_is_kept(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    first, second = await make_task(store), await make_task(store)
    await work.complete(second.id)

    answer = await client.post("/v1/tasks/batch", json={"task_ids": [second.id, NEVER, first.id, second.id]})

    assert answer.status_code == 200
    wire.BatchAnswer.model_validate(answer.json())
    assert [(entry["id"], entry["status"]) for entry in answer.json()["data"]] == [
        (second.id, "completed"),
        (NEVER, "not_found"),
        (first.id, "pending"),
        (second.id, "completed"),
    ]


@pytest.mark.parametrize("ids", [None, [], "task", [1], ["nonsense"], [NEVER] * 101])
async def test_what_is_no_list_of_ids_is_refused(client: httpx2.AsyncClient, ids: object) -> None:
    answer = await client.post("/v1/tasks/batch", json={"task_ids": ids})

    assert problem(answer, 400, "invalid_request_error")["param"] == "task_ids"


async def test_a_hundred_are_taken(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/tasks/batch", json={"task_ids": [NEVER] * 100})

    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 100
