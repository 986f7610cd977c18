"""Closes the child in. Two moments: :func:`open_early` before any thread exists, :func:`close` after all
libraries are loaded and all nets compiled, before the first job is read.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import signal
from pathlib import Path
from typing import Final

from retouch.worker.child import landlock, seccomp

_CLONE_NEWNET: Final = 0x4000_0000
_PR_SET_PDEATHSIG: Final = 1
_OPEN_FILES: Final = 64
# Counted per user, over all of its processes: a bound against a flood, not a budget.
_PROCESSES: Final = 4096


def open_early(keep: int) -> bool:
    """First thing in the process: close strange descriptors, volunteer for the OOM killer, leave the network.

    A network namespace holds only threads made afterwards, hence this early. Gives whether it holds: it
    takes root (or CAP_SYS_ADMIN), and seccomp denies sockets anyway.
    """
    os.closerange(3, keep)
    os.closerange(keep + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    _prefer_to_die()
    return os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) == 0


def close(*, user: str, address_space_bytes: int, parent: int) -> dict[str, bool]:
    """Give up everything that a job does not need, and say which layers hold.

    Raises:
        OSError: a layer that every kernel has could not be closed; the child must not work then.
        ValueError: started by root, and ``user`` is no user that it could become.
    """
    _limit(address_space_bytes)
    unprivileged = _become(user)
    _end_with(parent)
    return {
        "user": unprivileged,
        "limits": True,
        "landlock": landlock.install(),
        "seccomp": seccomp.install(),
    }


def _limit(address_space_bytes: int) -> None:
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, _PROCESSES),
        (resource.RLIMIT_AS, address_space_bytes),
    ):
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))


def _become(user: str) -> bool:
    """glibc changes the ids of all threads at once; capabilities go with the last root id.

    False where root may not change its ids (a container without CAP_SETUID): reported as a missing layer.
    """
    if os.geteuid() != 0:
        return True
    entry = _entry(user)
    try:
        os.setgroups([])
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    except PermissionError:
        return False
    return True


def _entry(user: str) -> pwd.struct_passwd:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"sandbox_user: there is no user called {user!r}") from None
    if entry.pw_uid == 0:
        raise ValueError("sandbox_user must not be root")
    return entry


def _end_with(parent: int) -> None:
    """SIGKILL when the parent dies. After the change of user, which would clear it."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise ProcessLookupError("the parent died while its child started")


def _prefer_to_die() -> None:
    """Where the machine itself runs out of memory, a child is the cheapest thing to lose."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    except OSError:
        return  # no /proc here; the kernel then chooses as it always does
