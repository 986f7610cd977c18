"""What a key may still use. The counting is the database's own: the triggers of migrations/0003_keys.sql.

A submit is judged, and what its pictures may cost is reserved, in the statement that makes the task; it is
settled in the one that ends it. So no kill, retry or takeover can count twice or forget.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

import psycopg

from retouch.errors import PaymentRequired, RateLimited, RequestError

Unit: TypeAlias = Literal["pictures", "credits"]
Period: TypeAlias = Literal["total", "day", "month"]
UNITS: Final[tuple[Unit, ...]] = ("pictures", "credits")
PERIODS: Final[tuple[Period, ...]] = ("total", "day", "month")

_OVER, _MANY = "RT402", "RT429"  # raised by the trigger task_admitted
_SPAN: Final[Mapping[str, str]] = {"total": "", "day": " today", "month": " this month"}
_COME_BACK_S: Final = "5"  # a task ends in seconds; nobody can say in how many


@dataclass(frozen=True, slots=True)
class Quota:
    """At most ``limit`` pictures or credits, in all or in each UTC day or month."""

    limit: Decimal
    unit: Unit
    period: Period


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a key stands in the current period of its quota; without a quota, what it has cost so far."""

    quota: Quota | None
    used: Decimal
    reserved: Decimal = Decimal(0)  # by tasks that have not ended
    renews_at: datetime | None = None

    @property
    def remaining(self) -> Decimal | None:
        """What a submit may still ask for; None where nothing limits it."""
        if self.quota is None:
            return None
        return max(Decimal(0), self.quota.limit - self.used - self.reserved)


class NotAdmitted(Exception):
    """The database refused a submit; ``answer`` says why."""

    def __init__(self, answer: RequestError) -> None:
        super().__init__(answer.message)
        self.answer = answer


@contextlib.asynccontextmanager
async def admission() -> AsyncIterator[None]:
    """Around the statement that makes a task.

    Raises:
        NotAdmitted: the key's quota or its number of tasks at once stands against it.
    """
    try:
        yield
    except psycopg.DatabaseError as error:
        if error.sqlstate not in {_OVER, _MANY}:
            raise
        facts = json.loads(error.diag.message_detail or "{}", parse_float=Decimal, parse_int=Decimal)
        raise NotAdmitted(_used_up(facts) if error.sqlstate == _OVER else _too_many(facts)) from error


def plain(amount: Decimal) -> str:
    """An amount without needless zeros, never in powers of ten."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _used_up(facts: Mapping[str, Any]) -> PaymentRequired:
    """Which quota, how it stands, what was asked for, and when there is more."""
    unit, span = facts["unit"], _SPAN[facts["period"]]
    left = max(Decimal(0), facts["limit"] - facts["used"] - facts["reserved"])
    held = f", {plain(facts['reserved'])} reserved by tasks under way" if facts["reserved"] else ""
    renews = facts["renews_at"]
    again = f"It renews at {datetime.fromtimestamp(int(renews), UTC):%Y-%m-%d %H:%M} UTC." if renews else ""
    return PaymentRequired(
        f"This key's quota does not reach: {plain(facts['limit'])} {unit} "
        f"{'in all' if not span else 'a ' + facts['period']}, {plain(facts['used'])} used{held}; "
        f"{plain(left)} left{span}, {plain(facts['wanted'])} asked for. {again}".rstrip()
    )


def _too_many(facts: Mapping[str, Any]) -> RateLimited:
    return RateLimited(
        f"This key has {facts['open']} tasks that have not ended, and may have {facts['limit']} at once.",
        headers={"Retry-After": _COME_BACK_S},
    )
