"""What the service adds to an edit: from submit to result, minus the engine's own time, when idle."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

from bench.photos import photo
from bench.report import Figure, Section, quantile
from bench.service import Line, connection, service
from retouch.testing.service import Service, retouch

EDITS, WARM, SIDE = 40, 3, 256
POLL_S = 0.002
PROMPT = "Make it a bit brighter"


async def seen(line: Line, target: Service, body: dict[str, Any]) -> tuple[str, float]:
    """(task id, seconds from submit to completed as a polling client sees it) of one edit."""
    began = time.perf_counter()
    task_id = (await line.json("POST", "/v1/images/edits", target.key, body))["data"][0]["task_id"]
    while True:
        task = (await line.json("GET", f"/v1/tasks/{task_id}", target.key))["data"]
        if task["status"] == "completed":
            return task_id, time.perf_counter() - began
        if task["status"] in {"failed", "cancelled"}:
            raise RuntimeError(f"the edit ended {task['status']}: {task.get('error')}")
        await asyncio.sleep(POLL_S)


async def all_seen(target: Service) -> dict[str, float]:
    """Task id -> seconds, one edit after the other."""
    picture = base64.b64encode(photo("astronaut.png", SIDE)).decode()
    body = {"prompt": PROMPT, "image_urls": [f"data:image/png;base64,{picture}"]}
    async with connection(target.host, target.port) as line:
        taken = [await seen(line, target, body) for _ in range(WARM + EDITS)]
    return dict(taken[WARM:])


def engine_seconds(target: Service) -> dict[str, float]:
    """Task id -> the engine's own seconds, as the rows have them."""
    listed = retouch("tasks", "list", "--json", "--limit", "100", "--data-dir", str(target.data_dir))
    return {row["id"]: row["outcome"]["timings"]["builtin"] for row in json.loads(listed)}


def measure() -> Section:
    """A quick tone edit, so that what is left is ours."""
    with service() as target:
        taken = asyncio.run(all_seen(target))
        engine = engine_seconds(target)
    added = [seconds - engine[task_id] for task_id, seconds in taken.items()]
    p50, p99 = quantile(added, 0.5) * 1000, quantile(added, 0.99) * 1000
    return Section(
        "From submit to result, without the engine",
        "python -m bench latency",
        (
            Figure("added p50, idle", f"{p50:.0f} ms", "< 60 ms", p50 < 60),  # noqa: PLR2004 - the aim
            Figure("added p99, idle", f"{p99:.0f} ms"),
        ),
        f"{EDITS} edits of a {SIDE} px data URI, one by one, polled each {POLL_S * 1000:.0f} ms.",
    )
