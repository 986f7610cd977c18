"""Where others can reach the server, its own pages want a key too, and URLs have the public address."""

from __future__ import annotations

import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import PNG, STARRY, Server, Work, connect, make_task, problem

from retouch.settings import Settings
from retouch.tasks.store import TaskStore

PUBLIC = "https://pictures.example/retouch"


@pytest.fixture
def public(start: Start, settings: Settings) -> Server:
    """Bound to every address, behind a proxy that adds a prefix."""
    return start(settings.model_copy(update={"host": "0.0.0.0", "public_url": PUBLIC}))


async def test_metrics_and_docs_want_a_key(public: Server, token: str) -> None:
    async with connect(public) as anybody, connect(public, token) as owner:
        for path in ("/metrics", "/docs"):
            problem(await anybody.get(path), 401, "authentication_error")
            assert (await owner.get(path)).status_code == 200
        for path in ("/healthz", "/readyz", "/openapi.json"):
            assert (await anybody.get(path)).status_code == 200


async def test_urls_have_the_public_address_whatever_the_host_says(
    public: Server, token: str, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    await work.complete(task.id)

    async with connect(public, token) as client:
        shown = (await client.get(f"/v1/tasks/{task.id}", headers={"Host": "localhost"})).json()["data"]
        (url,) = shown["result"]["images"][0]["url"]
        fetched = await client.get(url.removeprefix(PUBLIC))
        further = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [url]})
        local = url.replace(PUBLIC, "http://localhost:8000")
        refused = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [local]})

    assert url.startswith(PUBLIC + "/v1/files/results/")
    assert fetched.content == PNG
    assert further.status_code == 200
    problem(refused, 400, "invalid_request_error")
