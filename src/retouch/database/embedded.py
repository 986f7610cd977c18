"""The bundled PostgreSQL: one server per data folder, shared by all who use it, gone with the last.

Who uses the server holds a shared lock on ``<data-dir>/database.users``; starting and stopping happen
under ``database.start``. The kernel drops both locks of a killed process, so nobody has to clean up after
one. docs/explanation/bundled-database.md tells the whole story.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import psycopg

from retouch.database import processes
from retouch.database.cluster import ROLE, access_rules, initialise, open_log, server_options
from retouch.database.place import PORT, Place, find_place, find_postgres, identity
from retouch.errors import SetupError
from retouch.telemetry import logger

if TYPE_CHECKING:
    from retouch.settings import Settings

START_TIMEOUT_S = 90.0  # crash recovery after kill -9 replays the log first
_STOP_TIMEOUT_S = 30.0
_PAUSE_S = 0.02
# After kill -9 a start may meet the ghost of the last server and end at once; the next one does not.
_REFUSALS_MAX = 5
_log = logger(__name__)


@contextlib.contextmanager
def embedded_server(settings: Settings) -> Iterator[str]:
    """The URL of this data folder's server, started if nobody else did. Blocks while it starts.

    Raises:
        SetupError: it cannot be started; the message ends with the server's own words.
    """
    with Supervisor(settings) as supervisor:
        yield supervisor.url


def server_alive(settings: Settings) -> bool:
    """Whether this data folder's server takes connections right now. Starts nothing."""
    return _answers(_url(find_place(settings)))


class Supervisor:
    """One user of the server. Inside ``with`` it runs; :meth:`ensure_running` brings it back if it died."""

    def __init__(self, settings: Settings, options: Mapping[str, str] | None = None) -> None:
        """``options`` go on the server's command line over ours."""
        self._settings = settings
        self._options = server_options() | dict(options or {})
        self._place = find_place(settings)
        self._child: subprocess.Popen[bytes] | None = None
        self._users: int | None = None

    @property
    def place(self) -> Place:
        """Where the server's files lie."""
        return self._place

    @property
    def url(self) -> str:
        """Where the server listens, as a libpq URL."""
        return _url(self._place)

    @property
    def pid(self) -> int | None:
        """The server's process id, or None while it does not run."""
        return processes.postmaster(self._place.cluster)

    def __enter__(self) -> Self:
        self._place.prepare()
        with self._starting():
            self._users = _open_lock(self._place.data_dir / "database.users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self._start()
            except BaseException:
                self._leave()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._starting():
            self._leave()

    def ensure_running(self) -> bool:
        """Start the server again if its process is gone. Cheap while it lives; True when it was restarted."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None  # reaped: a zombie would look like a server that still shuts down
        if self._is_up():
            return False
        with self._starting():
            if self._is_up():
                return False
            _log.warning("the database server is gone, starting it again")
            self._start()
        return True

    def _is_up(self) -> bool:
        return self.pid is not None

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        lock = _open_lock(self._place.data_dir / "database.start")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _start(self) -> None:
        """Attach to a live server or start one, until it answers; only under the start lock."""
        if _answers(self.url):
            return
        binaries = find_postgres(self._settings, self._place.account)
        initialise(self._place, binaries)
        deadline, refusals = time.monotonic() + START_TIMEOUT_S, 0
        while not _answers(self.url):
            if time.monotonic() > deadline or refusals > _REFUSALS_MAX:
                raise SetupError(
                    f"the bundled database did not start: {_last_words(self._place.log)}",
                    f"see {self._place.log}",
                )
            if self._child is not None and self._child.poll() is not None:
                self._child, refusals = None, refusals + 1
                time.sleep(_PAUSE_S * 2**refusals)
            if self._child is None and self.pid is None:
                self._spawn(binaries)
            time.sleep(_PAUSE_S)

    def _spawn(self, binaries: Path) -> None:
        processes.clear_leftovers(self._place.cluster, self._place.socket_dir)
        options = {
            "unix_socket_directories": str(self._place.socket_dir),
            "cluster_name": processes.cluster_name(self._place.cluster),
        }
        options |= access_rules(self._place) | self._options
        command = [str(binaries / "postgres"), "-D", str(self._place.cluster)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = open_log(self._place)
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the command is ours, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # outlives its starter, and Ctrl-C is not meant for it
                **identity(self._place.account),
            )
        finally:
            os.close(log)

    def _leave(self) -> None:
        """Give up the user lock; whoever can have it alone was the last and stops the server."""
        if self._users is None:
            return
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._stop()
        except BlockingIOError:
            _log.debug("somebody else uses the database server, leaving it running")
        finally:
            os.close(self._users)
            self._users = None

    def _stop(self) -> None:
        for how in (signal.SIGINT, signal.SIGQUIT):  # fast; then immediate, which crash recovery makes good
            pid = self.pid
            if pid is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            if self._gone(pid):
                return
        _log.error("the database server does not stop", pid=self.pid)

    def _gone(self, pid: int) -> bool:
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._child is not None and self._child.poll() is not None:
                self._child = None
            if not processes.lives(pid):
                return True
            time.sleep(_PAUSE_S)
        return False


def _url(place: Place) -> str:
    return f"postgresql://{ROLE}@/postgres?host={quote(str(place.socket_dir), safe='')}&port={PORT}"


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _answers(url: str) -> bool:
    """Readiness is a connection that answers; a pid file proves nothing."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _last_words(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")[-800:].strip() or "it said nothing"
    except FileNotFoundError:
        return "it said nothing"
