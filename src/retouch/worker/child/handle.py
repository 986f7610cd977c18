"""One child process, seen from its parent: started, listened to, watched, killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from retouch.errors import ChildCrashed, OutOfMemory, TaskError
from retouch.telemetry import logger
from retouch.worker.child import wire
from retouch.worker.child.values import ChildSetup
from retouch.worker.child.wire import Message

_LOG = logger(__name__)
_WATCH_S: Final = 0.1
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_BUFFER: Final = 4 << 20
_INBOX: Final = 16
_LOG_LINE: Final = 500
_LAST_WORDS_S: Final = 1
# Nothing else of the parent's environment reaches a child: it holds keys and addresses.
_INHERITED: Final = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


@dataclass(frozen=True, slots=True)
class Death:
    """Put into the inbox when the child is gone: why, as the error its task ends with."""

    error: TaskError


class Child:
    """A running child. ``inbox`` gives what it says, and last a :class:`Death`.

    ``last_words`` is the last line it wrote to stderr; not to be shown to those who send pictures.
    """

    def __init__(self, process: asyncio.subprocess.Process, sock: socket.socket, setup: ChildSetup) -> None:
        self.layers: Mapping[str, bool] = {}
        self.inbox: asyncio.Queue[Message | Death] = asyncio.Queue(_INBOX)
        self.last_words = ""
        self._process = process
        self._speaking = asyncio.Lock()
        # Names this very process for ever; a pid may by now be somebody else's.
        self._pidfd = os.pidfd_open(process.pid)
        self._sock = sock
        self._bytes_max = setup.bytes_max
        self._reason: TaskError | None = None
        self._tasks = [
            asyncio.create_task(self._listen(), name="child-listen"),
            asyncio.create_task(self._log(), name="child-log"),
        ]

    @classmethod
    async def spawn(cls, setup: ChildSetup) -> Child:
        """Start a process and tell it its setup; it answers ``ready`` when its sandbox is closed."""
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            ours.setblocking(False)  # noqa: FBT003 - the signature is the library's
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-X", "faulthandler", "-m", "retouch.worker.child.process"),
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                env=_environment(setup.threads),
                cwd="/",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        child = cls(process, ours, setup)
        await child.send(Message("setup", asdict(setup)))
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still be given work."""
        return self._process.returncode is None and self._reason is None

    async def send(self, message: Message) -> None:
        """Say something to the child. Does not raise when it is gone: its Death is in the inbox."""
        async with self._speaking:
            try:
                await wire.send_async(self._sock, message)
            except OSError:
                self.kill(ChildCrashed("The process that works on pixels ended unexpectedly."))
            except asyncio.CancelledError:
                self.kill(ChildCrashed("The process that works on pixels was cut off in mid-message."))
                raise

    def kill(self, reason: TaskError) -> None:
        """End it now. The first ``reason`` is what its task ends with."""
        if self._reason is None:
            self._reason = reason
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def close(self) -> None:
        """Kill it, reap it, and let go of everything that belongs to it."""
        self.kill(ChildCrashed("The process that works on pixels was stopped."))
        await self._process.wait()
        # Both end by themselves now, and whoever waits for an answer learns why there is none.
        await asyncio.wait(self._tasks, timeout=_LAST_WORDS_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sock.close()
        os.close(self._pidfd)

    async def watch_memory(self, most: int) -> None:
        """Kill the child once more than ``most`` bytes of it are resident. Runs until cancelled or gone."""
        statm = Path(f"/proc/{self.pid}/statm")
        while self.alive:
            try:
                resident = _resident(statm)
            except (OSError, IndexError):
                return
            if resident > most:
                _LOG.warning("child over its memory", pid=self.pid, resident=resident)
                self.kill(OutOfMemory("The picture needs more memory than a task may use."))
                return
            await asyncio.sleep(_WATCH_S)

    async def _listen(self) -> None:
        try:
            while True:
                await self.inbox.put(await wire.receive_async(self._sock, self._bytes_max))
        except wire.WireError as error:
            _LOG.warning("child broke the framing", pid=self.pid, error=str(error))
        except (EOFError, OSError):
            _LOG.debug("child closed its line", pid=self.pid)
        self.kill(ChildCrashed("The process that works on pixels crashed on this picture."))
        code = await self._process.wait()
        _LOG.info("child ended", pid=self.pid, code=code)
        if self._reason is not None:
            await self.inbox.put(Death(self._reason))

    async def _log(self) -> None:
        """What it writes to stderr, into our log: bounded, as it may be hostile."""
        reader = self._process.stderr
        if reader is None:
            return
        while line := await reader.read(_LOG_LINE):
            text = line.decode(errors="replace").rstrip()
            self.last_words = text.rpartition("\n")[2]
            _LOG.warning("child says", pid=self.pid, text=text)


def _resident(statm: Path) -> int:
    """Bytes in memory, from proc(5)'s ``/proc/PID/statm``; a read that the kernel answers from memory."""
    return int(statm.read_text(encoding="ascii").split()[1]) * _PAGE


def _environment(threads: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    number = str(threads)
    return {
        **kept,
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "OMP_NUM_THREADS": number,
        "OPENBLAS_NUM_THREADS": number,
        "OPENCV_FOR_THREADS_NUM": number,
    }
