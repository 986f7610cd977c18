"""Requests a minute: submits and uploads count, over all processes together; asking and polling never do."""

from __future__ import annotations

import asyncio

import httpx2
from tests.scenarios.conftest import Start
from tests.scenarios.world import PNG, STARRY, connect, problem

from retouch.database.pool import Pool
from retouch.settings import Settings
from retouch.tasks.keys import KeyStore


async def submit(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.post("/v1/images/edits", json=STARRY)


async def test_a_limit_holds_over_two_processes(
    start: Start, settings: Settings, keys: KeyStore, pool: Pool
) -> None:
    token = (await keys.create("k", rules={"requests_per_minute": 6})).token
    async with connect(start(settings), token) as one, connect(start(settings), token) as two:
        answers = await asyncio.gather(*(submit(client) for client in (one, two) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200] * 6 + [429] * 6
        left = sorted(int(answer.headers["ratelimit-remaining"]) for answer in answers)
        assert left == [0] * 7 + [1, 2, 3, 4, 5]

        refused = await one.post("/v1/uploads/images", files={"file": ("a.png", PNG)})
        problem(refused, 429, "rate_limit_error")
        assert refused.headers["ratelimit-limit"] == "6"
        assert refused.headers["ratelimit-policy"] == '"key";q=6;w=60'
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert 50 <= int(refused.headers["ratelimit-reset"]) <= 60
        assert refused.headers["ratelimit"] == f'"key";r=0;t={refused.headers["ratelimit-reset"]}'

        for _ in range(20):
            asked = await two.get("/v1/tasks")
            assert asked.status_code == 200
            assert "ratelimit-limit" not in asked.headers

        async with pool.connection() as connection:  # a sixth of a minute passes
            await connection.execute("UPDATE rate_limits SET tat = tat - interval '10 s'")
        assert (await submit(two)).status_code == 200
        problem(await submit(one), 429, "rate_limit_error")


async def test_the_settings_have_a_limit_for_keys_without_one(
    start: Start, settings: Settings, keys: KeyStore
) -> None:
    server = start(settings.model_copy(update={"requests_per_minute": 1}))
    plain, own = [await keys.create("a"), await keys.create("b", rules={"requests_per_minute": 2})]
    async with connect(server, plain.token) as client:
        assert (await submit(client)).headers["ratelimit-remaining"] == "0"
        problem(await submit(client), 429, "rate_limit_error")
    async with connect(server, own.token) as client:
        upload = await client.post("/v1/uploads/images", files={"file": ("a.png", PNG)})
        assert upload.status_code == 200
        assert upload.headers["ratelimit-remaining"] == "1"
        # A request that is refused for what it says was a request all the same.
        wrong = await client.post("/v1/images/edits", json={})
        problem(wrong, 400, "invalid_request_error")
        assert wrong.headers["ratelimit-remaining"] == "0"
        problem(await submit(client), 429, "rate_limit_error")


async def test_without_a_limit_nothing_is_said(client: httpx2.AsyncClient, pool: Pool) -> None:
    assert "ratelimit-limit" not in (await submit(client)).headers
    async with pool.connection() as connection:
        assert await (await connection.execute("SELECT FROM rate_limits")).fetchone() is None
