"""Keys over HTTP: made, bounded and revoked by an admin; what they may not is refused; all is recorded."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from tests.scenarios.conftest import Start
from tests.scenarios.world import DATA_URI, PNG, STARRY, Server, connect, problem
from tests.support_tasks import until

from retouch.api import wire
from retouch.database.pool import Pool
from retouch.errors import SetupError
from retouch.settings import Settings, load_settings
from retouch.tasks.keys import KeyStore

MODEL, OTHER = "grok-imagine-1.0-edit-apimart", "retouch-builtin"
NOBODY = "key_01KAP3QW8ZJ4V5N6C7X9B2D1EF"


@pytest_asyncio.fixture
async def boss(keys: KeyStore) -> str:
    """An admin key."""
    return (await keys.create("boss", admin=True)).token


def shown(answer: httpx2.Response) -> wire.KeyObject:
    assert answer.status_code == 200, answer.text
    return wire.KeyAnswer.model_validate(answer.json()).data


async def test_a_key_is_made_changed_and_revoked(server: Server, boss: str) -> None:
    body = {
        "name": "shop",
        "account": "shop",
        "expires_at": "2090-01-31T12:00:00Z",
        "models": [OTHER],
        "addresses": ["127.0.0.1", "10.0.0.0/8", "::1"],
        "quota": {"limit": 5, "per": "month"},
        "requests_per_minute": 60,
        "max_tasks_at_once": 2,
    }
    async with connect(server, boss) as admin:
        answer = await admin.post("/v1/keys", json=body)
        made = shown(answer)
        assert answer.headers["cache-control"] == "no-store"
        assert made.key is not None
        assert made.key.startswith(f"{made.prefix}_")
        assert made.addresses == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
        assert made.quota is not None
        assert (made.quota.limit, made.quota.unit, made.quota.remaining) == (5, "pictures", 5)
        assert made.quota.renews_at is not None
        assert made.expires_at == 3789547200

        async with connect(server, made.key) as shop:
            listed = (await shop.get("/v1/models")).json()["data"]
            assert [model["id"] for model in listed] == [OTHER]

        listing = wire.KeyPage.model_validate((await admin.get("/v1/keys?limit=1")).json())
        assert [key.id for key in listing.data] == [made.id]
        assert listing.next_cursor == made.id
        rest = (await admin.get("/v1/keys", params={"cursor": made.id})).json()
        assert [key["name"] for key in rest["data"]] == ["boss"]
        assert made.key.rpartition("_")[2] not in (await admin.get("/v1/keys")).text

        change = {"name": "corner shop", "models": None, "quota": None, "disabled": True}
        changed = shown(await admin.patch(f"/v1/keys/{made.id}", json=change))
        assert (changed.name, changed.models, changed.quota) == ("corner shop", None, None)
        assert (changed.disabled, changed.requests_per_minute) == (True, 60)
        assert shown(await admin.get(f"/v1/keys/{made.id}")) == changed
        async with connect(server, made.key) as shop:
            problem(await shop.get("/v1/models"), 401, "authentication_error")

        assert shown(await admin.delete(f"/v1/keys/{made.id}")).revoked is not None
        problem(await admin.delete(f"/v1/keys/{made.id}"), 404, "not_found_error")
        problem(await admin.patch(f"/v1/keys/{made.id}", json={}), 404, "not_found_error")
        problem(await admin.get(f"/v1/keys/{NOBODY}"), 404, "not_found_error")
        assert [key["name"] for key in (await admin.get("/v1/keys")).json()["data"]] == ["boss"]
        everything = (await admin.get("/v1/keys?revoked=true&account=shop")).json()["data"]
        assert [key["name"] for key in everything] == ["corner shop"]


async def test_only_an_admin_key_manages_keys(client: httpx2.AsyncClient) -> None:
    for method, path in (
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys"),
        ("GET", "/v1/keys/audit"),
        ("GET", f"/v1/keys/{NOBODY}"),
        ("PATCH", f"/v1/keys/{NOBODY}"),
        ("DELETE", f"/v1/keys/{NOBODY}"),
    ):
        problem(await client.request(method, path, json={}), 403, "permission_error")


BAD: list[tuple[Any, str]] = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"name": "k", "account": "../x"}, "account"),
    ({"name": "k", "account": "all"}, "account"),
    ({"name": "k", "admin": 1}, "admin"),
    ({"name": "k", "disabled": "yes"}, "disabled"),
    ({"name": "k", "expires_at": "tomorrow"}, "expires_at"),
    ({"name": "k", "expires_at": "2090-01-01"}, "expires_at"),
    ({"name": "k", "expires_at": 12}, "expires_at"),
    ({"name": "k", "expires_at": 10**30}, "expires_at"),
    ({"name": "k", "expires_at": True}, "expires_at"),
    ({"name": "k", "models": ["dall-e"]}, "models"),
    ({"name": "k", "models": []}, "models"),
    ({"name": "k", "models": OTHER}, "models"),
    ({"name": "k", "addresses": ["10.0.0.1/8"]}, "addresses"),
    ({"name": "k", "addresses": ["example.com"]}, "addresses"),
    ({"name": "k", "quota": 5}, "quota"),
    ({"name": "k", "quota": {"limit": 5, "period": "day"}}, "quota"),
    ({"name": "k", "quota": {"limit": -1}}, "quota.limit"),
    ({"name": "k", "quota": {"limit": 1.5}}, "quota.limit"),
    ({"name": "k", "quota": {"limit": "5"}}, "quota.limit"),
    ({"name": "k", "quota": {"limit": 5, "unit": "tokens"}}, "quota.unit"),
    ({"name": "k", "quota": {"limit": 5, "per": "week"}}, "quota.per"),
    ({"name": "k", "requests_per_minute": 0}, "requests_per_minute"),
    ({"name": "k", "max_tasks_at_once": 1.0}, "max_tasks_at_once"),
    ({"name": "k", "ip_allowlist": ["10.0.0.0/8"]}, "ip_allowlist"),
]


async def test_a_misspelt_or_impossible_restriction_is_refused(server: Server, boss: str) -> None:
    """It must not look like one that holds."""
    async with connect(server, boss) as admin:
        for body, param in BAD:
            error = problem(await admin.post("/v1/keys", json=body), 400, "invalid_request_error")
            assert error.get("param") == param, body
        problem(await admin.get("/v1/keys/key_1"), 400, "invalid_request_error")
        problem(await admin.get("/v1/keys?cursor=x"), 400, "invalid_request_error")
        assert len((await admin.get("/v1/keys")).json()["data"]) == 1


async def test_a_key_for_one_model(server: Server, keys: KeyStore) -> None:
    """Another model is 403, one that nobody serves 400; both say what this key may use. In every dialect."""
    token = (await keys.create("k", rules={"models": [OTHER]})).token
    bodies = (
        STARRY,
        {"prompt": "x", "image": {"url": DATA_URI}, "model": MODEL},
        {"prompt": "x", "images": [{"image_url": DATA_URI}], "model": MODEL},
    )
    async with connect(server, token) as client:
        for body in bodies:
            error = problem(await client.post("/v1/images/edits", json=body), 403, "permission_error")
            assert error["message"].endswith(f"it may use: {OTHER}.")
        form = {"prompt": "x", "model": MODEL}
        answer = await client.post("/v1/images/edits", data=form, files={"image": ("a.png", PNG)})
        problem(answer, 403, "permission_error")
        problem(await client.post("/v1/plan", json={"prompt": "x", "model": MODEL}), 403, "permission_error")
        unknown = await client.post("/v1/images/edits", json={**STARRY, "model": "dall-e"})
        error = problem(unknown, 400, "invalid_request_error")
        assert OTHER in error["message"]
        assert MODEL not in error["message"]
        answer = await client.post("/v1/images/edits", json={**STARRY, "model": OTHER})
        assert answer.status_code == 200, answer.text


async def test_a_key_for_some_addresses(start: Start, settings: Settings, keys: KeyStore) -> None:
    """Only a proxy of the settings is believed about where a request comes from."""
    inside = (await keys.create("k", rules={"addresses": ["10.0.0.0/8"]})).token
    here = (await keys.create("k", rules={"addresses": ["127.0.0.0/8"]})).token
    forwarded = {"X-Forwarded-For": "10.1.2.3"}
    plain = start(settings)
    async with connect(plain, here) as client:
        assert (await client.get("/v1/models")).status_code == 200
    async with connect(plain, inside) as client:
        problem(await client.get("/v1/models"), 403, "permission_error")
        problem(await client.get("/v1/models", headers=forwarded), 403, "permission_error")
    with pytest.raises(SetupError, match="trusted_proxies"):
        load_settings(data_dir=settings.data_dir, trusted_proxies=("the proxy",))
    behind = start(settings.model_copy(update={"trusted_proxies": ("127.0.0.1",)}))
    async with connect(behind, inside) as client:
        assert (await client.get("/v1/models", headers=forwarded)).status_code == 200
        for lie in ("10.1.2.3, 192.0.2.1", "nonsense", ""):
            answer = await client.get("/v1/models", headers={"X-Forwarded-For": lie})
            problem(answer, 403, "permission_error")


async def test_the_last_admin_key_is_not_taken_away_by_mistake(server: Server, keys: KeyStore) -> None:
    first, second = [await keys.create(name, admin=True) for name in ("first", "second")]
    await keys.change((await keys.create("off", admin=True)).id, {"disabled": True})
    async with connect(server, first.token) as one, connect(server, second.token) as two:
        answers = await asyncio.gather(
            one.delete(f"/v1/keys/{second.id}"), two.delete(f"/v1/keys/{first.id}")
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        left, key = (one, first) if answers[0].status_code == 200 else (two, second)
        path = f"/v1/keys/{key.id}"
        for change in ({"disabled": True}, {"admin": False}):
            error = problem(await left.patch(path, json=change), 409, "idempotency_error")
            assert error["message"].startswith("This is the last admin key")
        problem(await left.delete(path), 409, "idempotency_error")
        assert (await left.patch(path, json={"name": "only"})).status_code == 200
    assert await keys.revoke(key.id), "on the machine itself it can be done"


async def test_a_key_that_expires_is_not_kept_alive_by_the_cache(
    keys: KeyStore, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retouch.tasks.keys.CACHE_S", 3600.0)
    made = await keys.create("k")
    command = "UPDATE api_keys SET expires_at = clock_timestamp() + interval '1.5 s' WHERE id = %s"
    async with pool.connection() as connection:
        await connection.execute(command, [made.id])
    began = time.monotonic()
    assert await keys.authenticate(made.token)

    async def gone() -> bool:
        return await keys.authenticate(made.token) is None

    await until(gone)
    assert time.monotonic() - began >= 1.4, "and not before its time"


async def test_every_change_is_written_down_without_secrets(
    server: Server, boss: str, keys: KeyStore
) -> None:
    async with connect(server, boss) as admin:
        made = shown(await admin.post("/v1/keys", json={"name": "shop", "requests_per_minute": 5}))
        path = f"/v1/keys/{made.id}"
        change = {"requests_per_minute": 9, "quota": {"limit": 2.5, "unit": "credits"}, "name": "shop"}
        answer = await admin.patch(path, json=change, headers={"X-Request-Id": "req_mine"})
        assert answer.status_code == 200
        assert (await admin.patch(path, json={"name": "shop"})).status_code == 200, "no change, no line"
        assert await keys.revoke(made.id)

        lines = wire.KeyChangePage.model_validate((await admin.get("/v1/keys/audit?limit=3")).json())
        revoked, changed, created = lines.data
        assert [line.action for line in lines.data] == ["revoked", "changed", "created"]
        assert {line.key for line in lines.data} == {made.id}
        assert revoked.actor == "cli"
        assert created.actor == changed.actor
        assert (changed.request_id, changed.address) == ("req_mine", "127.0.0.1")
        assert created.changes["name"] == {"from": "", "to": "shop"}
        assert changed.changes == {
            "requests_per_minute": {"from": 5, "to": 9},
            "quota": {"from": None, "to": {"limit": 2.5, "unit": "credits", "per": "total"}},
        }
        assert lines.next_cursor == created.id
        before = (await admin.get("/v1/keys/audit", params={"cursor": created.id})).json()["data"]
        assert [line["actor"] for line in before] == ["cli"]
        answer = await admin.delete("/v1/keys/audit")
        problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "GET"
        mine = (await admin.get("/v1/keys/audit", params={"key": made.id})).json()["data"]
        assert len(mine) == 3
        assert made.key is not None
        assert made.key.rpartition("_")[2] not in (await admin.get("/v1/keys/audit")).text
