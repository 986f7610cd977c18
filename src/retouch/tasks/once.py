"""A client's key for a submit: the same submit, sent again, is the same task (sql/once.sql).

The key's row is written in the transaction of the task's. Two submits at once: the second waits for the
first one's commit at the unique index, and then finds its task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.errors import LockNotAvailable, UniqueViolation

from retouch.errors import Conflict
from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Connection

_SQL = queries("once")
_PARAM = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class OnceKey:
    """The key under which a client may send a submit again, and the digest of what it asks for."""

    key: str
    fingerprint: bytes


async def insert_once(
    connection: Connection, values: Mapping[str, Any], once: OnceKey
) -> dict[str, Any] | None:
    """The new task's row, or None where the key is taken. ``values`` are those of the plain insert.

    Raises:
        Conflict: the first submit with this key takes too long to commit.
    """
    keyed = {**values, "once_key": once.key, "fingerprint": once.fingerprint}
    try:
        async with connection.transaction():
            await connection.execute(_SQL["wait_briefly"])
            return await (await connection.execute(_SQL["create"], keyed)).fetchone()
    except UniqueViolation:
        return None
    except LockNotAvailable:
        raise in_progress() from None


async def first_task(connection: Connection, account_id: str, once: OnceKey) -> str | None:
    """Id of the task that the key stands for, or None.

    Raises:
        Conflict: it was used for something else.
    """
    values = {"account_id": account_id, "once_key": once.key}
    row = await (await connection.execute(_SQL["find"], values)).fetchone()
    if row is None:
        return None
    if bytes(row["fingerprint"]) != once.fingerprint:
        raise Conflict("idempotency_key_reused: this key was used for another request.", param=_PARAM)
    task_id: str = row["task_id"]
    return task_id


def in_progress() -> Conflict:
    """Come back in a moment: the answer is not known yet."""
    return Conflict(
        "idempotency_in_progress: the first request with this key is still being accepted.",
        param=_PARAM,
        headers={"Retry-After": "1"},
    )
