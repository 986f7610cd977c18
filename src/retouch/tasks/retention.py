"""Nothing is kept longer than promised: results, inputs, uploads, rows, and what nobody names any more."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from retouch.errors import ServiceUnavailable, StorageUnavailable
from retouch.tasks.erase import finish_deletions
from retouch.tasks.orphans import delete_orphans
from retouch.tasks.queries import queries
from retouch.telemetry import logger

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.settings import Settings
    from retouch.storage import ObjectStore
    from retouch.tasks.store import TaskStore

_SQL = queries("retention")
_LOCK = 0x53776570  # any constant; one advisory lock for all sweepers of this database
_DAY_S = 86_400
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """How much one sweep deleted: tasks whose results or inputs went, uploads, rows, keys, tests,
    deletions that were begun and not finished, objects.
    """

    results: int = 0
    inputs: int = 0
    uploads: int = 0
    rows: int = 0
    once_keys: int = 0
    webhook_tests: int = 0
    usage: int = 0
    deletions: int = 0
    orphans: int = 0


def _result_keys(row: Mapping[str, Any]) -> list[str]:
    return [picture["key"] for picture in row["outcome"]["pictures"]]


def _input_keys(row: Mapping[str, Any]) -> list[str]:
    """Only what was stored for this very task; an upload may serve many."""
    request = row["request"]
    sources = [*request["sources"], *([request["mask"]] if request.get("mask") else [])]
    own = f"inputs/{row['id']}/"
    return [s["value"] for s in sources if s["kind"] == "object" and s["value"].startswith(own)]


def _upload_keys(row: Mapping[str, Any]) -> list[str]:
    return [f"uploads/{row['id']}"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of row with objects: how the expired ones are found, named in the store, and marked."""

    find: str
    keys: Callable[[Mapping[str, Any]], list[str]]
    mark: str


_RESULTS = _Kind("expired_results", _result_keys, "mark_results_gone")
_INPUTS = _Kind("useless_inputs", _input_keys, "mark_inputs_gone")
_UPLOADS = _Kind("expired_uploads", _upload_keys, "delete_uploads")


async def sweep(store: TaskStore, objects: ObjectStore, settings: Settings, *, orphans: bool = True) -> Swept:
    """Delete what has expired. Can be killed anywhere and repeated; does nothing while another one sweeps.

    Raises:
        ServiceUnavailable: the database is away.
        StorageUnavailable: the object store did not list its pictures.
    """
    pool = store.pool
    async with _alone(pool) as alone:
        if not alone:
            return Swept()
        kept = {"keep": settings.keep_inputs, "ttl_s": settings.results_ttl_h * 3600}
        return Swept(
            results=await _each(pool, objects, _RESULTS),
            inputs=await _each(pool, objects, _INPUTS, kept),
            uploads=await _each(pool, objects, _UPLOADS),
            rows=await _delete_rows(pool, "delete_rows", settings.task_rows_days * _DAY_S),
            usage=await _delete_rows(pool, "delete_usage", settings.usage_days * _DAY_S)
            + await _delete_rows(pool, "delete_quota_use", settings.usage_days * _DAY_S),
            once_keys=await _delete_rows(pool, "delete_once_keys", settings.idempotency_ttl_h * 3600),
            webhook_tests=await _delete_rows(pool, "delete_webhook_tests", settings.task_rows_days * _DAY_S),
            deletions=await finish_deletions(store, objects),
            orphans=await delete_orphans(pool, objects, settings.orphan_age_s) if orphans else 0,
        )


async def sweep_forever(
    store: TaskStore, objects: ObjectStore, settings: Settings, stop: asyncio.Event
) -> None:
    """Sweep every ``retention_s`` until ``stop``; look for orphans, which lists all objects, less often."""
    orphans_at = time.monotonic()
    while not stop.is_set():
        look = time.monotonic() >= orphans_at
        try:
            swept = await sweep(store, objects, settings, orphans=look)
            if look:
                orphans_at = time.monotonic() + settings.orphan_age_s / 4
            if swept != Swept():
                _log.info("swept", **asdict(swept))
        except (ServiceUnavailable, StorageUnavailable) as error:
            _log.warning("cannot sweep", error=error.message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), settings.retention_s)


@contextlib.asynccontextmanager
async def _alone(pool: Pool) -> AsyncIterator[bool]:
    async with pool.connection() as connection:
        row = await (await connection.execute(_SQL["lock"], {"lock": _LOCK})).fetchone()
        mine = row is not None and row["mine"]
        try:
            yield mine
        finally:
            if mine and not connection.closed:
                await connection.execute(_SQL["unlock"], {"lock": _LOCK})


async def _each(
    pool: Pool, objects: ObjectStore, kind: _Kind, values: Mapping[str, Any] | None = None
) -> int:
    """Delete the objects of every row found, then mark the rows; a row whose objects resist is left over."""
    done, after = 0, ""
    while True:
        async with pool.connection() as connection:
            rows = await (
                await connection.execute(_SQL[kind.find], {**(values or {}), "after": after})
            ).fetchall()
        if not rows:
            return done
        gone = [row["id"] for row in rows if await _deleted(objects, kind.keys(row))]
        async with pool.connection() as connection:
            await connection.execute(_SQL[kind.mark], {"ids": gone})
        done += len(gone)
        after = rows[-1]["id"]


async def _deleted(objects: ObjectStore, keys: list[str]) -> bool:
    try:
        await objects.delete(*keys)
    except StorageUnavailable as error:
        _log.warning("objects stay for the next sweep", error=error.message, keys=keys[:3])
        return False
    return True


async def _delete_rows(pool: Pool, query: str, age_s: float) -> int:
    deleted = 0
    while True:
        async with pool.connection() as connection:
            count = (await connection.execute(_SQL[query], {"age_s": age_s})).rowcount
        deleted += count
        if count == 0:
            return deleted
