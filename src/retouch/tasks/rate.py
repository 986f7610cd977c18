"""Requests a minute of a key, the same over all processes (sql/rate.sql)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Pool

_SQL = queries("rate")
WINDOW_S: Final = 60.0
_HAIR_S: Final = 1e-4  # the clock goes on between two looks of one statement


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a request was told: ``retry_after_s`` is None where it may pass."""

    limit: int
    remaining: int
    reset_s: int  # until all of ``limit`` can be sent at once again
    retry_after_s: int | None = None


async def take(pool: Pool, key_id: str, per_minute: int) -> Allowance:
    """Count one request of the key. A burst of a whole minute's requests passes; then one each interval.

    Raises:
        ServiceUnavailable: the database is away.
    """
    every_s = WINDOW_S / per_minute
    values = {"key_id": key_id, "every_s": every_s, "ahead_s": WINDOW_S + _HAIR_S}
    async with pool.connection() as connection:
        row = await (await connection.execute(_SQL["take"], values)).fetchone()
        if row is not None:
            return _allowed(per_minute, row["ahead_s"])
        row = await (await connection.execute(_SQL["ahead"], values)).fetchone()
    ahead_s = row["ahead_s"] if row else WINDOW_S  # no row: the server crashed just now, and forgot
    wait_s = max(1, math.ceil(ahead_s + every_s - WINDOW_S))
    return Allowance(per_minute, 0, max(1, math.ceil(ahead_s)), wait_s)


def _allowed(per_minute: int, ahead_s: float) -> Allowance:
    left = math.floor((WINDOW_S - ahead_s) * per_minute / WINDOW_S + 1e-3)
    return Allowance(per_minute, min(per_minute, max(0, left)), max(0, math.ceil(ahead_s)))
