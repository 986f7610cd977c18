"""Intermediate pictures on their way to those who follow a task: stored, then told as an event.

They are worth showing and never worth waiting for: one that cannot be stored is dropped. They lie beside the
attempt's results, named by no row, so the sweep of orphans takes them some minutes after the task's end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from retouch.errors import ServiceUnavailable, StorageUnavailable
from retouch.telemetry import logger

if TYPE_CHECKING:
    from retouch.storage import ObjectStore
    from retouch.task import Task
    from retouch.tasks.store import TaskStore

_log = logger(__name__)


@contextlib.asynccontextmanager
async def showing(
    task: Task, objects: ObjectStore, store: TaskStore
) -> AsyncIterator[Callable[[bytes], None] | None]:
    """What takes pictures (WebP) and never blocks; None where the request asks for none.

    Those that were taken are told before this ends, so that none comes after the task's end.
    """
    if task.request.previews == 0:
        yield None
        return
    taken: asyncio.Queue[bytes | None] = asyncio.Queue()
    telling = asyncio.create_task(_tell(task, objects, store, taken))
    try:
        yield taken.put_nowait
        taken.put_nowait(None)
        await telling
    finally:
        telling.cancel()


async def _tell(
    task: Task, objects: ObjectStore, store: TaskStore, taken: asyncio.Queue[bytes | None]
) -> None:
    index = 0
    while (picture := await taken.get()) is not None:
        key = f"results/{task.id}/{task.attempt}/preview-{index}.webp"
        try:
            await objects.put(key, picture)
            await store.preview(task.id, task.attempt, key, index)
        except (ServiceUnavailable, StorageUnavailable) as error:
            _log.info("a preview was dropped", reason=error.message)
        index += 1
