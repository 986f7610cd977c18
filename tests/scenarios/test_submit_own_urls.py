"""A picture that this server keeps already can be edited: an upload, or the result of an earlier task.

The URL may be http on loopback (nothing is fetched: the name in it is signed), and somebody else's upload is
as good as none.
"""

from __future__ import annotations

import httpx2
from tests.scenarios.world import PNG, STARRY, Server, Work, connect, make_task, problem

from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.task import SourceKind
from retouch.tasks.keys import KeyStore
from retouch.tasks.store import TaskStore


async def upload(client: httpx2.AsyncClient) -> str:
    answer = await client.post("/v1/uploads/images", files={"file": ("cat.png", PNG, "image/png")})
    return str(answer.json()["url"])


async def test_an_upload_is_edited(client: httpx2.AsyncClient, store: TaskStore) -> None:
    url = await upload(client)

    answer = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [url]})

    task = await store.get(answer.json()["data"][0]["task_id"])
    assert task is not None
    (source,) = task.request.sources
    assert source.kind is SourceKind.UPLOAD
    assert f"/uploads/{source.value}." in url


async def test_a_result_is_edited_further(
    client: httpx2.AsyncClient, store: TaskStore, work: Work, settings: Settings
) -> None:
    first = await make_task(store)
    await work.complete(first.id)
    shown = (await client.get(f"/v1/tasks/{first.id}")).json()["data"]
    url = shown["result"]["images"][0]["url"][0]

    answer = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [url]})

    second = await store.get(answer.json()["data"][0]["task_id"])
    assert second is not None
    (source,) = second.request.sources
    assert source.value == f"inputs/{second.id}/0", "a copy: the result may expire first"
    assert await ObjectStore.open(settings).get(source.value) == PNG


async def test_somebody_elses_upload_is_gone(
    client: httpx2.AsyncClient, server: Server, keys: KeyStore
) -> None:
    url = await upload(client)
    other = (await keys.create("other", account="other")).token

    async with connect(server, other) as stranger:
        answer = await stranger.post("/v1/images/edits", json=STARRY | {"image_urls": [url]})

    assert problem(answer, 410, "gone")["param"] == "image_urls[0]"


async def test_a_forged_url_of_ours_is_not_found(client: httpx2.AsyncClient) -> None:
    url = (await upload(client)).replace("signature=", "signature=x")

    answer = await client.post("/v1/images/edits", json=STARRY | {"image_urls": [url]})

    assert problem(answer, 404, "not_found_error")["param"] == "image_urls[0]"
