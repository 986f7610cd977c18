"""Model files on this machine: found, checked, and fetched once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from retouch.errors import SetupError, WeightsMissing
from retouch.weights.manifest import Weight, manifest
from retouch.weights.sources import Download, fetch

Progress = Callable[[int, int], None]  # bytes done, bytes in all
_CHUNK: Final = 1 << 20
_SPARE: Final = 64 << 20  # left free on the disk after a pull


class WeightsStore:
    """The model files in one folder, by their names in the manifest.

    ``rows`` replaces the shipped manifest (tests, private models).
    """

    def __init__(self, directory: Path, rows: Mapping[str, Weight] | None = None) -> None:
        self.directory = directory
        self.rows = manifest() if rows is None else rows

    def path(self, name: str) -> Path:
        """The file of ``name``. Its size is checked, not its digest: :meth:`verify` does that.

        Raises:
            WeightsMissing: it, or its companion, is not there or not whole.
        """
        row = self._row(name)
        path = self.directory / row.file
        try:
            whole = path.stat().st_size == row.bytes
        except OSError:
            whole = False
        if not whole:
            raise WeightsMissing(f"The model {name} is not on this machine; run: retouch models pull {name}")
        if row.companion:
            self.path(row.companion)
        return path

    def has(self, name: str) -> bool:
        """Whether :meth:`path` would find it."""
        try:
            self.path(name)
        except WeightsMissing:
            return False
        return True

    def verify(self, name: str) -> bool:
        """Whether the file is there and has the manifest's digest. Reads all of it."""
        return self.has(name) and _digest(self.path(name)) == self._row(name).sha256

    def pull(
        self, name: str, progress: Progress = lambda _done, _all: None, download: Download | None = None
    ) -> Path:
        """Get ``name``, and its companion, unless here already; two pulls at once wait for each other.

        ``download(url, path)`` is the caller's HTTP client, used for ``hf:`` sources.

        Raises:
            SetupError: no room, no pip, no network, or not the file that the manifest means.
        """
        row = self._row(name)
        if row.companion:
            self.pull(row.companion, download=download)
        self.directory.mkdir(parents=True, exist_ok=True)
        with _locked(self.directory / f".{row.file}.lock"):
            if not self.has(name):
                self._check_room(row)
                self._get(row, progress, download)
        progress(row.bytes, row.bytes)
        return self.path(name)

    def _get(self, row: Weight, progress: Progress, download: Download | None) -> None:
        """Into a folder beside its place, checked, then renamed: nobody ever sees half a file."""
        with tempfile.TemporaryDirectory(dir=self.directory, prefix=f".{row.name}-") as folder:
            got = fetch(row, Path(folder), progress, download)
            if (digest := _digest(got)) != row.sha256:
                raise SetupError(
                    f"{row.source} gave a file with sha256 {digest[:12]}..., not {row.sha256[:12]}...",
                    "try again; if it stays so, the source was changed: do not use it",
                )
            got.chmod(0o644)
            with got.open("rb") as file:
                os.fsync(file.fileno())
            got.replace(self.directory / row.file)

    def _check_room(self, row: Weight) -> None:
        # The archive around the file and the file itself lie side by side for a moment.
        needed = 2 * row.bytes + _SPARE
        free = shutil.disk_usage(self.directory).free
        if free < needed:
            raise SetupError(
                f"{row.name} needs {needed >> 20} MiB free in {self.directory}, there are {free >> 20}",
                "free some space, or set RETOUCH_WEIGHTS_DIR to another disk",
            )

    def _row(self, name: str) -> Weight:
        try:
            return self.rows[name]
        except KeyError:
            raise WeightsMissing(f"There is no model called {name!r} in the manifest.") from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """An advisory lock that the kernel lets go of when its holder dies."""
    with path.open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
