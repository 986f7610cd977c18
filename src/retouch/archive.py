"""A backup is one tar file: members, and at its end a manifest with the SHA-256 of each.

The members are named by us, and only such names are read back: no archive writes outside its folder.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from retouch.errors import SetupError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_NAME: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._/-]{0,300}", re.ASCII)
_CHUNK: Final = 1 << 20

Heard = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One member, as the manifest has it."""

    sha256: str
    bytes: int


class Writer:
    """Writes an archive beside its name, readable by its owner alone; whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fresh = path.with_name(f"{path.name}.{os.getpid()}.partial")
        self._entries: dict[str, Entry] = {}

    def __enter__(self) -> Self:
        descriptor = os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._tar.close()
        self._file.close()
        if kind is not None:
            self._fresh.unlink(missing_ok=True)

    def add(self, name: str, file: Path, heard: Heard = lambda _: None) -> bool:
        """Copy a file in; False where it has gone meanwhile."""
        try:
            source = file.open("rb")
        except FileNotFoundError:
            return False
        with source:
            size = os.fstat(source.fileno()).st_size
            hashing = _Hashing(source, heard)
            self._put(name, size, hashing)
        self._entries[name] = Entry(hashing.hexdigest(), size)
        return True

    def finish(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest with these facts, and give the archive its name."""
        members = {name: {"sha256": e.sha256, "bytes": e.bytes} for name, e in self._entries.items()}
        manifest = {"format": FORMAT, **facts, "members": members}
        data = json.dumps(manifest, indent=1).encode()
        self._put(MANIFEST, len(data), io.BytesIO(data))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._fresh.replace(self._path)
        return manifest

    def _put(self, name: str, size: int, source: Any) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, source)


def verified(path: Path, heard: Heard = lambda _: None) -> dict[str, Any]:
    """The manifest of an archive, once every byte has been compared with it.

    Raises:
        SetupError: no archive of ours, a newer one, or one that is damaged or cut off.
    """
    found: dict[str, Entry] = {}
    manifest: dict[str, Any] | None = None
    try:
        for name, source, size in _members(path):
            if name == MANIFEST:
                manifest = json.loads(source.read())
                continue
            hashing = _Hashing(source, heard)
            while hashing.read(_CHUNK):
                pass
            found[name] = Entry(hashing.hexdigest(), size)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from error
    if manifest is None:
        raise _damaged(path, "it has no manifest")
    if manifest.get("format") != FORMAT:
        raise SetupError(f"{path} was made by another version of Retouch", "restore it with that version")
    told = {name: Entry(each["sha256"], each["bytes"]) for name, each in manifest["members"].items()}
    if told != found:
        wrong = sorted(name for name in told.keys() | found.keys() if told.get(name) != found.get(name))
        raise _damaged(path, f"{len(wrong)} members are not what they were, the first is {wrong[0]}")
    return manifest


def extract(path: Path, where: Callable[[str], Path | None], heard: Heard = lambda _: None) -> None:
    """Write each member where ``where`` says, 0600; None leaves it out. Only after :func:`verified`."""
    for name, source, _ in _members(path):
        target = None if name == MANIFEST else where(name)
        if target is None:
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)
                heard(len(chunk))


def _members(path: Path) -> Iterator[tuple[str, IO[bytes], int]]:
    with tarfile.open(path, "r:") as tar:
        for info in tar:
            source = tar.extractfile(info) if info.isreg() else None
            if source is None or not _NAME.fullmatch(info.name):
                raise _damaged(path, f"{info.name!r} has no place in a backup")
            yield info.name, source, info.size


class _Hashing:
    """Reads through, and knows the digest of what was read."""

    def __init__(self, source: IO[bytes], heard: Heard) -> None:
        self._source, self._heard = source, heard
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        self._heard(len(data))
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _damaged(path: Path, how: str) -> SetupError:
    return SetupError(f"{path} is no whole backup: {how}", "take another copy of it")
