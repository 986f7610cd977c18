"""What several commands share: options, output, and a way to the database beside a running service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from retouch.settings import Settings, load_settings

if TYPE_CHECKING:
    from retouch.database.pool import Pool

T = TypeVar("T")

DataDir: TypeAlias = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="RETOUCH_DATA_DIR", help="Folder of everything that is kept."),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

# Tables that are piped somewhere are not cut to a screen that does not exist.
_WIDTH = None if sys.stdout.isatty() else 200

out = Console(highlight=False, soft_wrap=True, width=_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(message: str, hint: str = "") -> None:
    """One line on stderr that says what is wrong, and one that says what to do. Text, never markup."""
    err.print(f"retouch: {message}", style="red", markup=False)
    if hint:
        err.print(f"  {hint}", markup=False)


def note(text: str) -> None:
    """One line on stderr beside a result."""
    err.print(f"note: {text}", style="yellow", markup=False)


def add_row(table: Table, *cells: object) -> None:
    """Add a row of text: names that others chose may look like markup."""
    table.add_row(*(escape(str(cell)) for cell in cells))


def print_json(value: Any) -> None:
    """One JSON document on stdout, in readable letters."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@dataclass(frozen=True, slots=True)
class Database:
    """An open, migrated database."""

    url: str
    pool: Pool
    settings: Settings


def with_database(data_dir: Path | None, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run ``work`` on the database: attached to a running service's, else started for this command."""
    from retouch.database.pool import database_url  # noqa: PLC0415 - --help must not load the driver

    settings = load_settings(data_dir=data_dir)
    with database_url(settings) as url:
        return asyncio.run(_opened(settings, url, work))


async def _opened(settings: Settings, url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    async with open_database(settings, url) as database:
        return await work(database)


@contextlib.asynccontextmanager
async def open_database(settings: Settings, url: str) -> AsyncIterator[Database]:
    """Migrate if need be, open a pool, close it again."""
    from retouch.database.migrate import migrate  # noqa: PLC0415 - --help must not load the driver
    from retouch.database.pool import open_pool  # noqa: PLC0415 - the same

    await migrate(url)
    pool = await open_pool(url, settings)
    try:
        yield Database(url, pool, settings)
    finally:
        await pool.close()
