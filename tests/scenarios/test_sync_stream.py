"""OpenAI's stream, event by event: each is what the SDK's own model of it wants."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx2
import pytest
from openai.types import ImageEditCompletedEvent, ImageEditPartialImageEvent
from tests.conformance.dialects import DIALECTS
from tests.scenarios.world import PNG, Work, problem

from retouch.api import wire
from retouch.task import Failure
from retouch.tasks.store import TaskStore


async def events(client: httpx2.AsyncClient, dialect: str, **fields: Any) -> tuple[str, list[dict[str, Any]]]:
    """The task's id and what a stream says, comments left out."""
    said = DIALECTS[dialect]({"prompt": "Make it night", "seed": 7, "stream": True, **fields})
    kind = {"Content-Type": said.headers["Content-Type"]}
    answer = await client.post("/v1/images/edits", content=said.read(), headers=kind, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for frame in answer.text.strip().split("\n\n"):
        if frame.startswith(":"):
            continue
        name, data = frame.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert found[-1]["type"] == name.removeprefix("event: ")
    return answer.headers["x-task-id"], found


async def task_of(store: TaskStore) -> str:
    tasks = await store.list(None)
    while not tasks:
        tasks = await store.list(None)
    return tasks[0].id


async def show(work: Work, task_id: str, *previews: bytes) -> None:
    """What a worker does with intermediate pictures; the claim is the test's."""
    for index, picture in enumerate(previews):
        key = f"results/{task_id}/1/preview-{index}.webp"
        await work.objects.put(key, picture)
        assert await work.store.preview(task_id, 1, key, index)


@pytest.mark.parametrize("dialect", ["openai form", "openai json"])
async def test_previews_then_the_pictures(
    client: httpx2.AsyncClient, store: TaskStore, work: Work, dialect: str
) -> None:
    asked = {"partial_images": 2, "n": 2, "background": "opaque", "output_format": "webp", "quality": "high"}
    following = asyncio.create_task(events(client, dialect, **asked))
    task_id = await task_of(store)
    task = await work.begin(task_id)
    await show(work, task_id, b"first", b"second")
    await work.deliver(task, pictures=2)

    named, found = await following

    assert named == task_id
    partials, completed = found[:2], found[2:]
    assert [base64.b64decode(each["b64_json"]) for each in partials] == [b"first", b"second"]
    assert [each["partial_image_index"] for each in partials] == [0, 1]
    for each in partials:
        ImageEditPartialImageEvent.model_validate(each)
        assert (each["output_format"], each["background"]) == ("webp", "opaque")
    assert [base64.b64decode(each["b64_json"]) for each in completed] == [PNG, PNG]
    for each in completed:
        ImageEditCompletedEvent.model_validate(each | {"size": "auto"})  # of which we have more than it knows
        assert (each["size"], each["background"], each["output_format"]) == ("1x1", "opaque", "webp")
        assert each["usage"]["total_tokens"] == 0
        assert [one["param"] for one in each["ignored"]] == ["quality"]


async def test_a_failure_ends_it(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    following = asyncio.create_task(events(client, "openai json", partial_images=1))
    await work.fail(await task_of(store), Failure("engine_failed", "server_error", "it did not go"))

    _, (found,) = await following

    assert found.pop("type") == "error"
    assert wire.Problem.model_validate(found).error.message.startswith("engine_failed")


async def test_what_is_wrong_is_said_before_the_stream(client: httpx2.AsyncClient, store: TaskStore) -> None:
    said = DIALECTS["openai json"]({"prompt": "Make it night", "stream": True, "n": 0})
    answer = await client.post("/v1/images/edits", json=json.loads(said.read()))

    assert problem(answer, 400, "invalid_request_error")["param"] == "n"
    assert await store.list(None) == []
