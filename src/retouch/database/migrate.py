"""Bring a database to the schema of this version: forward only, one transaction each, safe side by side."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import LiteralString

import psycopg
from procrastinate.schema import SchemaManager

from retouch.errors import SetupError

_LOCK = 0x5265746F  # any constant; one advisory lock for all who migrate this database


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; its name is its place in the order and its record in the database."""

    name: str
    sql: LiteralString


def migrations() -> tuple[Migration, ...]:
    """All steps in order: the queue's own schema first, then ``migrations/*.sql`` by name."""
    folder = resources.files("retouch.database") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    ours = [Migration(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in files]
    return Migration("0000_procrastinate_3.10", SchemaManager.get_schema()), *ours


async def migrate(url: str) -> None:
    """Apply what is missing. Several processes may do this at once: one works, the others wait.

    Raises:
        SetupError: the database cannot be reached, or a newer version of Retouch has changed it.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise SetupError(
            f"the database cannot be reached: {error}", "check RETOUCH_DATABASE_URL and that PostgreSQL runs"
        ) from error
    async with connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        for migration in await _missing(connection):
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute("INSERT INTO schema_migrations VALUES (%s)", [migration.name])


async def _missing(connection: psycopg.AsyncConnection) -> list[Migration]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
    )
    rows = await (await connection.execute("SELECT name FROM schema_migrations")).fetchall()
    applied, known = {row[0] for row in rows}, migrations()
    if newer := applied - {m.name for m in known}:
        raise SetupError(
            f"the database was changed by a newer version of Retouch ({', '.join(sorted(newer))})",
            "upgrade Retouch, or restore the backup made before the upgrade",
        )
    return [m for m in known if m.name not in applied]
