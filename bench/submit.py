"""Submits: how many a second one API process takes durably, and how long one waits at 50 a second.

Open loop at a fixed rate for the latency (a slow answer does not slow the arrivals down), closed loop with
a few connections for the rate. One account, the bundled database, client and server on the same cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from bench.report import Figure, Section, quantile
from bench.service import Line, connection, service
from retouch.testing.service import Service

RATE, RATE_SECONDS = 50, 20
LINES, LOAD_SECONDS, WARM = 16, 10, 200
BODY = (
    b'{"model":"grok-imagine-1.0-edit-apimart","prompt":"Change the background to a starry sky, keep the '
    b'main subject","image_urls":["https://example.com/original.png"],"n":1}'
)


async def submit(line: Line, key: str) -> None:
    """One submit that must be acknowledged."""
    status, answer = await line.call("POST", "/v1/images/edits", key, BODY)
    if status != 200:  # noqa: PLR2004 - HTTP
        raise RuntimeError(f"a submit answered {status}: {answer[:300]!r}")


@contextlib.asynccontextmanager
async def lines(target: Service, count: int) -> AsyncIterator[list[Line]]:
    """Kept-alive connections, each warmed by a few submits."""
    async with contextlib.AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(connection(target.host, target.port)) for _ in range(count)]
        for number in range(WARM):
            await submit(opened[number % count], target.key)
        yield opened


async def latencies(target: Service) -> list[float]:
    """Seconds from the moment a submit was due to its answer, at RATE a second."""
    free: asyncio.Queue[Line] = asyncio.Queue()
    taken: list[float] = []

    async def one(due: float) -> None:
        line = await free.get()
        await submit(line, target.key)
        taken.append(time.perf_counter() - due)
        free.put_nowait(line)

    async with lines(target, LINES) as opened, asyncio.TaskGroup() as group:
        for line in opened:
            free.put_nowait(line)
        began = time.perf_counter()
        for number in range(RATE * RATE_SECONDS):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due))
    return taken


async def throughput(target: Service) -> float:
    """Submits a second over LINES connections, each sending the next as soon as it has its answer."""
    done = 0

    async def pump(line: Line, until: float) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await submit(line, target.key)
            done += 1

    async with lines(target, LINES) as opened:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for line in opened:
                group.create_task(pump(line, began + LOAD_SECONDS))
        return done / (time.perf_counter() - began)


def measure() -> Section:
    """Both, against an API without a worker: what is measured is the door."""
    with service("api") as target:
        taken = asyncio.run(latencies(target))
        rate = asyncio.run(throughput(target))
    p50, p99 = quantile(taken, 0.5) * 1000, quantile(taken, 0.99) * 1000
    return Section(
        "Submitting",
        "python -m bench submit",
        (
            Figure(f"submit p50 at {RATE}/s", f"{p50:.1f} ms"),
            Figure(f"submit p99 at {RATE}/s", f"{p99:.1f} ms", "< 50 ms", p99 < 50),  # noqa: PLR2004 - the aim
            Figure("submits, one account", f"{rate:.0f} a second", ">= 250 a second", rate >= 250),  # noqa: PLR2004
        ),
        f"One API process, the bundled database, the client on the same cores. {RATE * RATE_SECONDS} submits "
        f"in an open loop for the latency, {LINES} connections for {LOAD_SECONDS} s for the rate.",
    )
