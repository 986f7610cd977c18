"""A whole Retouch, started as its user would, for scenario tests and measurements."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retouch.database.place import find_place
from retouch.settings import Settings

READY_CEILING_S = 120
STOP_CEILING_S = 60


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: where it listens, an admin key for it, and its first process."""

    host: str
    port: int
    key: str
    data_dir: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Base of its URLs."""
        return f"http://{self.host}:{self.port}"

    def kill_everything(self) -> None:
        """SIGKILL to the supervisor, its processes and the database server, all at once."""
        pids = [self.process.pid, *_descendants(self.process.pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def running_service(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    command: Literal["run", "api"] = "run",
    port: int | None = None,
) -> Iterator[Service]:
    """Start ``retouch run`` (or the API alone) with its data and its log in ``folder``; stop it afterwards.

    Raises:
        RuntimeError: it did not become ready, or did not stop cleanly; the message has the end of its log.
    """
    data_dir, log = folder / "data", folder / "log"
    port = port or free_port()
    options = ["--port", str(port), "--data-dir", str(data_dir)]
    reader, writer = os.pipe()
    variables = {**os.environ, **(environment or {}), "RETOUCH_READY_FD": str(writer)}
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*_retouch(), command, *options], env=variables, stdout=output, stderr=output, pass_fds=(writer,)
        )
    os.close(writer)
    try:
        _await_ready(reader, log)
        key = _key(data_dir, environment or {})
        yield Service("127.0.0.1", port, key, data_dir, log, process)
    finally:
        os.close(reader)
        _stop(process, log)


def forget_cluster(data_dir: Path) -> None:
    """Remove the stopped bundled server's files that lie outside ``data_dir`` when root ran it."""
    place = find_place(Settings(data_dir=data_dir, database_url=None))
    for folder in (place.cluster, place.socket_dir):
        shutil.rmtree(folder, ignore_errors=True)
    for file in place.cluster.parent.glob(f"{place.cluster.name}.*"):
        file.unlink()


def retouch(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run one command of the command line and give its standard output."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*_retouch(), *arguments],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"retouch {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}"
        )
    return done.stdout


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _retouch() -> Sequence[str]:
    return (sys.executable, "-m", "retouch.cli.main")


def _key(data_dir: Path, environment: Mapping[str, str]) -> str:
    """The first key, which ``run`` leaves in a file when nobody sits at a terminal; else one made now."""
    first = data_dir / "first-key"
    if first.exists():
        return first.read_text(encoding="ascii").strip()
    return retouch("keys", "create", "testing", "--data-dir", str(data_dir), environment=environment).strip()


def _await_ready(reader: int, log: Path) -> None:
    ready, _, _ = select.select([reader], [], [], READY_CEILING_S)
    if not ready or not os.read(reader, 1):
        raise RuntimeError(f"the service did not become ready: {_tail(log)}")


def _stop(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_CEILING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise RuntimeError(f"the service did not stop: {_tail(log)}") from None


def _descendants(pid: int) -> list[int]:
    """All processes under ``pid``, from /proc."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name stands in brackets and may hold anything; the parent is the second field after it.
            parent = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]
