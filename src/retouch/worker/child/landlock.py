"""Landlock: a ruleset without a single allowed path, so no file, TCP port or foreign socket can be reached.

Rights by ABI version: linux/landlock.h. It binds the calling thread and those made later; threads that a
library started before are held by seccomp.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Final

_CREATE_RULESET: Final = 444  # the same on every architecture
_RESTRICT_SELF: Final = 446
_VERSION_FLAG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_NETWORK_SINCE: Final = 4
_SCOPES_SINCE: Final = 6
_NEWEST_RIGHTS: Final = 5
_FS_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # ABI -> number of LANDLOCK_ACCESS_FS_* bits


def version() -> int:
    """The kernel's Landlock ABI; 0 where it has none or has it switched off."""
    return max(0, int(_libc().syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)))


def install() -> bool:
    """Deny this thread, for good, all that Landlock can deny. False where the kernel has no Landlock."""
    abi = version()
    if abi == 0:
        return False
    libc = _libc()
    ruleset = _ruleset(abi)
    descriptor = libc.syscall(_CREATE_RULESET, ruleset, len(ruleset), 0)
    if descriptor < 0:
        return False
    try:
        closed = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        return bool(closed and libc.syscall(_RESTRICT_SELF, descriptor, 0) == 0)
    finally:
        os.close(descriptor)


def _ruleset(abi: int) -> bytes:
    """``struct landlock_ruleset_attr`` in the length that this ABI knows."""
    files = (1 << _FS_RIGHTS[min(abi, _NEWEST_RIGHTS)]) - 1
    packed = struct.pack("@Q", files)
    if abi >= _NETWORK_SINCE:
        packed += struct.pack("@Q", 0b11)  # bind and connect of TCP
    if abi >= _SCOPES_SINCE:
        packed += struct.pack("@Q", 0b11)  # abstract unix sockets, signals
    return packed


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
