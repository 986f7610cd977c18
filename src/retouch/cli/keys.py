"""``retouch keys``: API keys, made, changed and revoked on the machine itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from retouch.cli import key_options as option
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
    from datetime import datetime

    from retouch.tasks.keys import KeyChange, KeyInfo, KeyStore, NewKey

app = typer.Typer(help="API keys: create, list, update, revoke, audit.", no_args_is_help=True)


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
    disabled: Annotated[bool, typer.Option("--disabled", help="Opens nothing until it is enabled.")] = False,
    expires: option.Expires = None,
    models: option.Models = None,
    addresses: option.Addresses = None,
    quota: option.Quota = None,
    unit: option.Unit = option.QuotaUnit.PICTURES,
    per: option.Per = option.QuotaPeriod.TOTAL,
    rpm: option.Rpm = None,
    at_once: option.AtOnce = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make a key. It is shown now and never again: stdout has the key alone.

    Examples:
        KEY=$(retouch keys create my-laptop)

        retouch keys create shop --account shop --quota 500 --per month --rpm 60

        retouch keys create fair --expires 14d --model retouch-builtin --address 10.0.0.0/8
    """
    said = option.said(expires, models, addresses, quota, unit, per, rpm, at_once)
    body = {"name": name, "admin": admin, "disabled": disabled, **said}

    async def work(database: Database) -> NewKey:
        from retouch.tasks import key_fields  # noqa: PLC0415 - loads the driver

        rules = key_fields.read(body, database.settings.models)
        store = await _store(database)
        return await store.create(
            rules["name"], account=key_fields.account(account), admin=admin, rules=rules
        )

    made = with_database(data_dir, work)
    if as_json:
        print_json({"id": made.id, "name": made.name, "account": made.account_id, "key": made.token})
    else:
        typer.echo(made.token)
        err.print(f"[dim]{made.id}; keep it now, it is not shown again[/dim]")


@app.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the keys, the oldest first; the secret part of a key is kept nowhere.

    Example: retouch keys list --json
    """

    async def work(database: Database) -> list[KeyInfo]:
        return await (await _store(database)).list()

    rows = with_database(data_dir, work)[::-1]
    if as_json:
        print_json([_document(row) for row in rows])
        return
    table = Table("id", "name", "account", "key", "admin", "state", "quota", "limits", "created")
    for row in rows:
        who = (row.id, row.name, row.account_id, f"rt_{row.prefix}_…", "yes" if row.admin else "")
        add_row(table, *who, _state(row), _quota(row), _limits(row), _day(row.created_at))
    out.print(table)


@app.command("update")
def update(
    key: Annotated[str, typer.Argument(help="Id, prefix or name of the key.")],
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    admin: Annotated[bool | None, typer.Option("--admin/--no-admin", help="May manage keys, or not.")] = None,
    disabled: Annotated[
        bool | None, typer.Option("--disabled/--enabled", help="Opens nothing, or works again.")
    ] = None,
    expires: option.Expires = None,
    models: option.Models = None,
    addresses: option.Addresses = None,
    quota: option.Quota = None,
    unit: option.Unit = option.QuotaUnit.PICTURES,
    per: option.Per = option.QuotaPeriod.TOTAL,
    rpm: option.Rpm = None,
    at_once: option.AtOnce = None,
    data_dir: DataDir = None,
) -> None:
    """Change a key; what is not named stays. A running service acts on it within 4 seconds.

    Examples:
        retouch keys update shop --quota 1000 --per month

        retouch keys update shop --quota none --model any --expires never

        retouch keys update my-laptop --disabled
    """
    flags = {"name": name, "admin": admin, "disabled": disabled}
    body = {field: value for field, value in flags.items() if value is not None}
    body |= option.said(expires, models, addresses, quota, unit, per, rpm, at_once)

    async def work(database: Database) -> int:
        from retouch.tasks import key_fields  # noqa: PLC0415 - loads the driver

        rules = key_fields.read(body, database.settings.models)
        store = await _store(database)
        ids = await store.named(key)
        return int(await store.change(ids[0], rules)) if len(ids) == 1 else len(ids)

    if not body:
        complain("nothing to change was named", "see: retouch keys update --help")
        raise typer.Exit(2)
    found = with_database(data_dir, work)
    if found == 0:
        _no_such(key)
    if found > 1:
        complain(f"{found} living keys are called {key!r}", "give the id: retouch keys list")
        raise typer.Exit(1)
    err.print("changed")


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Id, prefix or name of the key.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key for good; requests with it are refused from a few seconds on.

    Example: retouch keys revoke my-laptop
    """

    async def work(database: Database) -> bool:
        return await (await _store(database)).revoke(key)

    if not with_database(data_dir, work):
        _no_such(key)
    err.print("revoked")


@app.command("audit")
def audit(
    key: Annotated[str | None, typer.Option(help="Only changes of the key with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show who changed which key, when, and from what to what. Secrets are never in it.

    Example: retouch keys audit --limit 10
    """

    async def work(database: Database) -> list[KeyChange]:
        return await (await _store(database)).audit(key_id=key, limit=limit)

    lines = with_database(data_dir, work)
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    table = Table("when", "action", "key", "by", "from", "changes")
    for line in lines:
        changes = ", ".join(f"{field}: {c['from']} → {c['to']}" for field, c in line.changes.items())
        add_row(table, _day(line.at), line.action, line.key_id, line.actor, line.address or "", changes)
    out.print(table)


def _no_such(key: str) -> None:
    complain(f"no living key is called {key!r}", "see: retouch keys list")
    raise typer.Exit(1)


def _document(key: KeyInfo) -> dict[str, Any]:
    from retouch.tasks.key_fields import number  # noqa: PLC0415 - loads the driver

    document = asdict(key)
    balance = document.pop("balance")
    if balance is not None:
        quota = balance["quota"]
        used, reserved, limit = (
            number(each) for each in (balance["used"], balance["reserved"], quota["limit"])
        )
        balance = {"limit": limit, "unit": quota["unit"], "per": quota["period"]}
        balance |= {"used": used, "reserved": reserved}
    return document | {"quota": balance}


def _state(key: KeyInfo) -> str:
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    if key.disabled:
        return "disabled"
    return f"until {_day(key.expires_at)}" if key.expires_at else ""


def _quota(key: KeyInfo) -> str:
    from retouch.tasks.quota import plain  # noqa: PLC0415 - loads the driver

    balance = key.balance
    if balance is None or balance.quota is None:
        return ""
    used = plain(balance.used + balance.reserved)
    return f"{used} of {plain(balance.quota.limit)} {balance.quota.unit} ({balance.quota.period})"


def _limits(key: KeyInfo) -> str:
    said: list[Any] = [
        f"{key.requests_per_minute} a minute" if key.requests_per_minute else None,
        f"{key.max_tasks_at_once} at once" if key.max_tasks_at_once else None,
        ", ".join(key.models) if key.models else None,
        ", ".join(key.addresses) if key.addresses else None,
    ]
    return "; ".join(filter(None, said))


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
