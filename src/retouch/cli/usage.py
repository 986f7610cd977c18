"""``retouch usage``: what was delivered to whom, seen from the service's machine."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from retouch.cli.common import AsJson, Database, DataDir, add_row, out, print_json, with_database

if TYPE_CHECKING:
    from datetime import date

    from retouch.tasks.usage import Sums, Usage

_DAY_FORMAT = ["%Y-%m-%d"]


class Group(StrEnum):
    """What the sums are made over."""

    DAY = "day"
    MODEL = "model"
    KEY = "key"


def usage(
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY_FORMAT, help="First UTC day. [default: 29 days before the last]"),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=_DAY_FORMAT, help="Last UTC day, included. [default: today]"),
    ] = None,
    group_by: Annotated[Group, typer.Option("--by", help="What the sums are made over.")] = Group.DAY,
    account: Annotated[str | None, typer.Option(help="Only this account. [default: all]")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show pictures, cost, failures and latency of the tasks that ended.

    Examples:
        retouch usage --by key --from 2026-11-01 --to 2026-11-30

        retouch usage --account shop --csv > shop.csv
    """
    from retouch.tasks.usage import as_csv, document, usage_of  # noqa: PLC0415 - loads the driver

    async def work(database: Database) -> Usage:
        return await usage_of(
            database.pool, account, first=_day(first), last=_day(last), group_by=group_by.value
        )

    found = with_database(data_dir, work)
    if as_json:
        print_json(document(found, account or "all"))
    elif csv:
        typer.echo(as_csv(found), nl=False)
    else:
        _print(found)


def _print(found: Usage) -> None:
    from retouch.tasks.quota import plain  # noqa: PLC0415 - loads the driver

    counts = ("tasks", "completed", "failed", "cancelled", "pictures", "cost", "p50 s", "p95 s", "p99 s")
    table = Table(found.group_by, *counts, "failures", title=f"{found.first} to {found.last} (UTC)")
    for sums in (*found.rows, found.total):
        numbers = (sums.tasks, sums.completed, sums.failed, sums.cancelled, sums.pictures, plain(sums.cost))
        add_row(table, sums.group, *numbers, *_latency(sums), _failures(sums))
    out.print(table)


def _latency(sums: Sums) -> list[str]:
    return ["" if value is None else f"{value:.2f}" for value in (sums.p50_s, sums.p95_s, sums.p99_s)]


def _failures(sums: Sums) -> str:
    return ", ".join(f"{code} {tasks}" for code, tasks in sums.failures.items())


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.replace(tzinfo=UTC).date()
