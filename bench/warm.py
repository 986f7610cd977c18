"""A warm pixel process and what its edits cost: the session that a task gets, without a server about it."""

from __future__ import annotations

import asyncio
import io
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from bench.report import ROOT, cpu_flags
from retouch.engines.planner.plan import Operation, Plan
from retouch.settings import load_settings
from retouch.task import DEFAULT_MODEL, EditRequest, OutputFormat
from retouch.telemetry import configure_logging
from retouch.worker.child.pool import ChildPool

SEED: Final = 7
_EDIT_S: Final = 120
_PHOTOS: Final = ROOT / "tests" / "data" / "photos"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one edit from bytes to bytes: on the clock, and of all the process' threads together."""

    wall: float
    cpu: float
    data: bytes


class WarmChild:
    """One sandboxed child with the builtin engine, nets compiled."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: ChildPool) -> None:
        self._loop, self._pool = loop, pool

    def edit(
        self, plan: Plan | Mapping[str, Any], photo: bytes, *others: bytes, output: OutputFormat = "png"
    ) -> Cost:
        """Prepare, edit, finish. Raises the TaskError that the edit ends with."""
        steps = plan if isinstance(plan, Plan) else Plan("en", (Operation.from_json(dict(plan)),), 1.0)
        work = self._edit(steps, (photo, *others), output)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _edit(self, plan: Plan, blobs: Sequence[bytes], output: OutputFormat) -> Cost:
        request = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), seed=SEED)
        async with self._pool.session() as session:
            spent, began = self._spent(), time.perf_counter()
            await session.prepare(blobs)
            await session.edit("builtin", request, plan, timeout_s=_EDIT_S)
            (image,) = await session.finish(output, None)
            return Cost(time.perf_counter() - began, self._spent() - spent, image.data)

    def _spent(self) -> float:
        times = _process().cpu_times()
        return times.user + times.system

    def peak_bytes(self) -> int:
        """The most that was ever resident of this child: VmHWM of proc(5)."""
        status = Path(f"/proc/{_process().pid}/status").read_text(encoding="ascii")
        line = next(row for row in status.splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) * 1024


def _process() -> psutil.Process:
    (found,) = (
        child for child in psutil.Process().children() if "retouch.worker.child.process" in child.cmdline()
    )
    return found


@contextmanager
def warm_child() -> Iterator[WarmChild]:
    """Start one, with the settings of this machine but a folder of its own; stop it afterwards."""
    configure_logging("warning")
    with tempfile.TemporaryDirectory(prefix="retouch-bench-") as folder, _running_loop() as loop:
        settings = load_settings().model_copy(update={"data_dir": Path(folder), "worker_slots": 1})
        pool = ChildPool(settings)
        asyncio.run_coroutine_threadsafe(pool.start(), loop).result()
        try:
            yield WarmChild(loop, pool)
        finally:
            asyncio.run_coroutine_threadsafe(pool.stop(), loop).result()


@contextmanager
def _running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that never stands still: a child that is not answered while it is cleared gets replaced."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def sized(name: str, width: int, height: int, form: str = "PNG") -> bytes:
    """A photo of the tests, cut to the proportions and enlarged to ``width`` x ``height``, as a file."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only where pictures are measured

    with Image.open(_PHOTOS / name) as opened:
        fitted = ImageOps.fit(opened.convert("RGB"), (width, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    fitted.save(buffer, form)
    return buffer.getvalue()


def bf16() -> bool:
    """Whether the nets run in bf16 here: the aims are stated for such a CPU."""
    return any("bf16" in flag for flag in cpu_flags())
