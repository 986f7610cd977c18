"""A system call filter (seccomp-BPF) that leaves the child computing, and talking on the pipe it has.

Denied: opening files, sockets, new programs, new processes, other processes' memory, signals to anybody
else, and every call that is newer than this list. Constants: linux/seccomp.h, linux/audit.h,
linux/filter.h, linux/sched.h; numbers: arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER: Final = 1
_FLAG_TSYNC: Final = 1  # all threads that exist already get the filter too
_ALLOW: Final = 0x7FFF_0000
_ERRNO: Final = 0x0005_0000
_KILL_PROCESS: Final = 0x8000_0000
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_GREATER: Final = 0x25  # BPF_JMP | BPF_JGT | BPF_K
_ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data, little-endian
_CLONE_THREAD: Final = 0x0001_0000


@dataclass(frozen=True, slots=True)
class Architecture:
    """Numbers of one processor architecture."""

    audit: int  # AUDIT_ARCH_*
    seccomp: int  # the number of seccomp(2)
    newest: int  # calls above it are unknown here, so denied
    clone: int
    clone3: int
    signals: Mapping[str, int]  # calls whose first argument must be our own pid
    prlimit: int  # the number of prlimit64(2), whose first argument must be 0 (this process)
    denied_prctl: int  # the number of prctl(2), some of whose options are denied
    denied: Mapping[str, int]


# Same numbers on every architecture since Linux 5.1.
_COMMON_NEW: Final = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_open": 434, "openat2": 437, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "process_mrelease": 448, "fchmodat2": 452,
}  # fmt: skip

_X86_64: Final = Architecture(
    audit=0xC000_003E,
    seccomp=317,
    newest=462,
    clone=56,
    clone3=435,
    signals={"kill": 62, "tgkill": 234},
    prlimit=302,
    denied_prctl=157,
    denied={
        **_COMMON_NEW,
        "open": 2, "openat": 257, "creat": 85, "open_by_handle_at": 304,
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53,
        "accept4": 288,
        "fork": 57, "vfork": 58, "execve": 59, "execveat": 322,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
        "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
        "setpriority": 141, "ioprio_set": 251, "migrate_pages": 256, "move_pages": 279,
        "truncate": 76, "rename": 82, "mkdir": 83, "rmdir": 84, "link": 86, "unlink": 87, "symlink": 88,
        "chmod": 90, "chown": 92, "lchown": 94, "mknod": 133, "mkdirat": 258, "mknodat": 259,
        "fchownat": 260, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266,
        "fchmodat": 268, "renameat2": 316, "setxattr": 188, "lsetxattr": 189,
        "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
        "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "swapon": 167, "swapoff": 168,
        "unshare": 272, "setns": 308, "fanotify_init": 300, "inotify_init": 253, "inotify_init1": 294,
        "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298,
        "userfaultfd": 323, "init_module": 175, "finit_module": 313, "delete_module": 176,
        "kexec_load": 246, "kexec_file_load": 320, "reboot": 169, "acct": 163, "quotactl": 179,
        "syslog": 103, "personality": 135, "modify_ldt": 154, "iopl": 172, "ioperm": 173,
        "shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65, "semctl": 66, "msgget": 68,
        "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "semtimedop": 220, "mq_open": 240, "mq_unlink": 241,
        "name_to_handle_at": 303, "lookup_dcookie": 212, "vmsplice": 278,
    },
)  # fmt: skip

_AARCH64: Final = Architecture(
    audit=0xC000_00B7,
    seccomp=277,
    newest=462,
    clone=220,
    clone3=435,
    signals={"kill": 129, "tgkill": 131},
    prlimit=261,
    denied_prctl=167,
    denied={
        **_COMMON_NEW,
        "openat": 56, "open_by_handle_at": 265,
        "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203,
        "accept4": 242,
        "execve": 221, "execveat": 281,
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
        "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240,
        "setpriority": 140, "ioprio_set": 30, "migrate_pages": 238, "move_pages": 239,
        "truncate": 45, "mkdirat": 34, "mknodat": 33, "unlinkat": 35, "symlinkat": 36, "linkat": 37,
        "renameat": 38, "renameat2": 276, "fchmodat": 53, "fchownat": 54, "setxattr": 5, "lsetxattr": 6,
        "utimensat": 88,
        "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "swapon": 224, "swapoff": 225,
        "unshare": 97, "setns": 268, "fanotify_init": 262, "inotify_init1": 26,
        "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241,
        "userfaultfd": 282, "init_module": 105, "finit_module": 273, "delete_module": 106,
        "kexec_load": 104, "kexec_file_load": 294, "reboot": 142, "acct": 89, "quotactl": 60,
        "syslog": 116, "personality": 92,
        "shmget": 194, "shmctl": 195, "shmat": 196, "semget": 190, "semctl": 191, "semtimedop": 192,
        "semop": 193, "msgget": 186, "msgctl": 187, "msgrcv": 188, "msgsnd": 189, "mq_open": 180,
        "mq_unlink": 181,
        "name_to_handle_at": 264, "lookup_dcookie": 18, "vmsplice": 75,
    },
)  # fmt: skip

ARCHITECTURES: Final = {"x86_64": _X86_64, "aarch64": _AARCH64}

# PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_MM: with the first a child could outlive its parent.
_DENIED_PRCTL_OPTIONS: Final = (1, 4, 35)


def supported() -> bool:
    """Whether the call numbers of this machine are known here."""
    return platform.machine() in ARCHITECTURES and struct.calcsize("P") == 8  # noqa: PLR2004 - a 64-bit process


def install() -> bool:
    """Close the filter over all threads of this process, for good. False where the kernel has none."""
    if not supported():
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    architecture = ARCHITECTURES[platform.machine()]
    program = build(architecture, os.getpid())
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    return bool(libc.syscall(architecture.seccomp, _SET_MODE_FILTER, _FLAG_TSYNC, header) == 0)


def build(architecture: Architecture, pid: int) -> bytes:
    """The program, as ``struct sock_filter[]``, for a process whose pid is ``pid``."""
    blocks = [_foreign_architecture(architecture), _numbers(architecture)]
    blocks += [_first_argument_must_be(nr, pid) for nr in architecture.signals.values()]
    blocks += [_first_argument_must_be(architecture.prlimit, 0), _threads_only(architecture.clone)]
    blocks += [_prctl(architecture.denied_prctl)]
    return b"".join(blocks) + _statement(_RETURN, _ALLOW)


def _foreign_architecture(architecture: Architecture) -> bytes:
    return (
        _statement(_LOAD, _ARCH)
        + _jump(_EQUAL, architecture.audit, 1, 0)
        + _statement(_RETURN, _KILL_PROCESS)
        + _statement(_LOAD, _NR)
    )


def _numbers(architecture: Architecture) -> bytes:
    """Denied by number. An unknown call and clone3 (its flags cannot be read here) count as missing."""
    missing = _statement(_RETURN, _ERRNO | errno.ENOSYS)
    refused = _statement(_RETURN, _ERRNO | errno.EACCES)
    program = _jump(_GREATER, architecture.newest, 0, 1) + missing
    program += _jump(_EQUAL, architecture.clone3, 0, 1) + missing
    for number in sorted(architecture.denied.values()):
        program += _jump(_EQUAL, number, 0, 1) + refused
    return program


def _first_argument_must_be(number: int, value: int) -> bytes:
    return (
        _jump(_EQUAL, number, 0, 4)
        + _statement(_LOAD, _ARG0)
        + _jump(_EQUAL, value, 1, 0)
        + _statement(_RETURN, _ERRNO | errno.EPERM)
        + _statement(_LOAD, _NR)
    )


def _threads_only(clone: int) -> bytes:
    return (
        _jump(_EQUAL, clone, 0, 4)
        + _statement(_LOAD, _ARG0)
        + _jump(_ANY_BIT, _CLONE_THREAD, 1, 0)
        + _statement(_RETURN, _ERRNO | errno.EPERM)
        + _statement(_LOAD, _NR)
    )


def _prctl(number: int) -> bytes:
    options = b"".join(
        _jump(_EQUAL, option, 0, 1) + _statement(_RETURN, _ERRNO | errno.EPERM)
        for option in _DENIED_PRCTL_OPTIONS
    )
    length = len(options) // 8 + 2
    return _jump(_EQUAL, number, 0, length) + _statement(_LOAD, _ARG0) + options + _statement(_LOAD, _NR)


def _statement(code: int, value: int) -> bytes:
    return _jump(code, value, 0, 0)


def _jump(code: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("@HBBI", code, if_true, if_false, value)
