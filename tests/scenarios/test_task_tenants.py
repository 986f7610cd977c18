"""One account learns nothing of another's tasks: not by reading, listing, batching or cancelling.

The answer for a stranger's task has the same bytes as the one for a task that never was.
"""

from __future__ import annotations

import httpx2
from tests.scenarios.world import Server, connect, make_task

from retouch.task import Status
from retouch.tasks.keys import KeyStore
from retouch.tasks.store import TaskStore

NEVER = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"
SAME = {"X-Request-Id": "same"}


async def test_a_strangers_task_looks_like_none(
    server: Server, keys: KeyStore, store: TaskStore, client: httpx2.AsyncClient
) -> None:
    task = await make_task(store)
    other = (await keys.create("other", account="other")).token

    async with connect(server, other) as stranger:
        for method, path in (("GET", "/v1/tasks/{}"), ("POST", "/v1/tasks/{}/cancel")):
            theirs = await stranger.request(method, path.format(task.id), headers=SAME)
            none = await stranger.request(method, path.format(NEVER), headers=SAME)
            assert theirs.status_code == none.status_code == 404
            assert theirs.content == none.content
        listed = (await stranger.get("/v1/tasks")).json()
        batched = (await stranger.post("/v1/tasks/batch", json={"task_ids": [task.id, NEVER]})).json()

    assert listed["data"] == []
    assert [entry["status"] for entry in batched["data"]] == ["not_found", "not_found"]
    untouched = await store.get(task.id)
    assert untouched is not None
    assert untouched.status is Status.PENDING
    assert (await client.get(f"/v1/tasks/{task.id}")).status_code == 200
