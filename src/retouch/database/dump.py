"""The database as one file, and back: PostgreSQL's own pg_dump and pg_restore, from beside the server."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from retouch.database.place import find_place, find_postgres
from retouch.errors import SetupError

if TYPE_CHECKING:
    from retouch.settings import Settings


def dump(settings: Settings, url: str, file: Path) -> None:
    """Write everything as it is at this moment (one snapshot, PostgreSQL's custom format); nobody is held up.

    Raises:
        SetupError: with pg_dump's words.
    """
    _run(settings, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}", url)


def restore(settings: Settings, url: str, file: Path) -> None:
    """Put everything in ``file`` in the place of what is there, in one transaction.

    Raises:
        SetupError: with pg_restore's words; then the database is empty.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run(settings, "pg_restore", *options, f"--dbname={url}", str(file))


def _run(settings: Settings, program: str, *arguments: str) -> None:
    binary = find_postgres(settings, find_place(settings).account) / program
    if not binary.exists():
        raise SetupError(
            f"{program} is not beside the database server", "set RETOUCH_POSTGRES_BIN to a folder that has it"
        )
    try:
        done = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    except OSError as error:
        raise SetupError(f"{program} cannot be started: {error.strerror}", str(binary)) from error
    if done.returncode:
        raise SetupError(f"{program} failed: {done.stderr.strip()[-800:]}", "nothing else was changed")
