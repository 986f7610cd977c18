"""What the tests of the tasks' room share: a request, a submit, an outcome, and waiting for a condition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from ulid import ULID

from retouch.task import EditRequest, Failure, Source, SourceKind, StoredPicture, Task, TaskOutcome
from retouch.tasks.store import TaskStore

CEILING_S = 60.0  # of every wait: far above what is expected, only there to end a broken test
OUTCOME = TaskOutcome("builtin", (StoredPicture("results/t/1/0.png", "image/png", 4, 3, 99, 7),))
FAILURE = Failure("engine_failed", "server_error", "it broke")
REQUEST = EditRequest("m", "make it night", (Source(SourceKind.URL, "https://example.com/a.png"),), seed=5)


async def submit(store: TaskStore, account: str = "default", request: EditRequest = REQUEST) -> Task:
    """Submit a task of that account, which is made if there is none."""
    await ensure_account(store, account)
    return await store.create(
        task_id=f"task_{ULID()}", account_id=account, key_id="key_1", request_id="req_1", request=request
    )


async def ensure_account(store: TaskStore, account: str) -> None:
    """Only what a key belongs to may submit; a test need not make a key for that."""
    async with store.pool.connection() as connection:
        await connection.execute("INSERT INTO accounts (id) VALUES (%s) ON CONFLICT DO NOTHING", [account])


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition in the database, looking often."""
    deadline = time.monotonic() + CEILING_S
    while not await condition():
        assert time.monotonic() < deadline, "the condition did not come about"
        await asyncio.sleep(0.01)
