"""A whole service for a measurement, its processes by name, and a light HTTP client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from retouch.cli.common import Database, open_database
from retouch.database.pool import database_url
from retouch.keyring import Keyring
from retouch.settings import load_settings
from retouch.tasks.keys import KeyStore
from retouch.testing.service import Service, forget_cluster, running_service

_MARKS: Final = {
    "retouch.worker.child": "child",
    "retouch.cli.main api": "api",
    "retouch.cli.main worker": "worker",
}


@contextlib.contextmanager
def service(
    command: Literal["run", "api"] = "run", environment: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """Start in a folder of its own, stop afterwards. ``api``: without a worker, to measure submits alone."""
    quiet = {"RETOUCH_LOG_LEVEL": "warning", "RETOUCH_QUEUE_MAX_DEPTH": "1000000", **(environment or {})}
    with tempfile.TemporaryDirectory(prefix="retouch-bench-") as folder:
        try:
            with running_service(Path(folder), quiet, command=command) as running:
                yield running
        finally:
            forget_cluster(Path(folder) / "data")


def processes(target: Service) -> dict[str, int]:
    """Name (api, worker, child) -> pid of what the service started."""
    found = {}
    for process in psutil.Process(target.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline())
            found.update({name: process.pid for mark, name in _MARKS.items() if mark in line})
    return found


@contextlib.asynccontextmanager
async def database(target: Service) -> AsyncIterator[Database]:
    """The service's own database, beside it."""
    settings = load_settings(data_dir=target.data_dir)
    with database_url(settings) as url:
        async with open_database(settings, url) as opened:
            yield opened


async def keys_of_accounts(target: Service, count: int) -> list[str]:
    """Tokens of so many accounts, made for this measurement."""
    async with database(target) as opened:
        store = KeyStore(opened.pool, Keyring.open(opened.settings))
        made = [await store.create("bench", account=f"account-{number}") for number in range(count)]
    return [key.token for key in made]


class Line:
    """One kept-alive HTTP/1.1 connection; light, so that the client does not measure itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    async def call(
        self, method: str, path: str, key: str = "", body: bytes = b"", kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Send one request, read the whole answer: (status, body)."""
        await self.send(method, path, key, body, kind)
        answer = await self.head()
        status = int(answer.split(b" ", 2)[1])
        length = next(
            (
                int(row.split(b":")[1])
                for row in answer.lower().split(b"\r\n")
                if row.startswith(b"content-length")
            ),
            0,
        )
        return status, await self._reader.readexactly(length)

    async def send(
        self, method: str, path: str, key: str = "", body: bytes = b"", kind: str = "application/json"
    ) -> None:
        """Send one request, and no more."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
        if key:
            head += f"Authorization: Bearer {key}\r\nContent-Type: {kind}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        await self._writer.drain()

    async def head(self) -> bytes:
        """Read the head of an answer."""
        return await self._reader.readuntil(b"\r\n\r\n")

    async def until(self, mark: bytes) -> bytes:
        """Read on, through ``mark``."""
        return await self._reader.readuntil(mark)

    async def json(self, method: str, path: str, key: str, body: Any = None) -> Any:
        """The same with JSON both ways; anything but 200 is an error."""
        status, answer = await self.call(
            method, path, key, b"" if body is None else json.dumps(body).encode()
        )
        if status != 200:  # noqa: PLR2004 - HTTP
            raise RuntimeError(f"{method} {path} answered {status}: {answer[:500]!r}")
        return json.loads(answer)


@contextlib.asynccontextmanager
async def connection(host: str, port: int) -> AsyncIterator[Line]:
    """Open a line, close it again."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Line(reader, writer, f"{host}:{port}")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
