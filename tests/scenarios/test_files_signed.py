"""Pictures are fetched by signed URL: no key, no way to another file, nothing once expired."""

from __future__ import annotations

import re

import httpx2
import pytest
from tests.scenarios.world import PNG, Server, Work, connect, make_task, problem, unix_now

from retouch.keyring import Keyring
from retouch.links import Links
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.store import TaskStore


@pytest.fixture
def links(settings: Settings) -> Links:
    """What the server signs with: the secret lies in the data folder that both use."""
    return Links.open(settings, Keyring.open(settings))


async def test_a_result_is_shown_without_a_key(
    server: Server, client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    await work.complete(task.id)
    shown = (await client.get(f"/v1/tasks/{task.id}")).json()["data"]
    url = shown["result"]["images"][0]["url"][0]
    assert url.startswith(server.url)

    async with connect(server) as anybody:
        answer = await anybody.get(url)
        head = await anybody.head(url)

    assert answer.status_code == 200
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert "access-control-allow-origin" not in answer.headers
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(PNG))


async def test_a_changed_url_opens_nothing(server: Server, links: Links, work: Work) -> None:
    await work.objects.put("results/task_A/1/0.png", PNG)
    await work.objects.put("inputs/task_A/0", PNG)
    later = unix_now() + 1000
    good = links.sign(server.url, "results/task_A/1/0.png", later)
    changed = [
        good.replace("task_A", "task_B"),
        good.replace("/1/0", "/2/0"),
        good.replace(str(later), str(later + 1)),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        re.sub(r"&signature=.*", "", good),
        good.partition("?")[0],
        good + "A" * 500,
        good.replace(str(later), "9" * 500),
        good.replace("signature=", "signature=%F0%9F%98%80"),
        # Signed, but not by a route of ours: only results and uploads are ever served.
        links.sign(server.url, "inputs/task_A/0", later),
        links.sign(server.url, "results/../../secret", later),
    ]

    async with connect(server) as anybody:
        assert (await anybody.get(good)).status_code == 200
        for url in changed:
            problem(await anybody.get(url), 404, "not_found_error")


async def test_an_expired_url_is_gone(server: Server, links: Links, work: Work) -> None:
    await work.objects.put("results/task_A/1/0.png", PNG)

    async with connect(server) as anybody:
        answer = await anybody.get(links.sign(server.url, "results/task_A/1/0.png", unix_now() - 1))

    problem(answer, 410, "gone")


async def test_a_picture_that_was_swept_away_is_gone(server: Server, links: Links) -> None:
    async with connect(server) as anybody:
        answer = await anybody.get(links.sign(server.url, "results/task_A/1/0.png", unix_now() + 1000))

    problem(answer, 410, "gone")


async def test_a_foreign_host_name_is_not_given_back(
    client: httpx2.AsyncClient, store: TaskStore, work: Work, server: Server
) -> None:
    task = await make_task(store)
    await work.complete(task.id)

    for host, base in (
        ("evil.example", server.url),
        ("evil.example:80@localhost", server.url),
        ("localhost:0", server.url),
        ("localhost:65536", server.url),
        ("127.0.0.999", server.url),
        ("127.0.0.010", server.url),
        ("localhost:65535", "http://localhost:65535"),
        ("localhost:9999", "http://localhost:9999"),
        ("[::1]:9999", "http://[::1]:9999"),
    ):
        answer = await client.get(f"/v1/tasks/{task.id}", headers={"Host": host})
        url = answer.json()["data"]["result"]["images"][0]["url"][0]
        assert url.startswith(base + "/v1/files/"), host


async def test_bytes_of_unknown_kind_are_never_called_a_picture(
    server: Server, links: Links, settings: Settings
) -> None:
    await ObjectStore.open(settings).put("uploads/upl_1", b"<script>alert(1)</script>")

    async with connect(server) as anybody:
        answer = await anybody.get(links.sign(server.url, "uploads/upl_1.png", unix_now() + 1000))

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
