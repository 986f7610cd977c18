"""A database that is frozen, neither dead nor answering, makes no client wait for it.

Its connections stay open and take what is sent; only nothing ever comes back.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from tests.scenarios.world import STARRY, make_task, problem

from retouch.database import pool, processes
from retouch.tasks.store import TaskStore


@contextlib.contextmanager
def frozen(url: str) -> Iterator[None]:
    """Meanwhile no process of this test's own server does anything."""
    with psycopg.connect(url) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    pids = processes.all_of(Path(folder))
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_while_the_database_is_frozen_clients_are_told_to_come_back(
    client: httpx2.AsyncClient, store: TaskStore, database_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await make_task(store)

    with monkeypatch.context() as hasty, frozen(database_server):
        hasty.setattr(pool, "ANSWER_S", 0.2)
        answers = [
            await client.get(f"/v1/tasks/{task.id}"),
            await client.get("/readyz"),
            await client.post("/v1/images/edits", json=STARRY),
        ]
        health = await client.get("/healthz")

    for answer in answers:
        problem(answer, 503, "service_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert health.status_code == 200, "the process lives"
    again = await client.get(f"/v1/tasks/{task.id}")
    assert again.json()["data"]["status"] == "pending", "the pool finds its way back by itself"
