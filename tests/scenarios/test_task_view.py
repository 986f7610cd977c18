"""A client polls a task through its life and gets the fields of the hosted API, no more and no fewer of them.

``result`` only when completed, ``completed`` and ``actual_time`` only when ended, ``error`` only when failed;
``url`` is always a list; a failed task is still HTTP 200.
"""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.scenarios.world import PNG, Work, make_task, problem, unix_now

from retouch.api import wire
from retouch.task import Failure
from retouch.tasks.store import TaskStore


async def view(client: httpx2.AsyncClient, task_id: str, language: str = "en") -> dict[str, Any]:
    answer = await client.get(f"/v1/tasks/{task_id}", params={"language": language})
    assert answer.status_code == 200
    wire.TaskAnswer.model_validate(answer.json())
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_while_it_waits_and_works(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    task = await make_task(store)

    waiting = await view(client, task.id)
    claimed = await work.begin(task.id)
    await store.heartbeat(task.id, claimed.attempt, 40)
    working = await view(client, task.id)

    assert waiting["status"] == "pending"
    assert waiting["progress"] == 0
    assert abs(waiting["created"] - unix_now()) < 60
    assert working["status"] == "processing"
    assert working["progress"] == 40
    assert working["attempts"] == 1
    for shown in (waiting, working):
        assert not {"result", "error", "completed", "actual_time", "expires_at"} & shown.keys()


async def test_completed_it_has_pictures(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    task = await make_task(store, n=2)
    await work.complete(task.id, pictures=2)

    shown = await view(client, task.id)

    assert shown["status"] == "completed"
    assert shown["progress"] == 100
    assert shown["completed"] >= shown["created"]
    assert shown["actual_time"] == shown["completed"] - shown["created"]
    assert shown["cost"] == 0.0
    assert shown["credits_cost"] == 0.0
    assert shown["engine"] == "builtin"
    assert shown["seed"] == 7
    assert shown["warnings"] == ["a warning"]
    assert "error" not in shown
    images = shown["result"]["images"]
    assert [image["seed"] for image in images] == [7, 8]
    for image in images:
        assert image["expires_at"] == shown["expires_at"] > unix_now()
        (url,) = image["url"]
        picture = httpx2.get(url, trust_env=False)
        assert picture.content == PNG


async def test_failed_it_says_why(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    task = await make_task(store)
    failure = Failure("source_not_found", "invalid_request_error", "the URL answered 404")
    await work.fail(task.id, failure)

    shown = await view(client, task.id)

    assert shown["status"] == "failed"
    assert shown["error"] == {
        "code": "source_not_found",
        "message": "the URL answered 404",
        "type": "invalid_request_error",
    }
    assert "result" not in shown
    assert "completed" in shown


async def test_the_reason_is_told_in_the_readers_language(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    await work.fail(task.id, Failure("source_not_found", "invalid_request_error", "the URL answered 404"))

    told = {
        language: (await view(client, task.id, language))["error"]["message"]
        for language in ("en", "zh", "ko", "ja", "es", "fr", "de", "pt", "ru", "ar", "hi", "tlh")
    }

    assert told["tlh"] == told["en"]
    assert len(set(told.values())) == 11


@pytest.mark.parametrize("task_id", ["task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"])
async def test_a_task_that_never_was(client: httpx2.AsyncClient, task_id: str) -> None:
    problem(await client.get(f"/v1/tasks/{task_id}"), 404, "not_found_error")


@pytest.mark.parametrize("task_id", ["task_1", "x", "task_../../etc", "task_%00", "task_" + "0" * 400])
async def test_an_id_that_none_of_ours_could_be(client: httpx2.AsyncClient, task_id: str) -> None:
    answer = await client.get(f"/v1/tasks/{task_id}")

    assert answer.status_code in {400, 404}
    problem(
        answer, answer.status_code, {400: "invalid_request_error", 404: "not_found_error"}[answer.status_code]
    )
