"""A submit with a picture of 10 MB inside: how long it takes, and the API process's peak meanwhile."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from pathlib import Path

from bench.report import Figure, Section
from bench.service import connection, service
from retouch.testing.service import Service

RUNS = 7
PICTURE = 10_000_000  # bytes
MIB = 1 << 20
MS_AIM, MIB_AIM = 250, 64
PROMPT = "Change the background to a starry sky, keep the main subject"


def picture() -> bytes:
    """Bytes that begin as a PNG does; the door looks no further, and noise is what base64 meets in photos."""
    return b"\x89PNG\r\n\x1a\n" + os.urandom(PICTURE - 8)


def memory(pid: int, name: str) -> int:
    """A line of /proc/PID/status, in bytes."""
    rows = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith(f"{name}:"))


def forget_peak(pid: int) -> None:
    """Let VmHWM begin anew (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


async def submits(target: Service) -> list[tuple[float, int]]:
    """(milliseconds, bytes over the resident size before) of each submit, one after the other."""
    uri = "data:image/png;base64," + base64.b64encode(picture()).decode()
    body = json.dumps({"prompt": PROMPT, "image_urls": [uri]}).encode()
    pid, found = target.process.pid, []
    async with connection(target.host, target.port) as line:
        for _ in range(1 + RUNS):
            before = memory(pid, "VmRSS")
            forget_peak(pid)
            began = time.perf_counter()
            status, answer = await line.call("POST", "/v1/images/edits", target.key, body)
            taken = (time.perf_counter() - began) * 1000
            if status != 200:  # noqa: PLR2004 - HTTP
                raise RuntimeError(f"a submit answered {status}: {answer[:300]!r}")
            found.append((taken, memory(pid, "VmHWM") - before))
    return found[1:]  # the first one loads what the others find


def measure() -> Section:
    """One submit at a time, without a worker."""
    with service("api") as target:
        found = asyncio.run(submits(target))
    milliseconds = sorted(each[0] for each in found)[RUNS // 2]
    peak = max(each[1] for each in found) / MIB
    return Section(
        "A picture of 10 MB inside a submit",
        "python -m bench inline",
        (
            Figure("submit", f"{milliseconds:.0f} ms", f"<= {MS_AIM} ms", milliseconds <= MS_AIM),
            Figure("peak over rest, api", f"{peak:.0f} MiB", f"<= {MIB_AIM} MiB", peak <= MIB_AIM),
        ),
        f"A data URI of {PICTURE:,} bytes of noise, {PICTURE * 4 // 3:,} in base64, one at a time: the "
        f"median of {RUNS}, and the highest peak of the API process (VmHWM, begun anew before each) over its "
        "size before.",
    )
