"""A picture that comes inside the request is stored before the task exists; the row holds only its key.

What is no picture by its first bytes is refused at the door, with the limit named where it is too large.
"""

from __future__ import annotations

import base64

import httpx2
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import DATA_URI, PNG, STARRY, connect, problem

from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.task import SourceKind
from retouch.tasks.store import TaskStore


async def test_the_bytes_are_stored_under_the_task(
    client: httpx2.AsyncClient, store: TaskStore, settings: Settings
) -> None:
    answer = await client.post(
        "/v1/images/edits", json=STARRY | {"image_urls": [DATA_URI], "mask_url": DATA_URI}
    )

    task = await store.get(answer.json()["data"][0]["task_id"])
    assert task is not None
    assert task.request.mask is not None
    stored = [*task.request.sources, task.request.mask]
    assert [source.kind for source in stored] == [SourceKind.OBJECT] * 2
    assert [source.value for source in stored] == [f"inputs/{task.id}/0", f"inputs/{task.id}/mask"]
    for source in stored:
        assert await ObjectStore.open(settings).get(source.value) == PNG


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("data:image/png;base64,!!!!", "base64"),
        ("data:image/png;base64,", "empty"),
        ("data:text/html;base64,PGI+", "data URI"),
        ("data:image/png,abc", "data URI"),
        ("data:image/svg+xml;base64," + base64.b64encode(b"<svg xmlns='x'/>").decode(), "SVG"),
        ("data:image/png;base64," + base64.b64encode(b"%PDF-1.7").decode(), "PDF"),
        ("data:image/png;base64," + base64.b64encode(b"hello").decode(), "not a picture"),
    ],
)
async def test_what_is_no_picture_is_refused_and_nothing_stays(
    client: httpx2.AsyncClient, settings: Settings, content: str, says: str
) -> None:
    answer = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [DATA_URI, content]})

    error = problem(answer, 400, "invalid_request_error")
    assert error["param"] == "image_urls[1]"
    assert says in error["message"]
    assert [found async for found in ObjectStore.open(settings).list("inputs")] == []


async def test_a_picture_over_the_limit_is_told_the_limit(
    start: Start, settings: Settings, token: str
) -> None:
    small = start(settings.model_copy(update={"image_max_bytes": 1024}))
    uri = "data:image/png;base64," + base64.b64encode(PNG + bytes(1025)).decode()

    async with connect(small, token) as client:
        answer = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [uri]})

    assert "1024" in problem(answer, 413, "payload_too_large")["message"]
