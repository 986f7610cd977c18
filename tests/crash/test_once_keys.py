"""One key, many posts, a door that is killed in the middle: still one task for each key.

    pytest tests/crash/test_once_keys.py        60 keys, 20 posts each at once
    RETOUCH_ONCE_KEYS=500 pytest tests/crash/test_once_keys.py

Every post is repeated until it is answered, as a careful client does. The API alone runs, so that no task is
worked on; its process is killed with SIGKILL when a third of the answers are in, and started again.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from pathlib import Path

import httpx2
import pytest
from tests.scenarios.world import DATA_URI, STARRY

from retouch.tasks.store import TaskStore
from retouch.testing.service import free_port, running_service

KEYS = int(os.environ.get("RETOUCH_ONCE_KEYS", "60"))
POSTS = 20
CONNECTIONS = 64


class Clients:
    """All posts of all keys; each goes on until it has an answer."""

    def __init__(self, port: int, token: str) -> None:
        self.answers: dict[str, set[str]] = defaultdict(set)
        self.answered = self.replayed = self.broken = 0
        self.third = asyncio.Event()
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=30,
        )

    async def run(self) -> None:
        """Post everything, in an order of its own."""
        posts = [f"key-{key}" for key in range(KEYS) for _ in range(POSTS)]
        random.Random(7).shuffle(posts)
        async with self._client, asyncio.timeout(240):
            await asyncio.gather(*map(self._post, posts))

    async def _post(self, key: str) -> None:
        body = STARRY | {"image_urls": [DATA_URI], "metadata": {"key": key}}
        async with self._slots:
            while True:
                try:
                    answer = await self._client.post(
                        "/v1/images/edits", json=body, headers={"Idempotency-Key": key}
                    )
                except httpx2.TransportError:
                    self.broken += 1
                    await asyncio.sleep(0.05)  # nobody listens: what a client's own pause would be
                    continue
                if answer.status_code in {409, 503}:
                    continue
                break
        assert answer.status_code == 200, answer.text
        self.answers[key].add(answer.json()["data"][0]["task_id"])
        self.answered += 1
        self.replayed += answer.headers.get("idempotency-replayed") == "true"
        if self.answered * 3 >= KEYS * POSTS:
            self.third.set()


@pytest.mark.campaign
@pytest.mark.timeout(400)
async def test_a_key_is_one_task(tmp_path: Path, database_url_fixture: str, store: TaskStore) -> None:
    environment = {"RETOUCH_DATABASE_URL": database_url_fixture, "RETOUCH_DATA_DIR": str(tmp_path / "data")}
    port = free_port()
    with running_service(tmp_path, environment, command="api", port=port) as first:
        clients = Clients(port, first.key)
        posting = asyncio.create_task(clients.run())
        await clients.third.wait()
        first.process.kill()
        await asyncio.to_thread(first.process.wait)
    again = running_service(tmp_path, environment, command="api", port=port)
    await asyncio.to_thread(again.__enter__)
    try:
        await posting
    finally:
        await asyncio.to_thread(again.__exit__, None, None, None)

    tasks = await store.list(None, limit=10 * KEYS)
    assert clients.broken, "the kill came when nobody was posting"
    assert all(len(ids) == 1 for ids in clients.answers.values())
    assert {next(iter(ids)) for ids in clients.answers.values()} == {task.id for task in tasks}
    assert len(tasks) == KEYS
    assert clients.replayed >= KEYS * (POSTS - 2)
