"""The truth about webhooks: one row per message, changed only by fenced statements (sql/deliveries.sql)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ulid import ULID

from retouch.tasks.queries import queries
from retouch.tasks.queue import WEBHOOKS, WORKER_STALLED_S

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.settings import Settings

_SQL = queries("deliveries")
_LOCK = 0x486F6F6B  # any constant; one advisory lock for all claims of this database
_SETTLE_S = 15.0  # the lease goes on so long after an attempt must have ended
TEST_EVENT = "webhook.test"

_Deliveries: TypeAlias = "list[Delivery]"
Outcome: TypeAlias = Literal["delivered", "refused", "unreachable", "gone"]


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that has begun; ``attempt`` is its fencing token. ``failures`` came before it."""

    id: str
    account_id: str
    task_id: str | None
    event: str
    url: str
    host: str
    attempt: int
    failures: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an attempt went, and what follows; ``delay_s`` is the pause before the next one, if any."""

    outcome: Outcome
    state: DeliveryState
    status: int | None = None
    duration_ms: int | None = None
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as its owner may see it, with every attempt."""

    id: str
    task_id: str | None
    event: str
    url: str
    state: DeliveryState
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    attempts: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Delivery:
        """A row of the query ``list``."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**values | {"state": DeliveryState(row["state"]), "attempts": tuple(row["attempts"])})


class DeliveryStore:
    """Claims, settles and lists deliveries. All raise ServiceUnavailable while the database is away."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._claiming = asyncio.Lock()  # so that waiting claims do not take the pool's connections
        self._limits = {
            "per_host": settings.webhook_slots_per_host,
            "per_account": max(settings.webhook_slots_per_host, settings.webhook_slots // 2),
            "lease_s": settings.webhook_timeout_s + _SETTLE_S,
        }

    # --- the worker

    async def claim(self) -> Claim | None:
        """Begin an attempt at what has been due longest; None where nothing is due that may be sent now."""
        async with self._claiming, self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock_claims"], {"lock": _LOCK})
            row = await (await connection.execute(_SQL["claim"], self._limits)).fetchone()
        return Claim(**row) if row else None

    async def settle(self, claim: Claim, verdict: Verdict) -> bool:
        """Record how the attempt went. False: it was lost before, and another has begun."""
        values = {
            "id": claim.id,
            "attempt": claim.attempt,
            "state": verdict.state,
            "failed": int(verdict.outcome != "delivered"),
            "delay_s": verdict.delay_s,
            "outcome": verdict.outcome,
            "status": verdict.status,
            "duration_ms": verdict.duration_ms,
        }
        receiver = {"account_id": claim.account_id, "url": claim.url}
        async with self._pool.connection() as connection, connection.transaction():
            settled = (await connection.execute(_SQL["settle"], values)).rowcount == 1
            if settled and verdict.outcome == "gone":
                await connection.execute(_SQL["disable"], receiver)
            if settled and verdict.outcome == "delivered":
                await connection.execute(_SQL["enable"], receiver)
        return settled

    async def release(self, claim: Claim) -> None:
        """Give an attempt up at shutdown: another may begin at once."""
        await self._run("release", id=claim.id, attempt=claim.attempt)

    async def make_tickets(self) -> int:
        """Tickets for what is due without one; answers how many were made. Safe beside others."""
        await self._run("delete_stale", queue=WEBHOOKS.queue, stalled_s=WORKER_STALLED_S)
        return await self._run("make_missing", per_host=self._limits["per_host"])

    # --- the door

    async def make_test(self, account_id: str, url: str) -> str:
        """A message that is no task's, sent once; its id. It goes to a disabled receiver, too."""
        made = f"msg_{ULID()}"
        await self._run("make_test", id=made, account_id=account_id, url=url)
        return made

    async def again(self, delivery_id: str, account_id: str) -> Delivery | None:
        """Send once more, with all retries; None if there is no such delivery of this account."""
        await self._run("again", id=delivery_id, account_id=account_id)
        return await self.get(delivery_id, account_id)

    async def get(self, delivery_id: str, account_id: str) -> Delivery | None:
        """The delivery, or None if there is none of this account."""
        found = await self.list(account_id, delivery_id=delivery_id, limit=1)
        return found[0] if found else None

    async def list(
        self,
        account_id: str,
        *,
        delivery_id: str | None = None,
        task_id: str | None = None,
        state: DeliveryState | None = None,
        limit: int = 20,
        before: str | None = None,
    ) -> _Deliveries:
        """Newest first; ``before`` is the id of the last delivery of the page before."""
        values = {
            "account_id": account_id,
            "id": delivery_id,
            "task_id": task_id,
            "state": state,
            "limit": limit,
            "before": before,
        }
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["list"], values)).fetchall()
        return [Delivery.from_row(row) for row in rows]

    # --- the metrics

    async def counts(self) -> dict[DeliveryState, int]:
        """How many deliveries there are in each state."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["counts"])).fetchall()
        found = {row["state"]: row["deliveries"] for row in rows}
        return {state: found.get(state, 0) for state in DeliveryState}

    async def oldest_due_age(self) -> float:
        """Seconds that the delivery due longest has been due; 0 when none is."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_SQL["oldest_due"])).fetchone()
        return float(row["age"]) if row else 0.0

    async def _run(self, query: str, **values: Any) -> int:
        async with self._pool.connection() as connection:
            return (await connection.execute(_SQL[query], values)).rowcount
