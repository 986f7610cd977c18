"""Connections that want nothing: slow heads, silence, event streams; and how the others fare meanwhile.

500 connections trickle one byte a second and 500 say nothing: each must be closed by its deadline, while
/healthz stays quick. Then 500 event streams are open on one task: what they cost the database is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import psycopg

from bench.report import Figure, Section, quantile
from bench.service import connection, service
from bench.submit import BODY
from retouch.database.embedded import embedded_server
from retouch.settings import Settings
from retouch.testing.service import Service

TRICKLING = IDLE = STREAMS = 500
HEADERS_TIMEOUT_S, GRACE_S, QUIET_S = 15.0, 5.0, 12.0
SETTLE_S = 12.0  # an idle connection of PostgreSQL tells its counts after ten seconds
HEALTHZ_MS, QUERIES_PER_STREAM = 200, 0.1
_HEAD = b"GET /healthz HTTP/1.1\r\nHost: bench\r\nX-Slow: "


async def closed_after(port: int, *, trickle: bool) -> float:
    """Seconds until the server hung up on a connection that never finishes its head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    reading = asyncio.create_task(reader.read())
    try:
        if trickle:
            writer.write(_HEAD)
        while not reading.done() and time.perf_counter() - began < HEADERS_TIMEOUT_S + GRACE_S:
            if trickle:
                writer.write(b"x")
            await asyncio.wait({reading}, timeout=1)
        return time.perf_counter() - began if reading.done() else float("inf")
    finally:
        reading.cancel()
        writer.close()


async def probe(target: Service, busy: Callable[[], bool]) -> list[float]:
    """Seconds of each GET /healthz while ``busy``."""
    taken = []
    async with connection(target.host, target.port) as line:
        while busy():
            began = time.perf_counter()
            await line.call("GET", "/healthz")
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
    return taken


async def hold(target: Service) -> tuple[list[float], list[float]]:
    """Seconds until each slow connection was closed, and those of /healthz meanwhile."""
    slow = [
        asyncio.create_task(closed_after(target.port, trickle=number < TRICKLING))
        for number in range(TRICKLING + IDLE)
    ]
    probing = asyncio.create_task(probe(target, lambda: not all(task.done() for task in slow)))
    return list(await asyncio.gather(*slow)), await probing


@contextlib.asynccontextmanager
async def streams(target: Service, task_id: str, count: int) -> AsyncIterator[int]:
    """Open event streams; gives how many were accepted."""
    path = f"/v1/tasks/{task_id}/events"
    head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {target.key}\r\n\r\n"
    lines = [await asyncio.open_connection(target.host, target.port) for _ in range(count)]
    try:
        for _, writer in lines:
            writer.write(head.encode())
        answers = [await reader.readuntil(b"\r\n\r\n") for reader, _ in lines]
        yield sum(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    finally:
        for _, writer in lines:
            writer.close()


async def cost_of_streams(target: Service) -> tuple[int, float]:
    """How many streams were open, and the database's transactions for each of them in QUIET_S seconds."""
    async with connection(target.host, target.port) as line:
        status, answer = await line.call("POST", "/v1/images/edits", target.key, BODY)
    if status != 200:  # noqa: PLR2004 - HTTP
        raise RuntimeError(f"a submit answered {status}: {answer[:300]!r}")
    task_id = answer.decode().partition('"task_id":"')[2].partition('"')[0]
    with embedded_server(Settings(data_dir=target.data_dir)) as url:
        async with streams(target, task_id, STREAMS) as opened:
            await asyncio.sleep(SETTLE_S)
            before = _transactions(url)
            await asyncio.sleep(QUIET_S)
            return opened, (_transactions(url) - before) / max(1, opened)


def _transactions(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SELECT pg_stat_clear_snapshot()")
        row = database.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int((row.fetchone() or (0,))[0])


def measure() -> Section:
    """Both, against an API without a worker, which would ask the database of its own accord."""
    with service("api") as target:
        closed, healthz = asyncio.run(hold(target))
        opened, each = asyncio.run(cost_of_streams(target))
    latest, p99 = max(closed), quantile(healthz, 0.99) * 1000
    on_time = latest <= HEADERS_TIMEOUT_S + GRACE_S
    return Section(
        "Connections that want nothing",
        "python -m bench connections",
        (
            Figure("last of 1,000 slow connections closed after", f"{latest:.1f} s", "<= 20 s", on_time),
            Figure("/healthz p99 meanwhile", f"{p99:.0f} ms", "< 200 ms", p99 < HEALTHZ_MS),
            Figure("event streams open at once", f"{opened}", f"{STREAMS}", opened == STREAMS),
            Figure(
                f"transactions for each in {QUIET_S:g} s", f"{each:.3f}", "< 0.1", each < QUERIES_PER_STREAM
            ),
        ),
        f"{TRICKLING} connections send one byte of their head a second, {IDLE} nothing; a head must be there "
        f"within {HEADERS_TIMEOUT_S:g} s. Loopback, client and server on the same cores.",
    )
