"""A client deletes a task: pictures and row go for good, whatever it was doing."""

from __future__ import annotations

import httpx2
import pytest
from tests.scenarios.world import DATA_URI, STARRY, Server, Work, connect, make_task, problem

from retouch.errors import StorageUnavailable
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.keys import KeyStore
from retouch.tasks.retention import sweep
from retouch.tasks.store import TaskStore

NEVER = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"


async def everything(objects: ObjectStore) -> list[str]:
    return [found.key for prefix in ("inputs", "results") async for found in objects.list(prefix)]


async def submitted(client: httpx2.AsyncClient) -> str:
    """A task with a picture of its own in the store."""
    answer = await client.post("/v1/images/edits", json={**STARRY, "image_urls": [DATA_URI]})
    task_id: str = answer.json()["data"][0]["task_id"]
    return task_id


async def test_pictures_and_row_are_gone(client: httpx2.AsyncClient, work: Work, store: TaskStore) -> None:
    task_id = await submitted(client)
    await work.complete(task_id, 2)
    (url,) = (await client.get(f"/v1/tasks/{task_id}")).json()["data"]["result"]["images"][0]["url"]
    await work.objects.put(f"results/{task_id}/1/preview-0.webp", b"named by no row")
    assert len(await everything(work.objects)) == 4

    answer = await client.delete(f"/v1/tasks/{task_id}")

    assert answer.json() == {"code": 200, "data": {"id": task_id, "status": "deleted"}}
    assert await everything(work.objects) == []
    assert (await client.get(url)).status_code == 410
    assert (await client.get("/v1/tasks")).json()["data"] == []
    same = {"X-Request-Id": "same"}
    gone = [
        await client.request(method, f"/v1/tasks/{each}", headers=same)
        for method in ("GET", "DELETE")
        for each in (task_id, NEVER)
    ]
    assert {answer.status_code for answer in gone} == {404}
    assert len({answer.content for answer in gone}) == 1, "it looks like one that never was"
    async with store.pool.connection() as connection:
        for table in ("tasks", "task_events", "task_results"):
            rows = await connection.execute(f"SELECT 1 FROM {table}".encode())  # noqa: S608 - our own names
            assert await rows.fetchall() == [], table


async def test_a_waiting_and_a_running_task_are_cancelled_first(
    client: httpx2.AsyncClient, work: Work, store: TaskStore
) -> None:
    waiting, running = await submitted(client), await submitted(client)
    claimed = await work.begin(running)

    for task_id in (waiting, running):
        assert (await client.delete(f"/v1/tasks/{task_id}")).status_code == 200

    assert await store.claim(waiting, "w") is None
    assert not await store.heartbeat(running, claimed.attempt, 50), "its worker is fenced"
    assert await everything(work.objects) == []


async def test_anothers_task_stays(server: Server, keys: KeyStore, store: TaskStore) -> None:
    task = await make_task(store)
    async with connect(server, (await keys.create("b", account="b")).token) as stranger:
        problem(await stranger.delete(f"/v1/tasks/{task.id}"), 404, "not_found_error")
    assert await store.get(task.id) is not None


async def test_what_the_object_store_did_not_delete_the_sweeper_does(
    client: httpx2.AsyncClient, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store does not delete just then. For its client the task is gone all the same, and stays gone."""
    task_id = await submitted(client)
    await work.complete(task_id)

    async def refuse(*_: object) -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(ObjectStore, "delete", refuse)
        assert (await client.delete(f"/v1/tasks/{task_id}")).status_code == 200
    assert (await client.get(f"/v1/tasks/{task_id}")).status_code == 404
    assert await everything(work.objects) != []

    assert (await sweep(work.store, work.objects, settings)).deletions == 1

    assert await everything(work.objects) == []
    async with work.store.pool.connection() as connection:
        assert await (await connection.execute("SELECT 1 FROM tasks")).fetchall() == []


async def test_a_key_of_a_deleted_task_is_free_again(client: httpx2.AsyncClient) -> None:
    first = await client.post("/v1/images/edits", json=STARRY, headers={"Idempotency-Key": "k"})
    task_id = first.json()["data"][0]["task_id"]
    await client.delete(f"/v1/tasks/{task_id}")

    second = await client.post("/v1/images/edits", json=STARRY, headers={"Idempotency-Key": "k"})

    assert second.json()["data"][0]["task_id"] != task_id
