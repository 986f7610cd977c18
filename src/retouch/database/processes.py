"""Whether a server lives, asked of the kernel: a pid file may name the dead, a zombie or a stranger."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from pathlib import Path

_PROC = Path("/proc")
_GHOSTS_WAIT_S = 10.0
_PAUSE_S = 0.02


def cluster_name(cluster: Path) -> str:
    """The setting of this name: PostgreSQL writes it into the titles of its processes."""
    return f"retouch_{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]}"


def lives(pid: int) -> bool:
    """Whether a process has this id and is more than a zombie (proc(5): state Z or X is dead)."""
    try:
        status = _text(_PROC / str(pid) / "stat")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # The name in brackets may hold anything, so the state is what follows the last one.
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def postmaster(cluster: Path) -> int | None:
    """The live postmaster of this cluster, by its pid file and by where the process stands."""
    pid = _named_in(cluster / "postmaster.pid")
    return pid if pid is not None and _serves(pid, cluster) else None


def clear_leftovers(cluster: Path, socket_dir: Path) -> None:
    """Take away what stops a new server: lock files whose process is dead, a zombie or a stranger.

    The pid file also names the shared memory by which PostgreSQL notices backends of a killed postmaster, so
    it goes only when no process of this cluster is left.
    """
    _await_ghosts(cluster)
    _remove_if_dead(cluster / "postmaster.pid", cluster)
    for lock in socket_dir.glob(".s.PGSQL.*.lock"):
        _remove_if_dead(lock, cluster)


def _await_ghosts(cluster: Path) -> None:
    """Backends of a killed postmaster notice its death by themselves; one that does not is killed."""
    deadline = time.monotonic() + _GHOSTS_WAIT_S
    while ghosts := all_of(cluster):
        if time.monotonic() > deadline:
            for pid in ghosts:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            deadline += _GHOSTS_WAIT_S
        time.sleep(_PAUSE_S)


def all_of(cluster: Path) -> list[int]:
    """The live processes of this cluster: the postmaster, its helpers, its backends."""
    pids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _serves(pid, cluster)]


def _serves(pid: int, cluster: Path) -> bool:
    """Every process of a server is called postgres and stands in its cluster's folder."""
    folder = _PROC / str(pid)
    try:
        if _text(folder / "comm").strip() != "postgres" or not lives(pid):
            return False
        return (folder / "cwd").readlink() == cluster.resolve()
    except PermissionError:
        # Root of a container may not look there (no CAP_SYS_PTRACE). A live server taken for a dead one would
        # lose its lock file to a second one, so its title has to tell.
        return _is_titled(folder, cluster)
    except (FileNotFoundError, ProcessLookupError):
        return False


def _is_titled(folder: Path, cluster: Path) -> bool:
    try:
        title = _text(folder / "cmdline")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return f"-D\0{cluster}\0" in title or title.startswith(f"postgres: {cluster_name(cluster)}: ")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _remove_if_dead(path: Path, cluster: Path) -> None:
    pid = _named_in(path)
    if pid is not None and not _serves(pid, cluster):
        path.unlink(missing_ok=True)


def _named_in(path: Path) -> int | None:
    try:
        first = _text(path).partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return abs(int(first)) if first.lstrip("-").isdigit() else None
