"""What was delivered to whom: sums over the tasks that ended, by day, model or key."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from retouch.errors import InvalidRequest
from retouch.tasks.key_fields import number
from retouch.tasks.queries import queries
from retouch.tasks.quota import plain

if TYPE_CHECKING:
    from retouch.database.pool import Pool

GroupBy: TypeAlias = Literal["day", "model", "key"]
GROUPS: Final[tuple[GroupBy, ...]] = ("day", "model", "key")
_SQL = queries("usage")
_SPAN_MAX_D: Final = 400
_COLUMNS: Final = (
    *("tasks", "completed", "failed", "cancelled", "pictures", "cost"),
    *("p50_s", "p95_s", "p99_s", "failures"),
)
_DEFAULT_SPAN: Final = timedelta(days=29)


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one group of ended tasks. Latencies: seconds from submit to end of the completed ones."""

    group: str
    tasks: int
    completed: int
    cancelled: int
    pictures: int
    cost: Decimal
    failures: Mapping[str, int]  # tasks by code, the most frequent first
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None

    @property
    def failed(self) -> int:
        """How many tasks failed."""
        return sum(self.failures.values())


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums of the UTC days ``first`` to ``last``, both included."""

    first: date
    last: date
    group_by: GroupBy
    rows: Sequence[Sums]
    total: Sums


async def usage_of(
    pool: Pool,
    account: str | None,
    *,
    first: date | None = None,
    last: date | None = None,
    group_by: GroupBy = "day",
) -> Usage:
    """Usage of an account, None means all; the last 30 days unless told otherwise.

    Raises:
        InvalidRequest: the days are the wrong way round, or too many.
        ServiceUnavailable: the database is away.
    """
    async with pool.connection() as connection:
        row = await (await connection.execute(_SQL["today"])).fetchone()
        until = last or (row["today"] if row else date.max)
        since = first or until - _DEFAULT_SPAN
        if not 0 <= (until - since).days < _SPAN_MAX_D:
            raise InvalidRequest(f"from must not come after to; at most {_SPAN_MAX_D} days.", param="from")
        values = {"first": since, "last": until, "group_by": group_by, "account_id": account}
        sums = await (await connection.execute(_SQL["sums"], values)).fetchall()
        failures = await (await connection.execute(_SQL["failures"], values)).fetchall()
    failed, all_failed = _by_group(failures)
    *rows, total = sums
    return Usage(
        since,
        until,
        group_by,
        tuple(_sums(row, row["group"], failed[row["group"]]) for row in rows),
        _sums(total, "total", all_failed),
    )


def document(usage: Usage, account: str) -> dict[str, Any]:
    """Usage as JSON has it."""
    return {
        "from": usage.first.isoformat(),
        "to": usage.last.isoformat(),
        "group_by": usage.group_by,
        "account": account,
        "rows": [_row(sums) for sums in usage.rows],
        "total": _row(usage.total),
    }


def _row(sums: Sums) -> dict[str, Any]:
    return {
        "group": sums.group,
        "tasks": sums.tasks,
        "completed": sums.completed,
        "failed": sums.failed,
        "cancelled": sums.cancelled,
        "pictures": sums.pictures,
        "cost": number(sums.cost),
        "failures": dict(sums.failures),
        "latency_s": {"p50": sums.p50_s, "p95": sums.p95_s, "p99": sums.p99_s},
    }


def as_csv(usage: Usage) -> str:
    """One line per group, and one in all; RFC 4180."""
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\r\n")
    lines.writerow([usage.group_by, *_COLUMNS])
    for sums in (*usage.rows, usage.total):
        failures = "; ".join(f"{code} {tasks}" for code, tasks in sums.failures.items())
        seconds = ["" if value is None else f"{value:.3f}" for value in (sums.p50_s, sums.p95_s, sums.p99_s)]
        counts = (sums.tasks, sums.completed, sums.failed, sums.cancelled, sums.pictures, plain(sums.cost))
        lines.writerow([_cell(sums.group), *counts, *seconds, _cell(failures)])
    return file.getvalue()


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _by_group(rows: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, dict[str, int]], dict[str, int]]:
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    total: dict[str, int] = defaultdict(int)
    for row in rows:
        groups[row["group"]][row["code"]] = row["tasks"]
        total[row["code"]] += row["tasks"]
    return groups, dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def _sums(row: Mapping[str, Any], group: str, failures: Mapping[str, int]) -> Sums:
    latency = row["latency"] or (None, None, None)
    return Sums(
        group=group,
        tasks=row["tasks"],
        completed=row["completed"],
        cancelled=row["cancelled"],
        pictures=row["pictures"] or 0,
        cost=row["cost"] or Decimal(0),
        failures=failures,
        p50_s=latency[0],
        p95_s=latency[1],
        p99_s=latency[2],
    )
