"""A client that waits for its pictures can always find its task again, however the wait ends.

The answer of a synchronous dialect may be pictures, a failure, a 503 or a 504: once the task exists, each of
them names it and keeps SDKs from posting a second one. Where nobody may wait any more, none is made.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx2
import pytest
from tests.conformance.dialects import DIALECTS
from tests.scenarios.conftest import Start
from tests.scenarios.world import PNG, Work, connect, problem

from retouch.api import wire
from retouch.errors import StorageUnavailable
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.task import Failure
from retouch.tasks.store import TaskStore

PROMPT = {"prompt": "Make it night", "seed": 7}
FIELDS = {
    "openai form": {"created", "data", "ignored", "warnings", "usage"}
    | {"output_format", "size", "background", "quality"},
    "xai": {"created", "data", "ignored", "warnings"},
}
FIELDS["openai json"] = FIELDS["openai form"]
waiting = pytest.mark.parametrize("dialect", FIELDS)


async def send(client: httpx2.AsyncClient, dialect: str, **fields: Any) -> httpx2.Response:
    """The submit as its dialect says it."""
    said = DIALECTS[dialect](PROMPT | fields)
    kind = {"Content-Type": said.headers["Content-Type"]}
    return await client.post("/v1/images/edits", content=said.read(), headers=kind, timeout=30)


async def submitted(store: TaskStore) -> str:
    """The id of the one task, once it is there."""
    tasks = await store.list(None)
    while not tasks:  # each look is a query: others run meanwhile
        tasks = await store.list(None)
    return tasks[0].id


@waiting
@pytest.mark.parametrize("form", ["b64_json", "url"])
async def test_the_pictures(
    client: httpx2.AsyncClient, store: TaskStore, work: Work, dialect: str, form: str
) -> None:
    sending = asyncio.create_task(send(client, dialect, n=2, response_format=form, quality="high"))
    task_id = await submitted(store)
    await work.complete(task_id, pictures=2)

    answer = await sending

    assert answer.status_code == 200, answer.text
    assert answer.headers["x-task-id"] == task_id
    wire.SyncAnswer.model_validate(answer.json())
    body = answer.json()
    assert body.keys() == FIELDS[dialect]
    assert [set(each) for each in body["data"]] == [{form}] * 2
    files = [
        base64.b64decode(each["b64_json"])
        if form == "b64_json"
        else httpx2.get(each["url"], trust_env=False).content
        for each in body["data"]
    ]
    assert files == [PNG, PNG]
    assert [each["param"] for each in body["ignored"]] == ["quality"]


@waiting
@pytest.mark.parametrize(
    "told",
    [
        ("instruction_not_supported", 400, "invalid_request_error"),
        ("out_of_memory", 503, "service_unavailable"),
        ("engine_failed", 500, "server_error"),
    ],
    ids=lambda told: told[0],
)
async def test_a_failure(
    client: httpx2.AsyncClient, store: TaskStore, work: Work, dialect: str, told: tuple[str, int, str]
) -> None:
    code, status, kind = told
    sending = asyncio.create_task(send(client, dialect))
    task_id = await submitted(store)
    await work.fail(task_id, Failure(code, "invalid_request_error", "it did not go"))

    answer = await sending

    assert problem(answer, status, kind)["message"].startswith(code)
    assert answer.headers["x-task-id"] == task_id
    assert answer.headers["x-should-retry"] == "false"


@waiting
async def test_a_cancel(client: httpx2.AsyncClient, store: TaskStore, dialect: str) -> None:
    sending = asyncio.create_task(send(client, dialect))
    task_id = await submitted(store)
    await store.cancel(task_id, "default")

    answer = await sending

    problem(answer, 409, "idempotency_error")
    assert answer.headers["x-task-id"] == task_id


@waiting
async def test_a_wait_that_is_too_long(start: Start, settings: Settings, token: str, dialect: str) -> None:
    hasty = start(settings.model_copy(update={"sync_wait_s": 0.1}))
    async with connect(hasty, token) as client:
        answer = await send(client, dialect)

        assert answer.headers["x-task-id"] in problem(answer, 504, "timeout")["message"]
        assert answer.headers["x-should-retry"] == "false"
        task = (await client.get(f"/v1/tasks/{answer.headers['x-task-id']}")).json()["data"]
    assert task["status"] == "pending", "it goes on"


@waiting
async def test_pictures_that_cannot_be_read_name_their_task(
    client: httpx2.AsyncClient,
    store: TaskStore,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    dialect: str,
) -> None:
    """The store went down between commit and answer: the 503 had no task id, and SDKs posted again."""

    async def broken(*_: object) -> bytes:
        raise StorageUnavailable("bucket s3://private is down")

    sending = asyncio.create_task(send(client, dialect, response_format="b64_json"))
    task_id = await submitted(store)
    monkeypatch.setattr(ObjectStore, "get", broken)
    await work.complete(task_id)

    answer = await sending

    assert "s3://" not in problem(answer, 503, "service_unavailable")["message"]
    assert answer.headers["x-task-id"] == task_id
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["retry-after"]


async def test_where_nobody_may_wait_no_task_is_made(
    start: Start, settings: Settings, token: str, store: TaskStore
) -> None:
    """It was made first and then refused with a 503: the SDK's retry made a second one."""
    full = start(settings.model_copy(update={"streams_max": 0}))
    async with connect(full, token) as client:
        answers = [await send(client, dialect) for dialect in FIELDS]
        answers.append(await send(client, "openai json", stream=True))

    for answer in answers:
        problem(answer, 503, "service_unavailable")
    assert await store.list(None) == []


async def test_where_nobody_may_wait_a_preference_is_not_met(
    start: Start, settings: Settings, token: str
) -> None:
    """``Prefer: wait`` was answered with a 503 for a task that had been made."""
    full = start(settings.model_copy(update={"streams_max": 0}))
    said = DIALECTS["hosted"](PROMPT)
    async with connect(full, token) as client:
        headers = {"Content-Type": "application/json", "Prefer": "wait=5"}
        answer = await client.post("/v1/images/edits", content=said.read(), headers=headers)

    assert answer.json()["data"][0]["status"] == "submitted"
    assert "preference-applied" not in answer.headers
    assert answer.headers["x-task-id"] == answer.json()["data"][0]["task_id"]


async def test_a_plain_http_url_is_refused_where_it_stands(client: httpx2.AsyncClient) -> None:
    url = "http://example.com/a.png"
    bodies: dict[str, dict[str, Any]] = {
        "image_urls[0]": {"image_urls": [url]},
        "images[0].image_url": {"images": [{"image_url": url}]},
        "image.url": {"image": {"url": url}},
        "images[0].url": {"images": [{"url": url}]},
    }
    for param, pictures in bodies.items():
        answer = await client.post("/v1/images/edits", json=PROMPT | pictures)
        assert problem(answer, 400, "invalid_request_error")["param"] == param
