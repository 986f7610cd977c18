"""How many tasks wait: over a bound the door takes no more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from retouch.errors import ServiceUnavailable
from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Connection

_SQL = queries("store")
_FRESH_S: Final = 1.0


class Depth:
    """The depth of the queue as one process knows it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._depth = 0
        self._at = float("-inf")

    def count_one(self) -> None:
        """This process has put one in."""
        self._depth += 1

    async def refuse_if_full(self, connection: Connection) -> None:
        """Count at most once a second, and once more before a refusal, which must never be out of date.

        Raises:
            ServiceUnavailable: as many tasks wait as may.
        """
        if time.monotonic() - self._at < _FRESH_S and self._depth < self._limit:
            return
        row = await (await connection.execute(_SQL["depth"], {"limit": self._limit})).fetchone()
        self._depth = row["depth"] if row else 0
        self._at = time.monotonic()
        if self._depth >= self._limit:
            raise ServiceUnavailable(
                f"{self._limit} tasks wait already; try again later", headers={"Retry-After": "10"}
            )
