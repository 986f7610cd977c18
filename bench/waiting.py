"""How soon who waits has the end of a task, by long poll and by event stream; and what an open stream costs.

The measurement ends its tasks itself, through the store that a worker uses. A latency is counted from the
time that the ending statement stamps into the row, by the same machine's clock, to the client's having the
answer whole. The stamp is a little before the commit, so the commit's own fsync is in the figure.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

import psutil

from bench.report import Figure, Section, quantile
from bench.service import Line, connection, database, service
from retouch.task import TaskOutcome
from retouch.tasks.queue import TicketQueue
from retouch.tasks.store import TaskStore
from retouch.testing.service import Service

ROUNDS, WARM = 200, 20
STREAMS, FIRST_STREAMS = 500, 50
P99_AIM_MS, KIB_AIM = 100, 64
BODY = {"prompt": "Make it night", "image_urls": ["https://example.com/original.png"]}
_END = b"\nevent: completed\n"
_OUTCOME = TaskOutcome("builtin", ())


async def submit(line: Line, target: Service) -> str:
    """The id of a new task."""
    answer = await line.json("POST", "/v1/images/edits", target.key, BODY)
    return str(answer["data"][0]["task_id"])


async def poll(line: Line, target: Service, task_id: str) -> float:
    """The time at which a long poll has the end of the task."""
    answer = await line.json("GET", f"/v1/tasks/{task_id}?wait=60", target.key)
    now = time.time()
    if answer["data"]["status"] != "completed":
        raise RuntimeError(f"the long poll ended {answer['data']['status']}")
    return now


async def follow(target: Service, task_id: str, following: asyncio.Event) -> float:
    """The time at which an event stream has the end of the task."""
    async with connection(target.host, target.port) as line:
        await line.send("GET", f"/v1/tasks/{task_id}/events", target.key)
        await line.until(b"event: status\n")
        following.set()
        await line.until(_END)
        await line.until(b"\n\n")
        return time.time()


async def latencies(target: Service) -> tuple[list[float], list[float]]:
    """Milliseconds by long poll and by stream, task by task."""
    polled, streamed = [], []
    async with database(target) as opened, contextlib.AsyncExitStack() as stack:
        queue = await TicketQueue.open(opened.url, opened.settings)
        stack.push_async_callback(queue.close)
        store = TaskStore(opened.pool, queue, opened.settings)
        first, second = [
            await stack.enter_async_context(connection(target.host, target.port)) for _ in range(2)
        ]
        for _ in range(WARM + ROUNDS):
            task_id = await submit(first, target)
            following = asyncio.Event()
            ends = [
                asyncio.create_task(poll(second, target, task_id)),
                asyncio.create_task(follow(target, task_id, following)),
            ]
            await following.wait()
            await end(store, task_id)
            at = await asyncio.gather(*ends)
            task = await store.get(task_id)
            if task is None or task.ended_at is None:
                raise RuntimeError("the task has not ended")
            stamp = task.ended_at.timestamp()
            polled.append((at[0] - stamp) * 1000)
            streamed.append((at[1] - stamp) * 1000)
    return polled[WARM:], streamed[WARM:]


async def end(store: TaskStore, task_id: str) -> None:
    """What a worker does first and last."""
    claimed = await store.claim(task_id, "bench")
    if claimed is None or not await store.complete(task_id, claimed.attempt, _OUTCOME):
        raise RuntimeError("the task could not be ended")


async def memory_of_streams(target: Service) -> float:
    """Bytes of the API process for each of STREAMS open streams, each of a task of its own."""
    process = psutil.Process(target.process.pid)
    async with contextlib.AsyncExitStack() as stack:
        line = await stack.enter_async_context(connection(target.host, target.port))
        tasks = [await submit(line, target) for _ in range(FIRST_STREAMS + STREAMS)]
        await _open(stack, target, tasks[:FIRST_STREAMS])  # what the first ones load, the others do not cost
        before = process.memory_info().rss
        await _open(stack, target, tasks[FIRST_STREAMS:])
        return (process.memory_info().rss - before) / STREAMS


async def _open(stack: contextlib.AsyncExitStack, target: Service, tasks: list[str]) -> None:
    for task_id in tasks:
        line = await stack.enter_async_context(connection(target.host, target.port))
        await line.send("GET", f"/v1/tasks/{task_id}/events", target.key)
        await line.until(b"event: status\n")


def measure() -> Section:
    """Both latencies, then the memory, against an API without a worker."""
    with service("api") as target:
        polled, streamed = asyncio.run(latencies(target))
        each = asyncio.run(memory_of_streams(target)) / 1024
    return Section(
        "Waiting for the end of a task",
        "python -m bench waiting",
        (*_latency("long poll", polled), *_latency("event stream", streamed), _memory(each)),
        f"{ROUNDS} tasks, one at a time, each with a long poll and a stream, from the stamp of the ending "
        f"statement (a little before its commit) to the client. Memory: {STREAMS} streams of as many tasks, "
        f"opened after {FIRST_STREAMS} others; resident size of the API process.",
    )


def _latency(name: str, values: list[float]) -> tuple[Figure, Figure]:
    p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
    return (
        Figure(f"{name}, p50", f"{p50:.1f} ms"),
        Figure(f"{name}, p99", f"{p99:.1f} ms", f"<= {P99_AIM_MS} ms", p99 <= P99_AIM_MS),
    )


def _memory(each: float) -> Figure:
    return Figure("memory of an open stream", f"{each:.1f} KiB", f"<= {KIB_AIM} KiB", each <= KIB_AIM)
