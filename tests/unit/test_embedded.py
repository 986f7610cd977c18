"""The bundled server: started, shared, killed and started again; by root and by a normal user.

Each trap that was met in practice is a test of its own. The users of a server are other Supervisors in this
process (a lock belongs to an open file, not to a process) or, where one has to be killed, a process.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest
from tests.conftest import forget_cluster
from tests.support_tasks import CEILING_S

from retouch.database import place as places
from retouch.database import processes
from retouch.database.embedded import Supervisor, embedded_server, server_alive
from retouch.database.place import find_place, find_postgres
from retouch.errors import SetupError
from retouch.settings import Settings

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
_HOLD = """
import sys
from pathlib import Path
from retouch.database.embedded import Supervisor
from retouch.settings import Settings
folder = Path(sys.argv[1])
with Supervisor(Settings(data_dir=folder, weights_dir=folder.parent / "weights")) as server:
    print(server.pid, server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a data folder whose server is gone after the test, whatever the test did to it."""
    settings = Settings(data_dir=tmp_path / "data", weights_dir=tmp_path / "weights")
    yield settings
    _wipe(settings)


def _wipe(settings: Settings) -> None:
    supervisor = Supervisor(settings)
    if (supervisor.place.data_dir / "database.users").exists():
        kill_all(supervisor)
    forget_cluster(supervisor)


def kill_all(supervisor: Supervisor) -> None:
    """SIGKILL to every process of the server, and wait until they are gone."""
    cluster = supervisor.place.cluster
    deadline = time.monotonic() + CEILING_S
    while pids := processes.all_of(cluster):
        assert time.monotonic() < deadline
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def holder(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Another process that uses the server until its stdin closes: the process, the server's pid, the URL."""
    command = [sys.executable, "-c", _HOLD, str(data_dir)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pid, url = process.stdout.readline().split()
        yield process, int(pid), url
    finally:
        process.stdin.close()
        process.wait(CEILING_S)
        process.stdout.close()


@contextlib.contextmanager
def plain_holder(data_dir: Path) -> Iterator[tuple[int, str]]:
    """The same as a normal user: the server's pid and the URL.

    Forked, not started anew: the interpreter may lie where only root can reach it.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold_as_nobody, args=(data_dir, theirs))
    process.start()
    try:
        assert ours.poll(CEILING_S)
        answer = ours.recv()
        assert isinstance(answer, tuple), answer
        yield answer
    finally:
        ours.send("leave")
        process.join(CEILING_S)
        assert process.exitcode == 0


def _hold_as_nobody(data_dir: Path, pipe: Connection) -> None:
    become_nobody()
    try:
        with Supervisor(Settings(data_dir=data_dir, weights_dir=data_dir.parent / "weights")) as server:
            pipe.send((server.pid, server.url))
            pipe.recv()
    except SetupError as error:
        pipe.send(repr(error))
        raise


def become_nobody() -> None:
    """Give root up for good, where we have it."""
    if AS_ROOT:
        user = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)


def value_kept(url: str, write: int | None = None) -> int:
    """Write a committed row, or read it."""
    with psycopg.connect(url, autocommit=True) as connection:
        if write is not None:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
            connection.execute("INSERT INTO kept VALUES (%s)", [write])
        row = connection.execute("SELECT max(value) FROM kept").fetchone()
    assert row is not None
    value: int = row[0]
    return value


def test_the_last_user_out_stops_the_server(home: Settings) -> None:
    first, second = Supervisor(home), Supervisor(home)
    with second:
        with first:
            pid = first.pid
            assert pid is not None
            assert second.pid == pid
        assert server_alive(home)
        assert second.pid == pid
    assert not server_alive(home)
    assert not processes.lives(pid)
    assert processes.all_of(second.place.cluster) == []


def test_it_listens_on_a_socket_of_its_user_alone_and_on_no_port(home: Settings) -> None:
    with embedded_server(home) as url, psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('fsync')"
        ).fetchone()
        assert row == ("", "on")
        socket = find_place(home).socket_dir
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert len(os.fsencode(socket / ".s.PGSQL.5432")) <= 107


def test_rows_survive_a_clean_stop_and_a_kill_of_everything(home: Settings) -> None:
    with Supervisor(home) as server:
        assert value_kept(server.url, 1) == 1
    with holder(home.data_dir) as (process, _, url):
        assert value_kept(url, 2) == 2
        process.kill()
        process.wait(CEILING_S)
        kill_all(Supervisor(home))
    with Supervisor(home) as server:
        assert value_kept(server.url) == 2


def test_a_killed_server_is_brought_back(home: Settings) -> None:
    with Supervisor(home) as server:
        assert not server.ensure_running()
        value_kept(server.url, 3)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        deadline = time.monotonic() + CEILING_S
        while not server.ensure_running():
            assert time.monotonic() < deadline
        assert value_kept(server.url) == 3


def test_of_two_users_one_brings_a_killed_server_back_for_both(home: Settings) -> None:
    with Supervisor(home) as first, Supervisor(home) as second:
        kill_all(first)
        with concurrent.futures.ThreadPoolExecutor() as threads:
            restarted = list(threads.map(lambda user: user.ensure_running(), (first, second)))
        assert sorted(restarted) == [False, True]
        assert first.pid == second.pid


def test_a_server_whose_starter_was_killed_is_attached_to_and_then_stopped(home: Settings) -> None:
    with holder(home.data_dir) as (process, pid, _):
        process.kill()
        process.wait(CEILING_S)
        assert server_alive(home)
        with Supervisor(home) as server:
            assert server.pid == pid
        assert not processes.lives(pid)


def test_many_who_start_at_once_share_one_server(home: Settings) -> None:
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(4) as threads:
        managers = [holder(home.data_dir) for _ in range(4)]
        opened = list(threads.map(stack.enter_context, managers))
        assert len({pid for _, pid, _ in opened}) == 1


@pytest.mark.parametrize("who", ["zombie", "stranger", "dead"])
def test_a_lock_file_that_names_nobody_of_ours_is_no_obstacle(home: Settings, who: str) -> None:
    """After kill -9 the pid in the file may be a zombie, belong to another program by now, or to nobody."""
    with Supervisor(home) as server:
        place = server.place
        value_kept(server.url, 4)
        contents = (place.cluster / "postmaster.pid").read_text()
        kill_all(server)
    child = subprocess.Popen(["true"])
    deadline = time.monotonic() + CEILING_S
    while processes.lives(child.pid):
        assert time.monotonic() < deadline
    if who == "dead":
        child.wait()
    pid = os.getpid() if who == "stranger" else child.pid
    for lock in (place.cluster / "postmaster.pid", place.socket_dir / ".s.PGSQL.5432.lock"):
        lock.write_text(f"{pid}\n" + contents.partition("\n")[2])
        os.chown(lock, place.account.uid, place.account.gid)
    with Supervisor(home) as server:
        assert value_kept(server.url) == 4
    child.wait()


def test_a_half_made_cluster_is_not_taken_for_a_whole_one(home: Settings) -> None:
    place = find_place(home)
    place.prepare()
    (place.cluster.parent / f"{place.cluster.name}.new.killed").mkdir()
    place.cluster.mkdir()
    os.chown(place.cluster, place.account.uid, place.account.gid)
    with Supervisor(home) as server:
        assert value_kept(server.url, 5) == 5
    shutil.rmtree(place.cluster.parent / f"{place.cluster.name}.new.killed", ignore_errors=True)


def test_a_server_that_cannot_start_says_why(home: Settings) -> None:
    with pytest.raises(SetupError, match="no_such_setting"), Supervisor(home, {"no_such_setting": "1"}):
        raise AssertionError("it started")
    assert not server_alive(home)


def test_a_wrong_postgres_bin_is_refused(home: Settings, tmp_path: Path) -> None:
    wrong = home.model_copy(update={"postgres_bin": tmp_path})
    with pytest.raises(SetupError, match="cannot run"), Supervisor(wrong):
        raise AssertionError("it started")


# --- as root


@needs_root
def test_root_keeps_the_cluster_outside_the_data_folder_and_loosens_nothing(home: Settings) -> None:
    home.data_dir.mkdir(mode=0o700)
    with Supervisor(home) as server:
        place = server.place
        assert not place.cluster.is_relative_to(home.data_dir)
        assert str(place.cluster) in (home.data_dir / "database.toml").read_text()
        assert stat.S_IMODE(home.data_dir.stat().st_mode) == 0o700
        assert place.cluster.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert server.pid is not None
        assert Path(f"/proc/{server.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid


@needs_root
def test_a_new_folder_where_one_was_deleted_begins_with_no_rows(home: Settings) -> None:
    """The old cluster belonged to another secret: with it, no key would open anything."""
    with Supervisor(home) as first:
        old = first.place.cluster
    try:
        shutil.rmtree(home.data_dir)
        with Supervisor(home) as second:
            assert second.place.cluster != old
        forget_cluster(second)
        # One that was in use and has only lost its pointer keeps its rows.
        shutil.rmtree(home.data_dir)
        home.data_dir.mkdir(mode=0o700)
        (home.data_dir / "secret").touch()
        assert find_place(home).cluster == old
    finally:
        forget_cluster(first)


@needs_root
def test_a_moved_data_folder_finds_its_cluster(home: Settings) -> None:
    with Supervisor(home) as server:
        value_kept(server.url, 6)
    moved = home.model_copy(update={"data_dir": home.data_dir.with_name("moved")})
    home.data_dir.rename(moved.data_dir)
    with Supervisor(moved) as server:
        assert value_kept(server.url) == 6
    _wipe(moved)


@needs_root
def test_the_user_of_the_sandbox_cannot_enter(home: Settings) -> None:
    """The server runs as nobody, and so do the children that open strangers' pictures."""
    with Supervisor(home) as server:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        process = context.Process(target=_try_as_nobody, args=(server.url, theirs))
        process.start()
        assert ours.poll(CEILING_S)
        assert "Peer authentication failed" in ours.recv()
        process.join(CEILING_S)


def _try_as_nobody(url: str, pipe: Connection) -> None:
    become_nobody()
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        pipe.send(str(error))
    else:
        pipe.send("let in")


_IN_A_CONTAINER = """
import os, signal, sys, time
from pathlib import Path
import psycopg
from retouch.database.embedded import Supervisor
from retouch.settings import Settings
folder = Path(sys.argv[1])
settings = Settings(data_dir=folder, weights_dir=folder.parent / "weights")
with Supervisor(settings) as first, Supervisor(settings) as second:
    pid = first.pid
    try:
        Path(f"/proc/{pid}/cwd").readlink()
    except PermissionError:
        print("blind")
    assert pid is not None and second.pid == pid and not first.ensure_running()
    os.kill(pid, signal.SIGKILL)
    while not first.ensure_running():
        pass
    assert second.pid == first.pid != pid
    psycopg.connect(second.url).close()
assert first.pid is None
print("well")
"""


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv")
def test_root_of_a_container_recognises_its_server(home: Settings) -> None:
    """Without CAP_SYS_PTRACE, as in a container, root cannot see where a process of nobody stands."""
    command = ["setpriv", "--bounding-set=-sys_ptrace", sys.executable, "-c", _IN_A_CONTAINER]
    done = subprocess.run([*command, str(home.data_dir)], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("blind", "well"), done.stderr


@needs_root
@pytest.mark.parametrize("user", ["root", "no-such-user-here"])
def test_root_needs_another_user_for_the_server(home: Settings, user: str) -> None:
    with pytest.raises(SetupError, match="refuses to run as root"):
        find_place(home.model_copy(update={"postgres_user": user}))


@needs_root
def test_a_wheel_that_nobody_can_reach_is_copied(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = places._wheel()
    assert wheel is not None
    package = wheel.parent.parent
    with tempfile.TemporaryDirectory() as folder:  # 0700: nobody stays outside
        state = Path(tempfile.mkdtemp())
        state.chmod(0o755)
        hidden = Path(folder) / package.name
        hidden.mkdir()
        (hidden / "pginstall18").symlink_to(package / "pginstall18")
        (hidden.parent / f"{package.name}.libs").symlink_to(package.with_name(f"{package.name}.libs"))
        monkeypatch.setattr(places, "_wheel", lambda: hidden / "pginstall18" / "bin")
        monkeypatch.setattr(places, "_system", lambda: None)
        monkeypatch.setattr(places, "STATE_DIR", state)
        found = find_postgres(home, find_place(home).account)
        assert found.is_relative_to(state)
        assert find_postgres(home, find_place(home).account) == found
        done = places.as_account(find_place(home).account, [str(found / "initdb"), "--version"])
        assert "PostgreSQL" in done.stdout
        shutil.rmtree(state)


# --- as a normal user


@pytest.fixture
def plain_home() -> Iterator[Path]:
    """A folder of a normal user."""
    with tempfile.TemporaryDirectory() as folder:
        if AS_ROOT:
            shutil.chown(folder, "nobody")
        yield Path(folder)


def test_a_normal_user_keeps_everything_in_the_data_folder(plain_home: Path) -> None:
    data_dir = plain_home / "data"
    with plain_holder(data_dir) as (pid, url):
        assert (data_dir / "postgres" / "PG_VERSION").exists()
        assert str(data_dir).replace("/", "%2F") in url
        assert value_kept(url, 7) == 7
    assert not processes.lives(pid)


def test_a_path_too_long_for_a_socket_gets_a_short_one(plain_home: Path) -> None:
    with plain_holder(plain_home / ("long-" * 20) / "data") as (_, url):
        assert "long-" not in url
        assert value_kept(url, 8) == 8
        socket = Path(url.partition("host=")[2].partition("&")[0].replace("%2F", "/"))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    shutil.rmtree(socket)


@needs_root
def test_root_looks_after_the_rows_of_a_normal_user(plain_home: Path) -> None:
    with plain_holder(plain_home / "data") as (_, url):
        value_kept(url, 9)
    with Supervisor(Settings(data_dir=plain_home / "data", weights_dir=plain_home / "weights")) as server:
        assert value_kept(server.url) == 9
