"""Deleting for good: one task, or an account with everything of its.

Each begins with a mark that is committed: from then on it is gone for its client, and whoever is killed
before the end leaves the rest to the next sweep (tasks/retention.py). An attempt that still runs is fenced by
the cancel; an object that it stores in that very moment is an orphan, and goes with those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from psycopg.errors import ForeignKeyViolation
from psycopg.sql import SQL, Composed, Identifier

from retouch.errors import ServiceUnavailable, StorageUnavailable
from retouch.tasks.queries import queries
from retouch.telemetry import logger

if TYPE_CHECKING:
    from retouch.database.pool import Connection, Pool
    from retouch.storage import ObjectStore
    from retouch.tasks.store import TaskStore

_SQL = queries("erase")
_BATCH: Final = 2000
_ROUNDS: Final = 5  # tables that point to each other are emptied in so many rounds at most
_log = logger(__name__)


async def delete_task(store: TaskStore, objects: ObjectStore, task_id: str, account_id: str | None) -> bool:
    """Delete a task with its pictures, cancelling it first if it has not ended. False: there is none.

    True as soon as that is certain: objects that resist are left to the sweeper.

    Raises:
        ServiceUnavailable: the database is away.
    """
    while True:
        status = await store.cancel(task_id, account_id)
        if status is None:
            return False
        values = {"task_id": task_id, "account_id": account_id}
        if await _rows(store.pool, "mark_task", **values):
            break
    try:
        await _erase_tasks(store.pool, objects, [task_id])
    except (StorageUnavailable, ServiceUnavailable) as error:
        _log.warning("a deleted task's rest is left to the sweeper", task_id=task_id, error=error.message)
    return True


async def delete_account(
    store: TaskStore, objects: ObjectStore, account_id: str, done: Callable[[int], None] = lambda _: None
) -> bool:
    """Delete an account: its keys, tasks, uploads, pictures, and every row that is its. False: there is none.

    ``done`` hears how many tasks and uploads are gone so far.

    Raises:
        ServiceUnavailable: the database is away; what is left, the sweeper deletes.
        StorageUnavailable: the same for the object store.
    """
    if not await mark_account(store.pool, account_id):
        return False
    await _erase_account(store, objects, account_id, done)
    _log.info("account deleted", account_id=account_id)
    return True


async def mark_account(pool: Pool, account_id: str) -> bool:
    """Close the account for good: its keys are revoked, nothing new is taken. False: there is none."""
    async with pool.connection() as connection, connection.transaction():
        values = {"account_id": account_id}
        marked = await (await connection.execute(_SQL["mark_account"], values)).fetchone()
        await connection.execute(_SQL["revoke_keys"], values)
    return marked is not None


async def finish_deletions(store: TaskStore, objects: ObjectStore) -> int:
    """Go on with what was marked and not finished; answers how many tasks and accounts that were."""
    done, after = 0, ""
    while rows := await _rows(store.pool, "marked_tasks", after=after):
        ids = [row["id"] for row in rows]
        await _erase_tasks(store.pool, objects, ids)
        done, after = done + len(ids), ids[-1]
    for row in await _rows(store.pool, "marked_accounts"):
        await _erase_account(store, objects, row["id"], lambda _: None)
        done += 1
    return done


async def _erase_account(
    store: TaskStore, objects: ObjectStore, account_id: str, done: Callable[[int], None]
) -> None:
    pool, gone = store.pool, 0
    while rows := await _rows(pool, "open_tasks", account_id=account_id):
        for row in rows:
            await store.cancel(row["id"], account_id)
    while rows := await _rows(pool, "tasks", account_id=account_id):
        await _erase_tasks(pool, objects, [row["id"] for row in rows])
        gone += len(rows)
        done(gone)
    while rows := await _rows(pool, "uploads", account_id=account_id):
        ids = [row["id"] for row in rows]
        await objects.delete(*(f"uploads/{upload}" for upload in ids))
        async with pool.connection() as connection:
            await connection.execute(_SQL["delete_uploads"], {"ids": ids})
        gone += len(rows)
        done(gone)
    await _empty_tables(pool, account_id)


async def _erase_tasks(pool: Pool, objects: ObjectStore, ids: list[str]) -> None:
    """Objects first: of all attempts, previews too, whatever the rows name."""
    for task_id in ids:
        for prefix in (f"inputs/{task_id}", f"results/{task_id}"):
            keys = [found.key async for found in objects.list(prefix)]
            await objects.delete(*keys)
    async with pool.connection() as connection:
        await connection.execute(_SQL["delete_tasks"], {"ids": ids})


async def _empty_tables(pool: Pool, account_id: str) -> None:
    """All other rows, then the account's own."""
    for last in range(_ROUNDS, 0, -1):
        async with pool.connection() as connection:
            try:
                for table in await (await connection.execute(_SQL["tables"])).fetchall():
                    await _empty(connection, _delete_from(table), account_id)
                await connection.execute(_SQL["delete_account"], {"account_id": account_id})
            except ForeignKeyViolation:
                if last == 1:
                    raise
            else:
                return


async def _empty(connection: Connection, delete: Composed, account_id: str) -> None:
    """In portions: one statement over millions of rows would run out of its time."""
    while (await connection.execute(delete, {"account_id": account_id, "batch": _BATCH})).rowcount:
        pass


def _delete_from(table: dict[str, Any]) -> Composed:
    of_account = SQL("account_id = %(account_id)s")
    of_its_keys = SQL("key_id IN (SELECT id FROM api_keys WHERE account_id = %(account_id)s)")
    return SQL(
        "DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} WHERE {condition} LIMIT %(batch)s)"
    ).format(table=Identifier(table["name"]), condition=of_account if table["by_account"] else of_its_keys)


async def _rows(pool: Pool, query: str, **values: Any) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        return await (await connection.execute(_SQL[query], values)).fetchall()
