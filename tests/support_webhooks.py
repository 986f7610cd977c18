"""What the tests of webhooks share: a receiver on this machine, and a worker's delivering side."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook
from tests.support_tasks import CEILING_S, OUTCOME, REQUEST, until

from retouch.keyring import Keyring
from retouch.settings import Settings
from retouch.task import EditRequest, Task
from retouch.tasks.store import TaskStore
from retouch.testing.network import HttpServer, http_answer
from retouch.webhooks.service import deliver_forever

PUBLIC = "https://pictures.example"


@dataclass(frozen=True)
class Message:
    """One request that came to a receiver."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Which event it is."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """The body, once the reference library has let it pass."""
        Webhook(secret).verify(self.body, self.headers)
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass
class Receiver:
    """An endpoint of ``/hook`` that takes everything until ``answer`` says otherwise."""

    server: HttpServer

    @property
    def url(self) -> str:
        """Where it is told."""
        return self.at("/hook")

    def at(self, path: str) -> str:
        """The URL of a path here."""
        return f"http://127.0.0.1:{self.server.port}{path}"

    def answer(self, status: int, path: str = "/hook", **headers: str) -> None:
        """From now on answer so."""
        self.server.routes[path] = http_answer(status, b"", **headers)

    @property
    def messages(self) -> list[Message]:
        """All that came, in order."""
        return [_message(head, body) for head, body in self.server.requests]

    async def received(self, number: int) -> list[Message]:
        """The messages, as soon as there are so many."""

        async def came() -> bool:
            return len(self.server.requests) >= number

        await until(came)
        return self.messages


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that answers 204."""
    async with HttpServer() as server:
        receiver = Receiver(server)
        receiver.answer(204)
        yield receiver


def with_webhooks(settings: Settings, *receivers: Receiver, **changes: object) -> Settings:
    """Settings under which these receivers can be told, with short pauses."""
    allow = tuple(f"127.0.0.1/32:{receiver.server.port}" for receiver in receivers)
    return settings.model_copy(
        update={
            "public_url": PUBLIC,
            "fetch_allow": allow,
            "reconcile_s": 0.05,
            "webhook_retry_s": (0.01,) * 7,
            **changes,
        }
    )


@contextlib.asynccontextmanager
async def delivering(store: TaskStore, settings: Settings) -> AsyncIterator[None]:
    """The delivering side of a worker, as it runs beside the edits."""
    stop = asyncio.Event()
    running = asyncio.create_task(deliver_forever(store, Keyring.open(settings), settings, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, CEILING_S)


def told(url: str) -> EditRequest:
    """A request with a webhook."""
    return EditRequest(REQUEST.model, REQUEST.prompt, REQUEST.sources, seed=5, webhook=url)


async def finish(store: TaskStore, task: Task) -> None:
    """Complete a pending task."""
    claimed = await store.claim(task.id, "test")
    assert claimed is not None
    assert await store.complete(task.id, claimed.attempt, OUTCOME)


def _message(head: str, body: bytes) -> Message:
    lines = [line.partition(":") for line in head.strip().split("\r\n")[1:]]
    return Message({name.strip().lower(): value.strip() for name, _, value in lines}, body)
