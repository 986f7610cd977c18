"""Accounts: whose tasks are kept apart, how large their share is, and how many of their tasks run at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Pool

_SQL = queries("accounts")
WEIGHT_MIN, WEIGHT_MAX = 0.01, 100.0


@dataclass(frozen=True, slots=True)
class Account:
    """One account, and what of its is on its way."""

    id: str
    created_at: datetime
    weight: float  # its share of the workers, beside the others'
    tasks_at_once: int | None  # None: as the settings have it
    deleting: bool
    pending: int
    processing: int


_Accounts: TypeAlias = list[Account]


class _Keep:
    """Stands for "leave this as it is"."""


KEEP: Final = _Keep()


class AccountStore:
    """Lists and changes accounts. ServiceUnavailable while the database is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(self) -> _Accounts:
        """All, by id."""
        return await self._list(None)

    async def get(self, account_id: str) -> Account | None:
        """One of them, or None."""
        return next(iter(await self._list(account_id)), None)

    async def change(
        self,
        account_id: str,
        *,
        weight: float | _Keep = KEEP,
        tasks_at_once: int | _Keep | None = KEEP,
    ) -> Account | None:
        """Set what is given; None if there is no such account. Waiting tasks keep their places."""
        values: dict[str, Any] = {"account_id": account_id}
        async with self._pool.connection() as connection, connection.transaction():
            if not isinstance(weight, _Keep):
                await connection.execute(_SQL["set_weight"], {**values, "weight": weight})
            if not isinstance(tasks_at_once, _Keep):
                bound = {**values, "tasks_at_once": tasks_at_once}
                await connection.execute(_SQL["set_tasks_at_once"], bound)
                await connection.execute(_SQL["wake"], values)
        return await self.get(account_id)

    async def _list(self, account_id: str | None) -> _Accounts:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["list"], {"account_id": account_id})).fetchall()
        return [Account(**row) for row in rows]
