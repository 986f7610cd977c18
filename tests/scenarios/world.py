"""What the HTTP scenarios share: a running server, a worker's hands, the hosted API's own example."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx2
import uvloop
from tests.support_tasks import ensure_account
from ulid import ULID

from retouch.api import wire
from retouch.api.server import listen, serve
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.task import EditRequest, Failure, Source, SourceKind, StoredPicture, Task, TaskOutcome
from retouch.tasks.store import TaskStore

# One grey pixel; enough for a door that opens no picture.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
DATA_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
STARRY = {
    "model": "grok-imagine-1.0-edit-apimart",
    "prompt": "Change the background to a starry sky, keep the main subject",
    "image_urls": ["https://example.com/original.png"],
    "n": 1,
}


class Server:
    """serve() on an event loop of its own in a thread, as ``retouch api`` runs it."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self._database_url = url
        self._listener = listen(settings.model_copy(update={"port": 0}))
        self.port: int = self._listener.getsockname()[1]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The base of its addresses."""
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Start, and wait until it serves."""
        self._thread.start()
        assert self._ready.wait(30), "the server did not start"

    def end(self) -> None:
        """Stop gracefully, if that has not been done."""
        if not self._thread.is_alive():
            return
        assert self._loop is not None
        assert self._serving is not None
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server did not end"

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._serving = asyncio.create_task(
            serve(self.settings, self._database_url, ready=self._ready.set, listener=self._listener)
        )
        await asyncio.wait([self._serving])


def connect(server: Server, token: str | None = None) -> httpx2.AsyncClient:
    """A client of a server, with or without a key."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=30)


@dataclass(frozen=True)
class Work:
    """Does by hand what a worker does, so that tests see tasks in every state."""

    store: TaskStore
    objects: ObjectStore

    async def begin(self, task_id: str) -> Task:
        """Claim the task."""
        claimed = await self.store.claim(task_id, "test")
        assert claimed is not None
        return claimed

    async def complete(self, task_id: str, pictures: int = 1) -> None:
        """Begin, and deliver grey pixels."""
        await self.deliver(await self.begin(task_id), pictures)

    async def deliver(self, task: Task, pictures: int = 1) -> None:
        """Grey pixels for a task that was begun."""
        delivered = []
        for index in range(pictures):
            key = f"results/{task.id}/{task.attempt}/{index}.png"
            await self.objects.put(key, PNG)
            seed = task.request.seed + index
            delivered.append(StoredPicture(key, "image/png", 1, 1, len(PNG), seed))
        outcome = TaskOutcome("builtin", tuple(delivered), task.request.ignored, ("a warning",))
        assert await self.store.complete(task.id, task.attempt, outcome)

    async def fail(self, task_id: str, failure: Failure) -> None:
        """Give up for good."""
        task = await self.begin(task_id)
        assert await self.store.fail(task_id, task.attempt, failure)


async def make_task(store: TaskStore, account: str = "default", **changes: object) -> Task:
    """A pending task, put there without HTTP."""
    await ensure_account(store, account)
    source = Source(SourceKind.URL, "https://example.com/original.png")
    values = {
        "model": STARRY["model"],
        "prompt": STARRY["prompt"],
        "seed": 7,
        "sources": (source,),
        **changes,
    }
    return await store.create(
        task_id=f"task_{ULID()}",
        account_id=account,
        key_id="key_test",
        request_id="req_test",
        request=EditRequest(**values),  # type: ignore[arg-type]  # the test's own values
    )


def unix_now() -> int:
    """The time as task objects have it."""
    return int(time.time())


async def raw(server: Server, *pieces: bytes, end: bool = False) -> bytes:
    """What the server says to these bytes until it closes the connection; ``end`` closes our half first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if end:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def problem(answer: httpx2.Response, status: int, kind: str) -> dict[str, Any]:
    """The error of an answer, once its shape has been checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error: dict[str, Any] = wire.Problem.model_validate(answer.json()).error.model_dump(exclude_none=True)
    assert error["code"] == status
    assert error["type"] == kind
    assert error["request_id"] == answer.headers["x-request-id"]
    return error
