"""A local engine that tries to get out of the sandbox, and says what each attempt met."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from retouch.engines.base import Capabilities, Edited, EditResult, EngineEnvironment

if TYPE_CHECKING:
    from retouch.engines.base import Pixels, Run
    from retouch.engines.planner.plan import Plan
    from retouch.task import EditRequest

DONE: Final = "done"
_PR_SET_PDEATHSIG: Final = 1


class ProbeEngine:
    """Gives its first picture back unchanged; ``applied`` holds what it found.

    ``attempts`` and ``attempts_of_an_old_thread`` map what was tried to the errno met (``ImportError`` where
    there is none), or to ``done``; the old thread was started before the sandbox was closed.
    """

    name = "probe"
    capabilities = Capabilities(
        where="cpu",
        max_images=1,
        max_n=1,
        mask="none",
        supports=frozenset(),
        needs_plan=False,
        progress=False,
        cancel=False,
        licence="Apache-2.0",
        commercial_use=True,
    )

    def __init__(self, environment: EngineEnvironment) -> None:
        self._environment = environment
        self._go = threading.Event()
        self._found: Mapping[str, str] = {}
        self._old = threading.Thread(target=self._old_thread, daemon=True)

    def warm(self) -> None:
        """Start the thread that the sandbox has to catch, and load what would phone its maker."""
        import_module("openvino")
        self._old.start()

    def edit(
        self, request: EditRequest, plan: Plan, images: Sequence[Pixels], run: Run
    ) -> EditResult[Pixels]:
        """Try everything, and make the system calls that ``request.metadata`` lists as name and number."""
        del plan, run
        self._go.set()
        self._old.join()
        applied = {
            "attempts": attempts(),
            "attempts_of_an_old_thread": self._found,
            "calls": made_with_zeros(request.metadata),
            "modules": sorted(name for name, module in sys.modules.items() if module is not None),
            "new_thread_runs": _new_thread_runs(),
            "ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
            "environment": sorted(os.environ),
            "descriptors": [number for number in range(256) if _is_open(number)],
            "no_new_privs": ctypes.CDLL(None).prctl(39, 0, 0, 0, 0),
        }
        return EditResult((Edited(images[0], request.seed),), applied=applied)

    def _old_thread(self) -> None:
        self._go.wait()
        self._found = attempts()


def attempts() -> dict[str, str]:
    """Each way out: the name of the errno met, or ``done`` where there was none."""
    parent = os.getppid()
    tries: Mapping[str, Callable[[], Any]] = {
        "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "write a file": lambda: os.open("/tmp/retouch-probe", os.O_WRONLY | os.O_CREAT),  # noqa: S108 - must fail
        "read its environment": lambda: os.open("/proc/self/environ", os.O_RDONLY),
        "list a folder": lambda: list(Path("/").iterdir()),
        "make a folder": lambda: Path("/tmp/retouch-probe-folder").mkdir(),  # noqa: S108 - must fail
        "open an internet socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "open a unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "make a socket pair": socket.socketpair,
        "fork": _fork,
        "run a program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - must fail
        "spawn a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "look for its parent": lambda: os.kill(parent, 0),
        "signal everybody": lambda: os.kill(-1, 0),
        "signal its group": lambda: os.kill(0, 0),
        "become root": lambda: os.setuid(0),
        "outlive its parent": lambda: _prctl(_PR_SET_PDEATHSIG, 0),
        "import a module": lambda: import_module("wave"),
    }
    return {name: _met(attempt) for name, attempt in tries.items()}


def made_with_zeros(calls: Mapping[str, str]) -> dict[str, str]:
    """What each system call, given as name and number, meets."""
    return {name: _met(partial(_syscall, int(number))) for name, number in calls.items()}


def _met(attempt: Callable[[], Any]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "?")
    except ImportError:
        return "ImportError"
    return DONE


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _syscall(number: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _new_thread_runs() -> bool:
    ran = threading.Event()
    thread = threading.Thread(target=ran.set)
    thread.start()
    thread.join()
    return ran.is_set()


def _is_open(number: int) -> bool:
    try:
        fcntl.fcntl(number, fcntl.F_GETFD)
    except OSError:
        return False
    return True
