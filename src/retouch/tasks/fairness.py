"""Whose turn it is: accounts share the workers by weight, and may be bound to so many tasks at once.

Places on a virtual clock and held tickets are explained in database/migrations/0004_fairness.sql.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Connection

_SQL = queries("fairness")
# Places (in pictures) after which priorities are counted from a new zero: half of what 31 bits hold in
# hundredths; the other half is room for what one account may have waiting.
_SPAN: Final = 10_000_000.0


async def may_start(connection: Connection, task_id: str, default: int | None) -> bool:
    """Whether this pending task may be claimed now, in the connection's transaction.

    ``default``: tasks at once of an account without a bound of its own. At its bound, all tickets of the
    account are held, this task's as well; one goes back to its place whenever a task of the account stops.
    """
    bound = await _row(connection, "bound", task_id=task_id, default=default)
    if bound is None:
        return False
    if bound["bound"] is None:
        return True
    account_id = bound["account_id"]
    await connection.execute(_SQL["lock"], {"account_id": account_id})
    running = await _row(connection, "running", account_id=account_id)
    if running is None or running["tasks"] < bound["bound"]:
        return True
    await connection.execute(_SQL["hold"], {"account_id": account_id, "task_id": task_id})
    return False


async def put_right(connection: Connection, queue: str, default: int | None) -> None:
    """Wake held tickets whose wake-up was lost, and keep priorities within their bits. For the reconciler."""
    await connection.execute(_SQL["flag_held"])
    await connection.execute(_SQL["wake_lost"], {"default": default})
    await connection.execute(_SQL["move_zero"], {"span": _SPAN})
    await connection.execute(_SQL["replace_tickets"], {"queue": queue})


async def _row(connection: Connection, query: str, **values: Any) -> dict[str, Any] | None:
    return await (await connection.execute(_SQL[query], values)).fetchone()
