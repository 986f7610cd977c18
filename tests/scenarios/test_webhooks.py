"""A task's end is told to its webhook: the task object, signed, to whoever the submit named."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest_asyncio
from tests.scenarios.conftest import Start
from tests.scenarios.world import STARRY, Work, connect
from tests.support_webhooks import PUBLIC, Receiver, delivering, receiving, with_webhooks

from retouch.settings import Settings
from retouch.tasks.store import TaskStore


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest_asyncio.fixture
async def client(
    start: Start, settings: Settings, receiver: Receiver, store: TaskStore, token: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server with webhooks, beside a worker that delivers them."""
    chosen = with_webhooks(settings, receiver)
    async with delivering(store, chosen), connect(start(chosen), token) as opened:
        yield opened


async def secret_of(client: httpx2.AsyncClient) -> str:
    secret: str = (await client.post("/v1/webhooks/secret")).json()["data"]["secret"]
    return secret


async def submit(client: httpx2.AsyncClient, **changes: object) -> str:
    answer = await client.post("/v1/images/edits", json={**STARRY, **changes})
    assert answer.status_code == 200, answer.text
    task_id: str = answer.json()["data"][0]["task_id"]
    return task_id


async def test_what_a_receiver_gets_is_the_task_as_it_can_be_asked_for(
    client: httpx2.AsyncClient, receiver: Receiver, work: Work
) -> None:
    task_id = await submit(client, webhook=receiver.url, metadata={"order": "7"}, n=2)
    assert receiver.messages == []
    await work.complete(task_id, pictures=2)

    (message,) = await receiver.received(1)

    told = message.verified(await secret_of(client))
    assert told == (await client.get(f"/v1/tasks/{task_id}")).json()["data"]
    assert told["status"] == "completed"
    assert [image["url"][0].startswith(f"{PUBLIC}/v1/files/") for image in told["result"]["images"]] == [
        True
    ] * 2
    assert message.id == task_id.replace("task_", "msg_")
    assert message.headers["retouch-event"] == "task.completed"
    assert message.headers["content-type"] == "application/json"
