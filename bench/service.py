"""A whole service for a measurement: ``retouch run`` in a folder of its own, and a light HTTP client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_CEILING_S = 120


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: where it is, a key for it, and its supervisor's process."""

    host: str
    port: int
    key: str
    data_dir: Path
    process: subprocess.Popen[bytes]

    def tree(self) -> dict[str, int]:
        """Process name -> pid of everything that the supervisor started."""
        import psutil  # noqa: PLC0415 - a development tool

        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                line = " ".join(child.cmdline())
                for name, mark in (("child", "worker.child"), ("api", "main api"), ("worker", "main worker")):
                    if mark in line:
                        found[name] = child.pid
                        break
        return found


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def service(environment: Mapping[str, str] | None = None, *, api_only: bool = False) -> Iterator[Service]:
    """Start, wait until ready, stop. ``api_only`` leaves the worker out: submits alone are measured."""
    with tempfile.TemporaryDirectory(prefix="retouch-bench-") as folder:
        data_dir, port = Path(folder) / "data", free_port()
        command = [sys.executable, "-m", "retouch.cli.main"]
        options = ["--port", str(port), "--data-dir", str(data_dir)]
        variables = {**os.environ, "RETOUCH_LOG_LEVEL": "warning", **(environment or {})}
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "api" if api_only else "run", *options], env=variables, stdout=log, stderr=log
            )
        try:
            _wait_ready(port, process, Path(folder) / "log")
            create = [*command, "keys", "create", "bench", "--data-dir", str(data_dir)]
            key = subprocess.run(
                create, env=variables, capture_output=True, text=True, check=True
            ).stdout.strip()
            yield Service("127.0.0.1", port, key, data_dir, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_CEILING_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(
                f"the service ended: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
            )
        status, _ = asyncio.run(_once("127.0.0.1", port, "GET", "/readyz"))
        if status == 200:  # noqa: PLR2004 - HTTP
            return
        time.sleep(0.05)
    raise RuntimeError("the service did not become ready")


async def _once(host: str, port: int, method: str, path: str) -> tuple[int, bytes]:
    try:
        async with connection(host, port) as line:
            return await line.call(method, path)
    except OSError:
        return 0, b""


class Line:
    """One kept-alive HTTP/1.1 connection; light, so that the client does not measure itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    async def call(self, method: str, path: str, key: str = "", body: bytes = b"") -> tuple[int, bytes]:
        """Send one request, read the whole answer: (status, body)."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
        if key:
            head += f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
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
