"""Listeners that tell on whoever reaches them, for tests of anything that connects to the outside.

A guard is judged at the socket: a :class:`Canary` counts connections, whatever the code under test says
that it did. What to aim at one is in :mod:`retouch.testing.vectors`. Needs ``trustme``.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import trustme

Address: TypeAlias = IPv4Address | IPv6Address
Route: TypeAlias = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


class Canary:
    """Listens, counts who connects, and hangs up."""

    def __init__(self, *hosts: str, port: int = 0) -> None:
        self._hosts = hosts or ("127.0.0.1",)
        self._asked_port = port
        self._servers: list[asyncio.Server] = []
        self._peers: list[tuple[str, int]] = []
        self._arrival = asyncio.Condition()
        self._knocks = 0

    @property
    def port(self) -> int:
        """The port of the first listener."""
        port: int = self._servers[0].sockets[0].getsockname()[1]
        return port

    async def hits(self) -> int:
        """How many connections arrived so far, those still in the accept queue included."""
        for server in self._servers:
            await self._knock(*server.sockets[0].getsockname()[:2])
        return len(self._peers) - self._knocks

    async def _knock(self, host: str, port: int) -> None:
        # The queue is first in, first out: when our own knock has come through, so has all before it.
        _, writer = await asyncio.open_connection(host, port)
        me = writer.get_extra_info("sockname")[:2]
        async with self._arrival:
            await self._arrival.wait_for(lambda: me in self._peers)
        self._knocks += 1
        writer.close()

    async def _arrived(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._arrival:
            self._peers.append(writer.get_extra_info("peername")[:2])
            self._arrival.notify_all()
        writer.close()

    async def __aenter__(self) -> Self:
        for host in self._hosts:
            self._servers.append(await asyncio.start_server(self._arrived, host, self._asked_port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
            await server.wait_closed()


@cache
def _authority() -> trustme.CA:
    # One for the process: making keys is most of the time that a short test takes.
    return trustme.CA()


@cache
def _server_context(names: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _authority().issue_cert(*names).configure_cert(context)
    return context


def write_ca(folder: Path) -> Path:
    """Write the certificate of the authority behind every :class:`HttpServer` into ``folder``; its path."""
    path = folder / "ca.pem"
    _authority().cert_pem.write_to_path(str(path))
    return path


class HttpServer:
    """Answers each path with the bytes, or the doings, that ``routes`` has for it; 404 for the rest.

    ``requests`` keeps heads and bodies as they came. It speaks TLS if it has ``names``: its certificate is
    good for these, and is trusted by whoever trusts the file that :func:`write_ca` writes.
    """

    def __init__(self, *names: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.routes: dict[str, Route] = {}
        self.requests: list[tuple[str, bytes]] = []
        self._names = names
        self._bind = (host, port)
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append((head, await reader.readexactly(_content_length(head))))
            route = self.routes.get(head.split(" ")[1], http_answer(404))
            if isinstance(route, bytes):
                writer.write(route)
            else:
                await route(writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return  # the client hung up: that is its right
        finally:
            writer.close()

    async def __aenter__(self) -> Self:
        context = _server_context(self._names) if self._names else None
        self._server = await asyncio.start_server(self._serve, *self._bind, ssl=context)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()


def _content_length(head: str) -> int:
    found = re.search(r"^content-length: (\d+)\r$", head, re.MULTILINE | re.IGNORECASE)
    return int(found[1]) if found else 0


def http_answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP/1.1 answer; header names are written with underscores: ``content_type="image/png"``."""
    fields = {"content-length": str(len(body)), "connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} -\r\n{head}\r\n".encode("latin-1") + body


class FixedResolver:
    """A name server of one's own: each look-up gets the name's next answer, the last one for ever."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []

    def add(self, name: str, *answers: Sequence[str]) -> None:
        """Let ``name`` lead to each of ``answers`` (lists of addresses) in turn."""
        self._answers[name] = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """Answer like :func:`retouch.fetch.guard.resolve`; OSError for a name that was never added."""
        del port
        self.asked.append(host)
        if host not in self._answers:
            raise OSError(f"{host}: no such name")
        lines = self._answers[host]
        line = lines.pop(0) if len(lines) > 1 else lines[0]
        return [ip_address(address) for address in line]
