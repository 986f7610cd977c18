"""When there is no room a submit is refused with the time to come back, and nothing stays behind."""

from __future__ import annotations

import httpx2
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import DATA_URI, PNG, STARRY, connect, make_task, problem

from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.store import TaskStore


async def test_the_disk_is_nearly_full(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ObjectStore, "free_percent", lambda _: 4.9)

    submit = await client.post("/v1/images/edits", json=STARRY)
    upload = await client.post("/v1/uploads/images", files={"file": ("a.png", PNG, "image/png")})
    ready = await client.get("/readyz")
    poll = await client.get("/v1/tasks")

    for answer in (submit, upload, ready):
        problem(answer, 503, "service_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert poll.status_code == 200, "reading goes on"


async def test_the_disk_is_just_free_enough(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ObjectStore, "free_percent", lambda _: 5.0)

    assert (await client.post("/v1/images/edits", json=STARRY)).status_code == 200


async def test_too_many_tasks_wait(start: Start, settings: Settings, token: str, store: TaskStore) -> None:
    short = start(settings.model_copy(update={"queue_max_depth": 2}))
    for _ in range(2):
        await make_task(store)

    async with connect(short, token) as client:
        answer = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [DATA_URI]})

    problem(answer, 503, "service_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert [found async for found in ObjectStore.open(settings).list("inputs")] == []
    assert len(await store.list(None)) == 2


async def test_the_picture_store_does_not_answer(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, store: TaskStore
) -> None:
    from retouch.errors import StorageUnavailable  # noqa: PLC0415 - only this test

    async def broken(*_: object) -> None:
        raise StorageUnavailable("bucket s3://private is down")

    monkeypatch.setattr(ObjectStore, "put", broken)

    answer = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [DATA_URI]})

    assert "s3://" not in problem(answer, 503, "service_unavailable")["message"]
    assert await store.list(None) == []
