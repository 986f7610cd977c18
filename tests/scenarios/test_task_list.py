"""A client pages through its tasks, newest first, without meeting one twice or missing one."""

from __future__ import annotations

import httpx2
import pytest
from tests.scenarios.world import Work, make_task, problem

from retouch.api import wire
from retouch.tasks.store import TaskStore


async def test_pages_cover_everything_once(client: httpx2.AsyncClient, store: TaskStore) -> None:
    made = [(await make_task(store)).id for _ in range(5)]

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get("/v1/tasks", params={"limit": "2", **cursor})
        page = wire.TaskPage.model_validate(answer.json())
        seen += [task.id for task in page.data]
        if page.next_cursor is None:
            break
        cursor = {"cursor": page.next_cursor}

    assert seen == sorted(made, reverse=True)


async def test_one_status_is_asked_for(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    waiting, done = await make_task(store), await make_task(store)
    await work.complete(done.id)

    completed = (await client.get("/v1/tasks", params={"status": "completed"})).json()
    pending = (await client.get("/v1/tasks", params={"status": "pending"})).json()

    assert [task["id"] for task in completed["data"]] == [done.id]
    assert [task["id"] for task in pending["data"]] == [waiting.id]


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "101"), ("limit", "x"), ("status", "queued"), ("cursor", "x")],
)
async def test_a_wrong_parameter_is_named(client: httpx2.AsyncClient, name: str, value: str) -> None:
    answer = await client.get("/v1/tasks", params={name: value})

    assert problem(answer, 400, "invalid_request_error")["param"] == name
