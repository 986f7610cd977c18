"""A request's head is bounded in bytes, fields and time, before any application code sees it.

Trickled, endless or malformed heads are answered in the one shape of errors where something was asked, and
the connection is closed.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import STARRY, Server, problem, raw

from retouch.api import wire
from retouch.settings import Settings


def error_of(said: bytes) -> dict[str, Any]:
    first, _, body = said.partition(b"\r\n\r\n")
    status = int(first.split()[1])
    detail = wire.Problem.model_validate(json.loads(body)).error
    assert detail.code == status
    assert f"x-request-id: {detail.request_id}".encode() in first
    return detail.model_dump()


async def test_too_many_bytes(server: Server) -> None:
    said = await raw(
        server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 17_000 + b"\r\n\r\n"
    )

    assert error_of(said)["type"] == "headers_too_large"


async def test_a_field_that_never_ends(server: Server) -> None:
    said = await raw(server, b"GET /healthz HTTP/1.1\r\nX-Long: ", *[b"x" * 4096] * 5)

    assert error_of(said)["code"] == 431


async def test_a_target_that_is_too_long(server: Server) -> None:
    said = await raw(server, b"GET /" + b"x" * 17_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert error_of(said)["code"] == 431


async def test_a_large_body_in_the_same_packet_is_no_head(server: Server, token: str) -> None:
    body = b'{"task_ids": "' + b"x" * 60_000 + b'"}'
    head = (
        f"POST /v1/tasks/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Connection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    said = await raw(server, head.encode() + body)

    assert error_of(said)["param"] == "task_ids"


async def test_too_many_fields(client: httpx2.AsyncClient, server: Server) -> None:
    fields = b"".join(b"X-%d: 1\r\n" % number for number in range(101))

    said = await raw(server, b"GET /healthz HTTP/1.1\r\n" + fields + b"\r\n")

    assert error_of(said)["code"] == 431
    ninety = {f"X-{number}": "1" for number in range(90)}
    assert (await client.get("/healthz", headers=ninety)).status_code == 200


async def test_a_head_that_does_not_arrive_in_time(start: Start, settings: Settings) -> None:
    hasty = start(settings.model_copy(update={"headers_timeout_s": 0.2}))

    assert error_of(await raw(hasty, b"GET /healthz HTTP/1.1\r\nHost: loc"))["code"] == 408
    assert await raw(hasty) == b"", "who asks nothing is told nothing"


async def test_the_second_request_of_a_connection_has_a_deadline_too(
    start: Start, settings: Settings
) -> None:
    hasty = start(settings.model_copy(update={"headers_timeout_s": 0.2}))
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

    said = await raw(hasty, whole + b"GET /heal")

    assert said.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in said


@pytest.mark.parametrize(
    "nonsense",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nA B: c\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    ],
)
async def test_what_is_no_http(server: Server, nonsense: bytes) -> None:
    assert error_of(await raw(server, nonsense))["type"] == "invalid_request_error"


async def test_an_old_client_without_a_host_is_served(server: Server) -> None:
    assert (await raw(server, b"GET /healthz HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200")


async def test_a_trailer_is_no_header(server: Server, token: str) -> None:
    """Authorization in a trailer, behind the body, must not open anything."""
    said = await raw(
        server,
        b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
        b"0\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n",
    )

    assert error_of(said)["code"] == 401


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
async def test_another_protocol_is_not_spoken(client: httpx2.AsyncClient, protocol: str) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": protocol}

    problem(await client.get("/v1/nothing", headers=headers), 404, "not_found_error")
    assert (await client.post("/v1/images/edits", json=STARRY, headers=headers)).status_code == 200

    async def pieces() -> AsyncIterator[bytes]:
        for byte in json.dumps(STARRY).encode():
            yield bytes([byte])

    chunked = headers | {"Content-Type": "application/json"}
    assert (await client.post("/v1/images/edits", content=pieces(), headers=chunked)).status_code == 200
