"""Objects that no row names: what a killed submit, a losing attempt or a crashed sweep left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.storage import ObjectStore

_SQL = queries("retention")
_BATCH = 500


async def delete_orphans(pool: Pool, objects: ObjectStore, age_s: float) -> int:
    """Delete objects older than ``age_s`` that no row names; answers how many.

    The age gives a submit time to commit the row of the picture that it stored first.
    """
    deleted = 0
    for prefix in ("results", "inputs", "uploads"):
        async for keys in _old_keys(objects, prefix, age_s):
            orphans = await _unnamed(pool, prefix, keys)
            await objects.delete(*orphans)
            deleted += len(orphans)
    return deleted


def is_named(key: str, task: Mapping[str, Any] | None) -> bool:
    """Whether a task's row still needs ``results/<task>/<attempt>/<i>.<ext>`` or ``inputs/<task>/<i>``.

    ``task`` has ``ended``, ``inputs_gone``, ``results_gone`` and ``outcome``; None if there is no such row.
    While a task runs nothing of it is judged: an attempt may go on from what another one stored.
    """
    if task is None:
        return False
    if not task["ended"]:
        return True
    if key.startswith("inputs/"):
        return not task["inputs_gone"]
    outcome = task["outcome"]
    delivered = {picture["key"] for picture in outcome["pictures"]} if outcome else set()
    return key in delivered and not task["results_gone"]


async def _old_keys(objects: ObjectStore, prefix: str, age_s: float) -> AsyncIterator[list[str]]:
    old = datetime.now(UTC) - timedelta(seconds=age_s)
    batch: list[str] = []
    async for found in objects.list(prefix):
        if found.modified < old:
            batch.append(found.key)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _unnamed(pool: Pool, prefix: str, keys: list[str]) -> list[str]:
    owners = {key: key.split("/")[1] for key in keys}
    query = "known_uploads" if prefix == "uploads" else "owners_of_objects"
    async with pool.connection() as connection:
        cursor = await connection.execute(_SQL[query], {"ids": sorted(set(owners.values()))})
        rows = {row["id"]: row for row in await cursor.fetchall()}
    if prefix == "uploads":
        return [key for key in keys if owners[key] not in rows]
    return [key for key in keys if not is_named(key, rows.get(owners[key]))]
