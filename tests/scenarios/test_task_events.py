"""A client follows a task: each change is one event, and a broken line is taken up where it broke."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import Work, connect, make_task, problem

from retouch.database.pool import Pool
from retouch.settings import Settings
from retouch.tasks.store import TaskStore

CEILING_S = 30


@dataclass(frozen=True)
class Event:
    """One event of a stream; a comment has no name."""

    id: int
    name: str
    data: dict[str, Any]


@contextlib.asynccontextmanager
async def following(
    client: httpx2.AsyncClient, task_id: str, last: str = ""
) -> AsyncIterator[AsyncIterator[Event]]:
    headers = {"Last-Event-ID": last} if last else {}
    async with client.stream("GET", f"/v1/tasks/{task_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx2.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            yield Event(0, "", {})
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}


async def _all(events: AsyncIterator[Event]) -> list[Event]:
    async with asyncio.timeout(CEILING_S):
        return [event async for event in events if event.name]


async def test_a_whole_life(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    task = await make_task(store)
    async with following(client, task.id) as events:
        first = await anext(events)
        claimed = await work.begin(task.id)
        second = await anext(events)
        assert await store.heartbeat(task.id, claimed.attempt, 40)
        third = await anext(events)
        await store.cancel(task.id, "default")
        rest = await _all(events)

    assert [(e.id, e.name) for e in (first, second, third)] == [(1, "status"), (2, "status"), (3, "progress")]
    assert first.data["status"] == "pending"
    assert second.data == {"status": "processing", "progress": 0, "attempt": 1}
    assert third.data["progress"] == 40
    assert [(e.id, e.name, e.data["status"]) for e in rest] == [(4, "cancelled", "cancelled")]


async def test_the_end_brings_the_task_itself(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    await work.complete(task.id)

    async with following(client, task.id) as events:
        *_, end = await _all(events)

    assert end.name == "completed"
    polled = await client.get(f"/v1/tasks/{task.id}")
    assert end.data["result"]["images"][0]["seed"] == polled.json()["data"]["result"]["images"][0]["seed"]


async def test_a_broken_line_is_taken_up_where_it_broke(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    async with following(client, task.id) as events:
        seen = await anext(events)
    await work.complete(task.id)

    async with following(client, task.id, last=str(seen.id)) as events:
        rest = await _all(events)

    assert [event.id for event in rest] == list(range(seen.id + 1, seen.id + 1 + len(rest)))
    assert rest[-1].name == "completed"


async def test_who_has_seen_the_end_need_not_come_again(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    await work.complete(task.id)
    async with following(client, task.id) as events:
        last = (await _all(events))[-1].id

    again = await client.get(f"/v1/tasks/{task.id}/events", headers={"Last-Event-ID": str(last)})

    assert again.status_code == 204


async def test_silence_is_filled_with_comments(
    start: Start, settings: Settings, store: TaskStore, token: str
) -> None:
    task = await make_task(store)
    async with (
        connect(start(settings.model_copy(update={"stream_heartbeat_s": 0.05})), token) as client,
        following(client, task.id) as events,
    ):
        await anext(events)
        assert (await asyncio.wait_for(anext(events), CEILING_S)).name == ""


async def test_five_hundred_streams_read_once(
    start: Start, settings: Settings, store: TaskStore, token: str, pool: Pool
) -> None:
    """Nobody asks the database for each client: the queries of a change do not grow with the streams."""
    streams = 500
    task = await make_task(store)
    limits = httpx2.Limits(max_connections=None)
    server = start(settings)
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx2.AsyncClient(
                base_url=server.url,
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
                limits=limits,
                timeout=CEILING_S * 2,
            )
        )
        opened = [await stack.enter_async_context(following(client, task.id)) for _ in range(streams)]
        for events in opened:
            await anext(events)
        before = await _reads(pool)
        claimed = await store.claim(task.id, "test")
        assert claimed is not None
        for progress in (20, 40, 60):
            assert await store.heartbeat(task.id, claimed.attempt, progress)
        for events in opened:
            while (await asyncio.wait_for(anext(events), CEILING_S)).data.get("progress") != 60:
                pass
        during = await _reads(pool) - before

    assert during <= 20, f"{during} readings of task_events for {streams} streams"


async def _reads(pool: Pool) -> int:
    """How often the table of events was looked through, by anybody, counted by the server itself."""
    async with pool.connection() as connection:
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        row = await (
            await connection.execute(
                "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) AS reads "
                "FROM pg_stat_user_tables WHERE relname = 'task_events'"
            )
        ).fetchone()
    assert row is not None
    return int(row["reads"])


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "٣", "9" * 40])
async def test_an_id_that_no_stream_gave(client: httpx2.AsyncClient, store: TaskStore, last: str) -> None:
    task = await make_task(store)

    answer = await client.get(f"/v1/tasks/{task.id}/events", headers={b"Last-Event-ID": last.encode()})

    assert problem(answer, 400, "invalid_request_error")["param"] == "Last-Event-ID"


async def test_somebody_elses_task(client: httpx2.AsyncClient, store: TaskStore) -> None:
    task = await make_task(store, account="other")

    problem(await client.get(f"/v1/tasks/{task.id}/events"), 404, "not_found_error")


async def test_a_stopping_server_ends_its_streams(
    start: Start, settings: Settings, store: TaskStore, token: str
) -> None:
    task = await make_task(store)
    server = start(settings)
    async with connect(server, token) as client, following(client, task.id) as events:
        await anext(events)

        await asyncio.to_thread(server.end)

        assert await _all(events) == []
