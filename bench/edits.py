"""Whole edits at 1024 x 1024 on this machine, and the memory of the processes while they run."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from typing import Any

import psutil

from bench.latency import seen
from bench.photos import photo
from bench.report import Figure, Section
from bench.service import connection, processes, service
from retouch.testing.service import Service

SIDE, RUNS = 1024, 5
PROMPTS = {
    "starry sky": "Change the background to a starry sky, keep the main subject",
    "cyberpunk": "Convert the image to cyberpunk style",
}


async def timed(target: Service, prompt: str) -> list[float]:
    """Seconds from submit to result, sorted."""
    picture = base64.b64encode(photo("astronaut.png", SIDE)).decode()
    body: dict[str, Any] = {"prompt": prompt, "image_urls": [f"data:image/png;base64,{picture}"], "seed": 7}
    async with connection(target.host, target.port) as line:
        return sorted([(await seen(line, target, body))[1] for _ in range(RUNS)])


class Memory(threading.Thread):
    """Watches the largest resident size of each process until told to stop."""

    def __init__(self, target: Service) -> None:
        super().__init__(daemon=True)
        self.peak: dict[str, int] = {}
        self._target = target
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Sample ten times a second."""
        while not self._stop_asked.wait(0.1):
            for name, pid in processes(self._target).items():
                if psutil.pid_exists(pid):
                    self.peak[name] = max(self.peak.get(name, 0), _resident(pid))

    def stop(self) -> dict[str, int]:
        """Process name -> peak bytes."""
        self._stop_asked.set()
        self.join()
        return self.peak


def _resident(pid: int) -> int:
    try:
        resident: int = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return resident


def measure() -> Section:
    """Both showcases, one after the other, with the memory watched."""
    with service() as target:
        memory = Memory(target)
        memory.start()
        began = time.perf_counter()
        taken = {name: asyncio.run(timed(target, prompt)) for name, prompt in PROMPTS.items()}
        elapsed = time.perf_counter() - began
        peak = memory.stop()
    figures = [
        Figure(
            f"{name}, {SIDE} x {SIDE}",
            f"{runs[len(runs) // 2]:.2f} s (best {runs[0]:.2f}, worst {runs[-1]:.2f})",
        )
        for name, runs in taken.items()
    ]
    figures += [
        Figure(f"peak memory, {name}", f"{bytes_ / 2**20:.0f} MiB") for name, bytes_ in sorted(peak.items())
    ]
    return Section(
        "Edits and memory",
        "python -m bench edits",
        tuple(figures),
        f"Submit to result over HTTP, median of {RUNS}, first run included; {elapsed:.0f} s in all.",
    )
