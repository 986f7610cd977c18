"""Every route under /v1 wants a key, and says so in one way, whatever is wrong with the one it got."""

from __future__ import annotations

import httpx2
import pytest
from tests.scenarios.world import STARRY, Server, connect, problem

from retouch.tasks.keys import KeyStore

ROUTES = [
    ("POST", "/v1/images/edits"),
    ("GET", "/v1/tasks/task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"),
    ("GET", "/v1/tasks"),
    ("POST", "/v1/tasks/batch"),
    ("POST", "/v1/tasks/task_01KAP3QW8ZJ4V5N6C7X9B2D1EF/cancel"),
    ("POST", "/v1/uploads/images"),
    ("POST", "/v1/plan"),
    ("GET", "/v1/models"),
    ("GET", "/v1/balance"),
    ("GET", "/v1/user/balance"),
    ("GET", "/v1/usage"),
    ("POST", "/v1/keys"),
    ("GET", "/v1/keys"),
    ("GET", "/v1/keys/audit"),
    ("GET", "/v1/keys/key_01KAP3QW8ZJ4V5N6C7X9B2D1EF"),
    ("PATCH", "/v1/keys/key_01KAP3QW8ZJ4V5N6C7X9B2D1EF"),
    ("DELETE", "/v1/keys/key_01KAP3QW8ZJ4V5N6C7X9B2D1EF"),
]


async def test_without_a_key_no_route_answers(server: Server) -> None:
    async with connect(server) as client:
        for method, path in ROUTES:
            answer = await client.request(method, path, content=b"{")
            problem(answer, 401, "authentication_error")
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Basic dXNlcjpwYXNz",
        "Bearer nonsense",
        "Bearer rt_0123456789_" + "x" * 43,
        "Bearer " + "x" * 5000,
        "Bearer rt_é",
    ],
)
async def test_a_key_that_opens_nothing(server: Server, header: str) -> None:
    async with connect(server) as client:
        answer = await client.get("/v1/models", headers=[(b"Authorization", header.encode("latin-1"))])

    problem(answer, 401, "authentication_error")


async def test_a_revoked_key_opens_nothing(server: Server, keys: KeyStore) -> None:
    key = await keys.create("short-lived")
    await keys.revoke(key.id)

    async with connect(server, key.token) as client:
        problem(await client.post("/v1/images/edits", json=STARRY), 401, "authentication_error")


async def test_with_a_key_the_account_can_be_seen(client: httpx2.AsyncClient) -> None:
    models = (await client.get("/v1/models")).json()
    assert [model["id"] for model in models["data"]] == ["grok-imagine-1.0-edit-apimart", "retouch-builtin"]

    for path in ("/v1/balance", "/v1/user/balance"):
        assert (await client.get(path)).json() == {
            "success": True,
            "remain_balance": -1,
            "used_balance": 0,
            "unlimited_quota": True,
        }
