"""``retouch accounts``: whose turn counts how much, how many tasks of whom run at once, and who goes."""

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

if TYPE_CHECKING:
    from retouch.tasks.accounts import Account

app = typer.Typer(help="Accounts: list, set their shares and bounds, delete.", no_args_is_help=True)
AccountId = Annotated[str, typer.Argument(metavar="ID", help="Id of the account.")]


@app.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the accounts, their shares and bounds, and what of theirs is on its way."""

    async def work(database: Database) -> list[Account]:
        from retouch.tasks.accounts import AccountStore  # noqa: PLC0415 - loads the driver

        return await AccountStore(database.pool).list()

    rows = with_database(data_dir, work)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = Table("id", "weight", "tasks at once", "pending", "processing", "created")
    for row in rows:
        bound = "as set for all" if row.tasks_at_once is None else row.tasks_at_once
        name = f"{row.id} (being deleted)" if row.deleting else row.id
        cells = (name, f"{row.weight:g}", bound, row.pending, row.processing)
        add_row(table, *cells, f"{row.created_at:%Y-%m-%d %H:%M}")
    out.print(table)


@app.command("set")
def set_(
    account: AccountId,
    weight: Annotated[
        float | None,
        typer.Option(min=0.01, max=100, help="Its share of the workers beside the others'; 1 at first."),
    ] = None,
    tasks_at_once: Annotated[
        int | None, typer.Option(min=0, help="Tasks of it that run at once; 0: as set for all accounts.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Change an account's share or bound. What waits already keeps its place.

    Example: retouch accounts set default --weight 3 --tasks-at-once 4
    """
    changes: dict[str, Any] = {}
    if weight is not None:
        changes["weight"] = weight
    if tasks_at_once is not None:
        changes["tasks_at_once"] = tasks_at_once or None

    async def work(database: Database) -> Account | None:
        from retouch.tasks.accounts import AccountStore  # noqa: PLC0415 - loads the driver

        return await AccountStore(database.pool).change(account, **changes)

    row = with_database(data_dir, work)
    if row is None:
        _no_such(account)
    elif as_json:
        print_json(asdict(row))
    else:
        bound = "as set for all accounts" if row.tasks_at_once is None else row.tasks_at_once
        err.print(f"{row.id}: weight {row.weight:g}, tasks at once {bound}", markup=False)


@app.command("delete")
def delete(
    account: AccountId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete an account with everything of its: keys, tasks, pictures, uploads, webhooks, usage.

    Can be interrupted: a second time goes on, and so does the sweep of a running service.

    Example: retouch accounts delete shop --yes
    """
    if not yes:
        typer.confirm(f"Delete account {account!r} with all its pictures, for good?", abort=True, err=True)

    async def work(database: Database) -> bool:
        from retouch.storage import ObjectStore  # noqa: PLC0415 - loads the object store's library
        from retouch.tasks.erase import delete_account  # noqa: PLC0415 - loads the driver
        from retouch.tasks.queue import TicketQueue  # noqa: PLC0415 - the same
        from retouch.tasks.store import TaskStore  # noqa: PLC0415 - the same

        queue = await TicketQueue.open(database.url, database.settings)
        store = TaskStore(database.pool, queue, database.settings)
        with err.status("deleting") as status:
            return await delete_account(
                store,
                ObjectStore.open(database.settings),
                account,
                lambda gone: status.update(f"{gone} tasks and uploads deleted"),
            )

    if not with_database(data_dir, work):
        _no_such(account)
    if as_json:
        print_json({"id": account, "status": "deleted"})
    else:
        err.print("deleted")


def _no_such(account: str) -> None:
    complain(f"there is no account {account!r}", "see: retouch accounts list")
    raise typer.Exit(1)
