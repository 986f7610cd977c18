"""``retouch tasks``: what the service is doing, seen from its machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from retouch.cli.common import (
    AsJson,
    Database,
    DataDir,
    add_row,
    complain,
    err,
    out,
    print_json,
    with_database,
)
from retouch.task import Status, Task

if TYPE_CHECKING:
    from retouch.tasks.store import TaskStore

app = typer.Typer(help="Tasks: list, show, cancel.", no_args_is_help=True)


@app.command("list")
def list_(
    status: Annotated[Status | None, typer.Option(help="Only those that stand like this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")] = 20,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List tasks of all accounts, newest first. Instructions are not shown.

    Example: retouch tasks list --status failed
    """

    async def work(database: Database) -> list[Task]:
        return await (await _store(database)).list(None, status=status, limit=limit)

    rows = with_database(data_dir, work)
    if as_json:
        print_json([_document(row) for row in rows])
        return
    table = Table("id", "status", "progress", "attempts", "account", "created", "reason")
    for row in rows:
        reason = row.failure.code if row.failure else ""
        cells = (row.id, row.status.value, f"{row.progress} %", str(row.attempt), row.account_id)
        add_row(table, *cells, f"{row.created_at:%Y-%m-%d %H:%M:%S}", reason)
    out.print(table)


@app.command("show")
def show(
    task_id: Annotated[str, typer.Argument(help="Id of the task.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show all that is known of one task; its instruction only with --json."""

    async def work(database: Database) -> Task | None:
        return await (await _store(database)).get(task_id)

    row = with_database(data_dir, work)
    if row is None:
        _no_such(task_id)
    elif as_json:
        print_json(_document(row) | {"request": row.request.to_json()})
    else:
        for name, value in _document(row).items():
            out.print(f"{name:>14}  {value}", markup=False)


@app.command("cancel")
def cancel(
    task_id: Annotated[str, typer.Argument(help="Id of the task.")],
    data_dir: DataDir = None,
) -> None:
    """Cancel a task that has not ended."""

    async def work(database: Database) -> Status | None:
        return await (await _store(database)).cancel(task_id, None)

    status = with_database(data_dir, work)
    if status is None:
        _no_such(task_id)
    if status is not Status.CANCELLED:
        complain(f"{task_id} has already ended: {status}")
        raise typer.Exit(1)
    err.print("cancelled")


async def _store(database: Database) -> TaskStore:
    from retouch.tasks.queue import TicketQueue  # noqa: PLC0415 - loads the driver
    from retouch.tasks.store import TaskStore  # noqa: PLC0415 - the same

    queue = await TicketQueue.open(database.url, database.settings)
    return TaskStore(database.pool, queue, database.settings)


def _document(task: Task) -> dict[str, Any]:
    document = asdict(task)
    del document["request"]
    return document | {"status": task.status.value, "model": task.request.model, "n": task.request.n}


def _no_such(task_id: str) -> None:
    complain(f"there is no task {task_id!r}", "see: retouch tasks list")
    raise typer.Exit(1)
