"""Every few seconds: lost attempts are taken over, lost tickets made again, useless ones deleted."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.errors import ServiceUnavailable
from retouch.tasks.fairness import put_right
from retouch.tasks.queries import queries
from retouch.tasks.queue import QUEUE, WORKER_STALLED_S
from retouch.telemetry import logger

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.settings import Settings
    from retouch.tasks.store import TaskStore

_SQL = queries("reconcile")
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one look found and put right."""

    taken_over: int
    tickets_made: int
    stale_tickets_deleted: int


async def reconcile(store: TaskStore, pool: Pool) -> Reconciled:
    """One look. Safe beside others who do the same, and harmless when there is nothing to do.

    Raises:
        ServiceUnavailable: the database is away.
    """
    values = {"queue": QUEUE, "stalled_s": WORKER_STALLED_S}
    taken_over = await store.take_over()
    async with pool.connection() as connection:
        await connection.execute(_SQL["prune_workers"], values)
        deleted = (await connection.execute(_SQL["delete_stale"], values)).rowcount
        made = (await connection.execute(_SQL["make_missing"], values)).rowcount
        await put_right(connection, QUEUE, store.settings.account_tasks_at_once)
    if made:
        store.queue.wake(pool)
    return Reconciled(taken_over, made, deleted)


async def reconcile_forever(store: TaskStore, settings: Settings, stop: asyncio.Event) -> None:
    """Look at once, then every ``reconcile_s``, until ``stop``; a database that is away is tried again."""
    while not stop.is_set():
        try:
            found = await reconcile(store, store.pool)
            if found.taken_over or found.tickets_made:
                _log.info("tasks put back on their way", **_facts(found))
        except ServiceUnavailable as error:
            _log.warning("cannot look for lost tasks", error=error.message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), settings.reconcile_s)


def _facts(found: Reconciled) -> dict[str, int]:
    return {"taken_over": found.taken_over, "tickets_made": found.tickets_made}
