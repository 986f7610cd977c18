"""``retouch keys``: API keys, made and revoked on the machine itself."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from retouch.cli.common import AsJson, Database, DataDir, err, out, print_json, with_database
from retouch.keyring import Keyring

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


def _store(database: Database) -> KeyStore:
    return KeyStore(database.pool, Keyring.open(database.settings))


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
        return await _store(database).create(name, account=account, admin=admin)

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
        return await _store(database).list()

    rows = with_database(data_dir, work)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = Table("id", "name", "account", "prefix", "admin", "created", "last used", "state")
    for row in rows:
        table.add_row(*_cells(row))
    out.print(table)


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Id, prefix or name of the key.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key; requests with it are refused from a few seconds on."""

    async def work(database: Database) -> KeyInfo | None:
        return await _store(database).revoke(key)

    revoked = with_database(data_dir, work)
    if revoked is None:
        err.print(f"[red]retouch: no key {key!r} stands to be revoked[/red]\n  see: retouch keys list")
        raise typer.Exit(1)
    out.print("revoked")
