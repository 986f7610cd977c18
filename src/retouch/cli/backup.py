"""``retouch backup`` and ``retouch restore``: everything that is kept, as one file, and back."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from retouch import archive
from retouch.cli.common import AsJson, DataDir, err, note, print_json
from retouch.errors import SetupError
from retouch.settings import Settings, load_settings

_DUMP = "database.dump"
_OBJECTS = "objects/"
_CREDENTIALS = "credentials/"
_ROOT_KEY = "secret"


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; must not exist.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Write the database, the pictures and the secret into one file, while the service runs.

    Example: retouch backup /backups/retouch-$(date +%F).tar
    """
    from retouch.database.dump import dump  # noqa: PLC0415 - --help must not load the driver
    from retouch.database.pool import database_url  # noqa: PLC0415 - the same

    settings = load_settings(data_dir=data_dir)
    if file.exists():
        raise SetupError(f"{file} is there already", "choose another name: backups are never overwritten")
    _note_what_is_left_out(settings)
    # The database first: what is stored after its snapshot is in no row and does no harm.
    with tempfile.TemporaryDirectory(prefix=".retouch-backup-", dir=file.absolute().parent) as folder:
        dumped = Path(folder) / _DUMP
        with err.status("reading the database"), database_url(settings) as url:
            dump(settings, url, dumped)
        members = {_DUMP: dumped, **_members(settings)}
        total = sum(_size(each) for each in members.values())
        with archive.Writer(file) as writer, _bar("writing", total) as heard:
            for name, each in members.items():
                writer.add(name, each, heard)
            manifest = writer.finish({"version": version("retouch"), "made": datetime.now(UTC).isoformat()})
    _tell(file, manifest, as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="What retouch backup wrote.", exists=True, dir_okay=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace what the data folder has.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Put a backup in the place of an empty data folder. The service must not run meanwhile.

    Every byte is compared with the manifest before anything is written. Interrupted, repeat it with --force.

    Example: retouch restore /backups/retouch-2026-11-24.tar --data-dir /srv/retouch
    """
    from retouch.database.dump import restore as restore_database  # noqa: PLC0415 - loads the driver
    from retouch.database.embedded import server_alive  # noqa: PLC0415 - the same
    from retouch.database.pool import database_url  # noqa: PLC0415 - the same

    settings = load_settings(data_dir=data_dir)
    folder = settings.data_dir
    if folder.exists() and any(folder.iterdir()) and not force:
        raise SetupError(f"{folder} is not empty", "restore into an empty folder, or replace it: --force")
    if settings.database_url is None and server_alive(settings):
        raise SetupError("the service of this data folder is running", "stop it first")
    size = file.stat().st_size
    with _bar("verifying", size) as heard:
        manifest = archive.verified(file, heard)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(settings)
    with tempfile.TemporaryDirectory(prefix=".retouch-restore-", dir=folder) as scratch:
        dumped = Path(scratch) / _DUMP
        archive.extract(file, lambda name: dumped if name == _DUMP else None)
        with err.status("writing the database"), database_url(settings) as url:
            restore_database(settings, url, dumped)
    with _bar("writing", size) as heard:
        archive.extract(file, lambda name: _place(settings, name, secret=False), heard)
        # Without its secret no service starts over a database that is not whole.
        archive.extract(file, lambda name: _place(settings, name, secret=True), heard)
    _tell(file, manifest, as_json=as_json)


def _members(settings: Settings) -> dict[str, Path]:
    secret = settings.data_dir / _ROOT_KEY
    found = {_ROOT_KEY: secret} if secret.is_file() else {}
    found |= _files(settings.data_dir / _CREDENTIALS, _CREDENTIALS)
    return found if settings.object_store_url else found | _files(settings.objects_dir, _OBJECTS)


def _files(folder: Path, prefix: str) -> dict[str, Path]:
    """Files under ``folder`` by their names in the archive; a ``#`` marks what is still being written."""
    files = (each for each in sorted(folder.rglob("*")) if each.is_file() and "#" not in each.name)
    return {prefix + each.relative_to(folder).as_posix(): each for each in files}


def _place(settings: Settings, name: str, *, secret: bool) -> Path | None:
    if (name == _ROOT_KEY) != secret:
        return None
    if name == _ROOT_KEY or name.startswith(_CREDENTIALS):
        return settings.data_dir / name
    if name.startswith(_OBJECTS):
        return settings.objects_dir / name.removeprefix(_OBJECTS)
    return None


def _clear(settings: Settings) -> None:
    for name in (_ROOT_KEY, "first-key"):
        (settings.data_dir / name).unlink(missing_ok=True)
    shutil.rmtree(settings.data_dir / _CREDENTIALS, ignore_errors=True)
    if settings.object_store_url is None and settings.objects_dir.exists():
        shutil.rmtree(settings.objects_dir)


def _note_what_is_left_out(settings: Settings) -> None:
    if settings.object_store_url is not None:
        note("pictures lie in a bucket and are not in the backup")
    if settings.secret is not None:
        note("RETOUCH_SECRET is a setting and not in the backup: keep it with it")


def _size(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_size
    return 0


@contextlib.contextmanager
def _bar(what: str, total: int) -> Iterator[archive.Heard]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


def _tell(file: Path, manifest: dict[str, Any], *, as_json: bool) -> None:
    members = manifest["members"]
    pictures = sum(name.startswith(_OBJECTS) for name in members)
    size = sum(member["bytes"] for member in members.values())
    if as_json:
        facts = {key: manifest[key] for key in ("format", "version", "made")}
        print_json({"file": str(file), **facts, "objects": pictures, "bytes": size})
    else:
        err.print(
            f"{file}: version {manifest['version']}, {manifest['made']}, {pictures} objects, {size} bytes",
            markup=False,
        )
