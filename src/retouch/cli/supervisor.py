"""Keeps the processes of ``retouch run`` alive: started, restarted when they die, stopped cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from retouch import telemetry

log = telemetry.logger(__name__)

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 10.0


@dataclass(frozen=True, slots=True)
class Program:
    """A ``retouch`` command to be kept alive."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Runs programs until told to stop. They learn of our death from the kernel and end as well."""

    def __init__(self, programs: Sequence[Program], *, stop_timeout_s: float) -> None:
        self._programs = programs
        self._stop_timeout_s = stop_timeout_s
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask everything to end; running edits get their grace time."""
        self._stopping.set()

    async def run(self, *, ready: Callable[[], None], tend: Callable[[], object]) -> None:
        """Start all, call ``ready`` once each has said that it is, tend and restart until stopped.

        ``tend`` is called every second in a thread: it looks after what is no program of ours to start.
        """
        up = [asyncio.Event() for _ in self._programs]
        keepers = [
            asyncio.create_task(self._keep(program, event))
            for program, event in zip(self._programs, up, strict=True)
        ]
        tender = asyncio.create_task(self._tend(tend))
        announcer = asyncio.create_task(_announce(up, ready))
        try:
            await self._stopping.wait()
        finally:
            announcer.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            tender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await tender

    async def _tend(self, tend: Callable[[], object]) -> None:
        while True:
            try:
                await asyncio.to_thread(tend)
            except Exception as error:  # noqa: BLE001 - tried again in a second, whatever it was
                log.warning("could not tend the database", error=str(error))
            await asyncio.sleep(1)

    async def _keep(self, program: Program, up: asyncio.Event) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            ready = asyncio.Event()
            process = await _spawn(program, (ready, up))
            stopping = asyncio.create_task(self._stopping.wait())
            ended = asyncio.create_task(process.wait())
            await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if self._stopping.is_set():
                await self._end(process, ended)
                return
            # One that served before it died is back at once; only one that cannot start has to wait.
            pause = _FIRST_PAUSE_S if ready.is_set() else min(2 * pause, _LONGEST_PAUSE_S)
            log.warning("process ended, starting it again", process=program.name, code=process.returncode)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _end(self, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        done, _ = await asyncio.wait({ended}, timeout=self._stop_timeout_s)
        if not done:
            log.warning("process did not stop in time and is killed", pid=process.pid)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await ended


async def _announce(up: Sequence[asyncio.Event], ready: Callable[[], None]) -> None:
    for event in up:
        await event.wait()
    ready()


async def _spawn(program: Program, ready: Sequence[asyncio.Event]) -> asyncio.subprocess.Process:
    """Start a program with a pipe on which it writes one byte when it is ready."""
    reader, writer = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "retouch.cli.main",
        *program.arguments,
        env={**os.environ, **program.environment, "RETOUCH_READY_FD": str(writer)},
        pass_fds=(writer,),
        stdin=asyncio.subprocess.DEVNULL,
        # A terminal's Ctrl-C goes to the whole group: only the supervisor shall hear it.
        start_new_session=True,
    )
    os.close(writer)
    loop = asyncio.get_running_loop()

    def heard() -> None:
        loop.remove_reader(reader)
        if os.read(reader, 1):
            for event in ready:
                event.set()
        os.close(reader)

    loop.add_reader(reader, heard)
    return process


def say_ready() -> None:
    """Tell a supervisor, if there is one, that this process serves."""
    if descriptor := os.environ.pop("RETOUCH_READY_FD", None):
        with contextlib.suppress(OSError):
            os.write(int(descriptor), b"1")
            os.close(int(descriptor))


def end_with_parent() -> None:
    """Have the kernel end this process when its supervisor is gone, however it went (Linux only)."""
    if "RETOUCH_READY_FD" not in os.environ or not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)
