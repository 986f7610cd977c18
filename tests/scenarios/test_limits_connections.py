"""Connections that want nothing are closed, and hold up nobody: short form of ``bench connections``."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import httpx2
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import Server, connect, make_task

from retouch.settings import Settings
from retouch.tasks.store import TaskStore
from retouch.tasks.watch import TaskWatch

SLOW = 40
CEILING_S = 60


async def hung_up_on(server: Server, head: bytes) -> bytes:
    """What a connection hears that never finishes its head, until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(head)
        return await asyncio.wait_for(reader.read(), CEILING_S)
    finally:
        writer.close()


async def test_those_that_never_finish_their_head_are_closed(start: Start, settings: Settings) -> None:
    server = start(settings.model_copy(update={"headers_timeout_s": 1.0}))
    slow = [
        asyncio.create_task(hung_up_on(server, b"" if number % 2 else b"GET /healthz HTTP/1.1\r\nX-S: "))
        for number in range(SLOW)
    ]
    async with connect(server) as client:
        answered = 0
        while not all(task.done() for task in slow):
            assert (await client.get("/healthz")).status_code == 200
            answered += 1

    heard = await asyncio.gather(*slow)
    assert answered > 0, "the others were served meanwhile"
    assert all(said == b"" or b" 408 " in said.partition(b"\r\n")[0] for said in heard), heard


async def test_streams_share_one_reader(
    client: httpx2.AsyncClient, store: TaskStore, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens to a task is read once for all who follow it, not once for each."""
    reads: list[int] = []
    read = TaskWatch._read

    async def counted(watch: TaskWatch, ids: Collection[str]) -> None:
        reads.append(len(ids))
        await read(watch, ids)

    monkeypatch.setattr(TaskWatch, "_read", counted)
    task = await make_task(store)
    head = f"GET /v1/tasks/{task.id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"

    async def follow() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        try:
            writer.write(head.encode())
            await reader.readuntil(b"event: status")
            opened.release()
            return await asyncio.wait_for(reader.readuntil(b"event: cancelled"), CEILING_S)
        finally:
            writer.close()

    opened = asyncio.Semaphore(0)
    following = [asyncio.create_task(follow()) for _ in range(SLOW)]
    for _ in following:
        await asyncio.wait_for(opened.acquire(), CEILING_S)
    before = len(reads)
    await client.post(f"/v1/tasks/{task.id}/cancel")
    await asyncio.gather(*following)

    assert 0 < len(reads) - before < SLOW / 4
