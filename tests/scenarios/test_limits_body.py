"""A request may not be too large, too slow, or one too many; the limit is told before the bytes are read.

A client that declares too much gets its 413 without sending it; one that does not declare is stopped at the
limit; one that trickles gets a 408; and the connection survives where it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
from tests.scenarios.conftest import Start
from tests.scenarios.world import STARRY, Server, connect, problem, raw

from retouch.settings import Settings

JSON = {"Content-Type": "application/json"}
MIB = 1 << 20


def head(token: str, length: int) -> bytes:
    return (
        f"POST /v1/images/edits HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def test_a_declared_length_over_the_limit_is_refused_before_the_body(
    server: Server, token: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head(token, 32 * MIB + 1))

    status = await reader.readline()
    writer.close()

    assert status.startswith(b"HTTP/1.1 413")


async def test_the_client_reads_its_413_and_may_go_on(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/images/edits", content=bytes(33 * MIB), headers=JSON)
    message = problem(answer, 413, "payload_too_large")["message"]
    assert str(32 * MIB) in message

    again = await client.post("/v1/images/edits", json=STARRY)
    assert again.status_code == 200


async def test_an_undeclared_body_is_stopped_at_the_limit(
    start: Start, settings: Settings, token: str
) -> None:
    small = start(settings.model_copy(update={"body_max_bytes": 64 * 1024}))

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(16 * 1024)

    async with connect(small, token) as client:
        answer = await client.post("/v1/images/edits", content=endless(), headers=JSON)

    problem(answer, 413, "payload_too_large")


async def test_a_client_that_never_stops_is_cut_off(start: Start, settings: Settings, token: str) -> None:
    small = start(settings.model_copy(update={"body_max_bytes": 64 * 1024}))
    chunk = b"4000\r\n" + bytes(0x4000) + b"\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    writer.write(head(token, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))

    cut_off = False
    for _ in range(2000):  # 32 MB, were nobody to stop it
        try:
            writer.write(chunk)
            await writer.drain()
        except ConnectionError:
            cut_off = True
            break
    answer = b"" if cut_off else await reader.read(12)
    writer.close()

    assert cut_off, answer


async def test_a_body_that_does_not_arrive_in_time(start: Start, settings: Settings, token: str) -> None:
    hasty = start(settings.model_copy(update={"request_timeout_s": 0.2}))

    said = await raw(hasty, head(token, 100), b'{"prompt":')

    assert said.startswith(b"HTTP/1.1 408")
    assert b'"type": "request_timeout"' in said
    assert b"connection: close" in said.lower()


async def test_a_client_that_leaves_in_the_middle_disturbs_nobody(
    server: Server, token: str, client: httpx2.AsyncClient
) -> None:
    assert await raw(server, head(token, 100), b'{"prompt":', end=True) == b""

    assert (await client.get("/healthz")).status_code == 200


async def test_many_large_bodies_at_once_are_put_off(start: Start, settings: Settings, token: str) -> None:
    narrow = start(settings.model_copy(update={"bodies_in_flight_bytes": MIB}))
    _, writer = await asyncio.open_connection("127.0.0.1", narrow.port)
    writer.write(head(token, 900 * 1024) + b"{")
    await writer.drain()

    async with connect(narrow, token) as client:
        # The first request is in flight once a second one of its size is put off.
        answer = await client.post("/v1/images/edits", content=b"{" + bytes(200 * 1024), headers=JSON)
        while answer.status_code != 503:
            answer = await client.post("/v1/images/edits", content=b"{" + bytes(200 * 1024), headers=JSON)
        problem(answer, 503, "service_unavailable")
        assert answer.headers["retry-after"] == "5"
        assert (await client.post("/v1/images/edits", json=STARRY)).status_code == 200
        writer.close()
        await writer.wait_closed()
        # Its room is given back when the first client is gone.
        while (
            await client.post("/v1/images/edits", content=bytes(200 * 1024), headers=JSON)
        ).status_code != 400:
            pass
