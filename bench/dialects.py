"""Submits a second that one API process takes durably, in each dialect, from one account and from fifty.

The synchronous dialects would wait for their pictures. Here the wait is set to a millisecond and no worker
runs, so each is answered with a 504 that names its task, right after the task's commit: measured is the
submit, with the opening of the wait, and without the edit. Closed loop over a few kept-alive connections; the
accounts take turns on each of them. Client, server and database share the cores.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from bench.photos import photo
from bench.report import Figure, Section
from bench.service import Line, connection, keys_of_accounts, service
from retouch.testing.service import Service

LINES, SECONDS, WARM_S = 16, 6, 0.5
SIDE, ACCOUNTS = 64, 50
AIMS = {1: 250, ACCOUNTS: 500}
PROMPT = "Change the background to a starry sky, keep the main subject"
BOUNDARY = "bench0123456789"
_TAKEN = {200, 504}


@dataclass(frozen=True, slots=True)
class Said:
    """One submit, ready to be sent."""

    body: bytes
    kind: str = "application/json"


def dialects() -> dict[str, Said]:
    """The same edit in each dialect: by URL where only a URL is sent, else with a small picture inside."""
    picture = photo("astronaut.png", SIDE)
    inside = "data:image/png;base64," + base64.b64encode(picture).decode()
    address = "https://example.com/original.png"
    form = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n{PROMPT}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()
    return {
        "hosted JSON, URL": _json(image_urls=[address]),
        "hosted JSON, data URI": _json(image_urls=[inside]),
        "OpenAI form, file": Said(
            form + picture + f"\r\n--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"
        ),
        "OpenAI JSON, URL": _json(images=[{"image_url": address}]),
        "xAI JSON, URL": _json(image={"url": address}),
    }


def _json(**pictures: object) -> Said:
    return Said(json.dumps({"prompt": PROMPT, **pictures}).encode())


@dataclass(frozen=True, slots=True)
class Rate:
    """What one process takes, and what one submit costs it in time of a core, which no neighbour disturbs."""

    a_second: float
    cpu_ms: float


async def rate(target: Service, said: Said, keys: Iterator[str]) -> Rate:
    """Over LINES connections, each sending the next submit as soon as it has its answer."""
    done, process = 0, psutil.Process(target.process.pid)

    async def pump(line: Line, until: float) -> None:
        nonlocal done
        while time.perf_counter() < until:
            status, answer = await line.call("POST", "/v1/images/edits", next(keys), said.body, said.kind)
            if status not in _TAKEN or b"task_" not in answer:
                raise RuntimeError(f"a submit answered {status}: {answer[:300]!r}")
            done += 1

    async with contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(connection(target.host, target.port)) for _ in range(LINES)]
        await asyncio.gather(*(pump(line, time.perf_counter() + WARM_S) for line in lines))
        done, began, used = 0, time.perf_counter(), _cpu_s(process)
        await asyncio.gather(*(pump(line, began + SECONDS) for line in lines))
        return Rate(done / (time.perf_counter() - began), 1000 * (_cpu_s(process) - used) / done)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def rates(target: Service) -> dict[tuple[str, int], Rate]:
    """(dialect, accounts) -> submits a second."""
    keys = await keys_of_accounts(target, ACCOUNTS)
    return {
        (name, accounts): await rate(target, said, itertools.cycle(keys[:accounts]))
        for name, said in dialects().items()
        for accounts in AIMS
    }


def measure() -> Section:
    """Every dialect from one account and from fifty."""
    with service("api", {"RETOUCH_SYNC_WAIT_S": "0.001"}) as target:
        found = asyncio.run(rates(target))
    figures = tuple(
        Figure(
            f"{name}, {accounts} account{'s' if accounts > 1 else ''}",
            f"{value.a_second:.0f} a second, {value.cpu_ms:.2f} ms of a core each",
            f">= {AIMS[accounts]} a second",
            value.a_second >= AIMS[accounts],
        )
        for (name, accounts), value in found.items()
    )
    return Section(
        "Submitting, by dialect",
        "python -m bench dialects",
        figures,
        f"One API process without a worker, {LINES} kept-alive connections for {SECONDS} s each. Pictures "
        f"are {SIDE} px. OpenAI's and xAI's submits are answered 504 a millisecond after the commit "
        "(RETOUCH_SYNC_WAIT_S=0.001): the opening of the wait is in the figure, the edit is not. "
        "The time of a core is that of the API process.",
    )
