"""``retouch keys``: API keys, made and revoked on the machine itself."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

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
from retouch.keyring import Keyring

if TYPE_CHECKING:
    from retouch.tasks.keys import KeyInfo, KeyStore, NewKey

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


async def _store(database: Database) -> KeyStore:
    from retouch.tasks.keys import KeyStore  # noqa: PLC0415 - loads the driver
    from retouch.tasks.secret import check_secret  # noqa: PLC0415 - the same

    keyring = Keyring.open(database.settings)
    await check_secret(database.pool, keyring)  # a key made under another secret would open nothing
    return KeyStore(database.pool, keyring)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    account: Annotated[str, typer.Option(help="Whose tasks it sees; made if it does not exist.")] = "default",
    admin: Annotated[bool, typer.Option("--admin", help="May manage keys.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make a key. It is shown now and never again: stdout has the key alone.

    Example: KEY=$(retouch keys create my-laptop)
    """

    async def work(database: Database) -> NewKey:
        return await (await _store(database)).create(name, account=account, admin=admin)

    made = with_database(data_dir, work)
    if as_json:
        print_json({"id": made.id, "name": made.name, "account": made.account_id, "key": made.token})
    else:
        typer.echo(made.token)
        err.print(f"[dim]{made.id}; keep it now, it is not shown again[/dim]")


@app.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the keys; the secret part of a key is kept nowhere."""

    async def work(database: Database) -> list[KeyInfo]:
        return await (await _store(database)).list()

    rows = with_database(data_dir, work)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = Table("id", "name", "account", "key", "admin", "created", "revoked")
    for row in rows:
        who = (row.id, row.name, row.account_id, f"rt_{row.prefix}_…", "yes" if row.admin else "")
        add_row(table, *who, _day(row.created_at), _day(row.revoked_at))
    out.print(table)


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Id, prefix or name of the key.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key; requests with it are refused from a few seconds on."""

    async def work(database: Database) -> bool:
        return await (await _store(database)).revoke(key)

    if not with_database(data_dir, work):
        complain(f"no living key is called {key!r}", "see: retouch keys list")
        raise typer.Exit(1)
    err.print("revoked")


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
