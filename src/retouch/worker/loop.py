"""The worker: takes tickets, runs attempts, and hands every task on in a state that loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from retouch import telemetry
from retouch.errors import (
    ChildCrashed,
    DeadlineExceeded,
    OutOfMemory,
    ServiceUnavailable,
    TaskCancelled,
    TaskError,
)
from retouch.task import Failure, Task
from retouch.tasks.surely import surely
from retouch.worker import steps

if TYPE_CHECKING:
    from retouch.worker.child.pool import ChildPool
    from retouch.worker.child.session import Session
    from retouch.worker.steps import Attempt, Tools

log = telemetry.logger(__name__)

T = TypeVar("T")

# These end the child; they count against the few attempts that a picture may kill one.
_CRASHES = (ChildCrashed, OutOfMemory, DeadlineExceeded)

# A fault that is no TaskError is ours. It is tried again like one that may pass: what looks like a bug is
# often the other end of something that has just gone away.
_INTERNAL = Failure("internal_error", "server_error", "Something went wrong on our side.")


class Worker:
    """Runs tasks whose tickets it is given. One instance a process, one attempt per child at a time."""

    def __init__(self, tools: Tools, children: ChildPool) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._tools = tools
        self._children = children

    async def handle(self, task_id: str) -> None:
        """Run one attempt at a task, if it still waits for one. An attempt starts once a child is free."""
        async with self._children.session() as session:
            task = await self._tools.store.claim(task_id, self.name)
            if task is None:
                return
            with telemetry.bound(task_id=task.id, attempt=task.attempt, request_id=task.request_id):
                await self._attempt(task, session)

    async def _attempt(self, task: Task, session: Session) -> None:
        attempt = steps.Attempt(task, session)
        log.info("attempt started", worker=self.name)
        work = asyncio.create_task(steps.run(attempt, self._tools, self._entered))
        pulse = asyncio.create_task(self._heartbeat(attempt))
        try:
            await asyncio.wait({work, pulse}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                log.info("attempt fenced: the task was cancelled or taken over")
                return
            await self._settle(attempt, work)
        except asyncio.CancelledError:
            session.kill()
            await self._surely(lambda: self._tools.store.hand_back(task.id, task.attempt))
            log.info("attempt handed back")
            raise
        finally:
            await _end(pulse)
            if not work.done():
                session.kill()
                await _end(work)

    async def _settle(self, attempt: Attempt, work: asyncio.Task[None]) -> None:
        """Turn what the steps raised into the next state of the task."""
        store, task = self._tools.store, attempt.task
        try:
            work.result()
        except (steps.Fenced, TaskCancelled):
            log.info("attempt fenced: the task was cancelled or taken over")
        except TaskError as error:
            failure = Failure(error.code, error.type, error.message)
            log.info(
                "attempt failed", code=error.code, retryable=error.retryable, cause=repr(error.__cause__)
            )
            if error.retryable:
                crashed = isinstance(error, _CRASHES)
                await self._surely(lambda: store.retry(task.id, task.attempt, failure, crashed=crashed))
            else:
                await self._surely(lambda: store.fail(task.id, task.attempt, failure))
        except ServiceUnavailable:
            log.warning("attempt given back: the database went away")
            await self._surely(lambda: store.hand_back(task.id, task.attempt))
        except Exception:
            log.exception("attempt failed unexpectedly")
            await self._surely(lambda: store.retry(task.id, task.attempt, _INTERNAL, crashed=False))
        else:
            log.info("attempt completed", **{f"{name}_s": took for name, took in attempt.timings.items()})

    async def _heartbeat(self, attempt: Attempt) -> None:
        """Keep the lease and carry progress; returns when the task is no longer ours."""
        task = attempt.task
        while True:
            await asyncio.sleep(self._tools.settings.heartbeat_s)
            try:
                if not await self._tools.store.heartbeat(task.id, task.attempt, int(attempt.progress)):
                    return
            except ServiceUnavailable:
                # The work goes on: whether somebody took over meanwhile is decided at the commit.
                log.warning("heartbeat missed: the database is away")

    async def _surely(self, write: Callable[[], Awaitable[T]]) -> T | None:
        """Repeat a write until the database takes it, as long as the lease could still be ours."""
        return await surely(write, within_s=self._tools.settings.lease_s)

    def _entered(self, step: str) -> None:
        log.debug("step", step=step)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
