"""The system call filter, run instruction by instruction as the kernel would, for both architectures."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.worker.child.seccomp import ARCHITECTURES, Architecture, build

PID = 4321
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
CLONE_VM, CLONE_THREAD, SIGCHLD = 0x100, 0x10000, 17
# What a thread that computes cannot do without, from the two architectures' tables.
NEEDED = {
    "x86_64": {"read": 0, "write": 1, "mmap": 9, "munmap": 11, "brk": 12, "recvfrom": 45, "sendto": 44,
               "futex": 202, "exit_group": 231, "sched_yield": 24, "madvise": 28, "getrandom": 318},
    "aarch64": {"read": 63, "write": 64, "mmap": 222, "munmap": 215, "brk": 214, "recvfrom": 207,
                "sendto": 206, "futex": 98, "exit_group": 94, "sched_yield": 124, "madvise": 233,
                "getrandom": 278},
}  # fmt: skip

both = pytest.mark.parametrize("name", sorted(ARCHITECTURES))


def verdict(architecture: Architecture, number: int, argument: int = 0, *, audit: int | None = None) -> int:
    """What the filter answers to a call: classic BPF over ``struct seccomp_data``."""
    program = list(struct.iter_unpack("@HBBI", build(architecture, PID)))
    data = struct.pack("<IIQQ", number, architecture.audit if audit is None else audit, 0, argument)
    accumulator = at = 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return int(value)
        else:
            met = {0x15: accumulator == value, 0x25: accumulator > value, 0x45: bool(accumulator & value)}
            at += if_true if met[code] else if_false


@both
def test_denied_calls_are_refused(name: str) -> None:
    architecture = ARCHITECTURES[name]
    for number in architecture.denied.values():
        assert verdict(architecture, number) == ERRNO | errno.EACCES


@both
def test_computing_is_allowed(name: str) -> None:
    for number in NEEDED[name].values():
        assert verdict(ARCHITECTURES[name], number) == ALLOW


@both
@given(number=st.integers(0, 2**32 - 1))
def test_every_number_has_its_verdict(name: str, number: int) -> None:
    """Numbers beyond the newest known call (x32 calls among them) do not exist; the rest go by the table."""
    architecture = ARCHITECTURES[name]
    judged_by_argument = {
        *architecture.signals.values(),
        architecture.prlimit,
        architecture.clone,
        architecture.denied_prctl,
    }
    if number in judged_by_argument:
        return
    if number > architecture.newest or number == architecture.clone3:
        expected = ERRNO | errno.ENOSYS
    elif number in architecture.denied.values():
        expected = ERRNO | errno.EACCES
    else:
        expected = ALLOW
    assert verdict(architecture, number) == expected


@both
def test_another_architectures_calls_end_the_process(name: str) -> None:
    architecture = ARCHITECTURES[name]
    assert verdict(architecture, 0, audit=0x40000003) == KILL  # 32-bit x86 has other numbers


@both
@pytest.mark.parametrize(("pid", "allowed"), [(PID, True), (PID + 1, False), (0, False), (2**64 - 1, False)])
def test_signals_reach_only_itself(name: str, pid: int, allowed: bool) -> None:  # noqa: FBT001 - a table's column
    architecture = ARCHITECTURES[name]
    for number in architecture.signals.values():
        assert verdict(architecture, number, pid) == (ALLOW if allowed else ERRNO | errno.EPERM)


@both
def test_threads_are_made_and_processes_are_not(name: str) -> None:
    architecture = ARCHITECTURES[name]
    assert verdict(architecture, architecture.clone, CLONE_VM | CLONE_THREAD) == ALLOW
    assert verdict(architecture, architecture.clone, SIGCHLD) == ERRNO | errno.EPERM
    assert verdict(architecture, architecture.clone, CLONE_VM | SIGCHLD) == ERRNO | errno.EPERM


@both
def test_limits_are_asked_for_itself_only(name: str) -> None:
    architecture = ARCHITECTURES[name]
    assert verdict(architecture, architecture.prlimit, 0) == ALLOW
    assert verdict(architecture, architecture.prlimit, 1) == ERRNO | errno.EPERM


@both
@pytest.mark.parametrize(("option", "allowed"), [(15, True), (1, False), (4, False), (35, False)])
def test_a_child_cannot_outlive_its_parent(name: str, option: int, allowed: bool) -> None:  # noqa: FBT001 - a table's column
    architecture = ARCHITECTURES[name]
    expected = ALLOW if allowed else ERRNO | errno.EPERM
    assert verdict(architecture, architecture.denied_prctl, option) == expected


@both
def test_the_program_fits_into_the_kernel(name: str) -> None:
    assert len(build(ARCHITECTURES[name], PID)) // 8 <= 4096
