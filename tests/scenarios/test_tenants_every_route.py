"""Two accounts, every route, every kind of id: what is another's answers as if it had never been.

The routes are read from the API's own description. ``ROUTES`` says of each which ids it takes; a route that
is not in there fails the test, so that whoever adds one has to think of this.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import httpx2
import pytest_asyncio
from psycopg.sql import SQL, Identifier
from tests.scenarios.conftest import Start
from tests.scenarios.world import PNG, STARRY, Server, Work, connect, make_task

from retouch.database.pool import Pool
from retouch.keyring import Keyring
from retouch.links import Links
from retouch.settings import Settings
from retouch.tasks.keys import KeyStore

ULID: Final = "01KAP3QW8ZJ4V5N6C7X9B2D1EF"
PUBLIC: Final = "https://retouch.example.com"

Ids: TypeAlias = Mapping[str, str]
# The rest of a request whose path has its id filled in: arguments of the client's request().
Ask: TypeAlias = Callable[[Ids], dict[str, Any]]


def nothing_else(_: Ids) -> dict[str, Any]:
    return {}


def query(**names: str) -> Ask:
    """A query with an id under each of these names."""
    return lambda ids: {"params": {name: ids[kind] for name, kind in names.items()}}


def edit(field: str, kind: str, *, listed: bool) -> Ask:
    """A submit whose picture or mask is one of ours."""
    return lambda ids: {"json": {**STARRY, field: [ids[kind]] if listed else ids[kind]}}


NO_IDS: Final[tuple[Ask, ...]] = ()
PATH: Final[tuple[Ask, ...]] = (nothing_else,)
ROUTES: Final[Mapping[str, tuple[Ask, ...]]] = {
    "POST /v1/images/edits": (
        edit("image_urls", "upload_url", listed=True),
        edit("image_urls", "forged_url", listed=True),
        edit("mask_url", "upload_url", listed=False),
    ),
    "POST /v1/tasks/batch": (lambda ids: {"json": {"task_ids": [ids["task_id"]]}},),
    "GET /v1/tasks/{task_id}": (nothing_else, lambda _: {"params": {"wait": 1}}),
    "DELETE /v1/tasks/{task_id}": PATH,
    "POST /v1/tasks/{task_id}/cancel": PATH,
    "GET /v1/tasks/{task_id}/events": (nothing_else, lambda _: {"headers": {"Last-Event-ID": "1"}}),
    "GET /v1/tasks": (query(cursor="task_id"),),
    "GET /v1/webhooks/secret": NO_IDS,
    "POST /v1/webhooks/secret": NO_IDS,
    "POST /v1/webhooks/rotate": NO_IDS,
    "POST /v1/webhooks/test": NO_IDS,
    "GET /v1/webhooks/deliveries": (query(task="task_id"), query(cursor="delivery_id")),
    "POST /v1/webhooks/deliveries/{delivery_id}/redeliver": PATH,
    "POST /v1/uploads/images": NO_IDS,
    "GET /v1/files/{name}": (nothing_else, lambda _: {"params": {"expires": "9999999999", "signature": "x"}}),
    "POST /v1/plan": NO_IDS,
    "GET /v1/models": NO_IDS,
    "GET /v1/balance": NO_IDS,
    "GET /v1/user/balance": NO_IDS,
    "GET /v1/usage": (query(key="key_id"), query(key_id="key_id")),
    "GET /v1/keys": (query(cursor="key_id"), query(account="account_id")),
    "POST /v1/keys": (lambda ids: {"json": {"name": "mine", "account": ids["account_id"]}},),
    "GET /v1/keys/{key_id}": PATH,
    "PATCH /v1/keys/{key_id}": (lambda _: {"json": {"disabled": True}},),
    "DELETE /v1/keys/{key_id}": PATH,
    "GET /v1/keys/audit": (query(key="key_id"), query(key_id="key_id")),
    "DELETE /v1/accounts/{account_id}": PATH,
    "GET /healthz": NO_IDS,
    "GET /readyz": NO_IDS,
    "GET /metrics": NO_IDS,
    "GET /openapi.json": NO_IDS,
    "GET /docs": NO_IDS,
}


@dataclass(frozen=True)
class Town:
    """Account ``a`` with something of everything, and ``b``, who knows all its ids."""

    server: Server
    stranger: httpx2.AsyncClient
    theirs: Ids
    never: Ids
    pool: Pool
    work: Work

    async def of_a(self) -> dict[str, Any]:
        """Every row that is a's, table by table, and the names of all objects."""
        found: dict[str, Any] = {}
        async with self.pool.connection() as connection:
            tables = await connection.execute(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND column_name = 'account_id'"
            )
            for row in await tables.fetchall():
                whole = SQL("SELECT t::text AS row FROM {} AS t WHERE account_id = 'a' ORDER BY 1")
                rows = await connection.execute(whole.format(Identifier(row["table_name"])))
                found[row["table_name"]] = await rows.fetchall()
        objects = self.work.objects
        found["objects"] = [
            each.key for folder in ("inputs", "results", "uploads") async for each in objects.list(folder)
        ]
        return found

    async def asked(self, route: str, ask: Ask, ids: Ids) -> tuple[int, bytes]:
        """Status and body of b's request; the id that was asked for is blotted out of it."""
        method, _, path = route.partition(" ")
        headers = {"X-Request-Id": "same"}
        arguments = ask(ids)
        headers |= arguments.pop("headers", {})
        answer = await self.stranger.request(method, path.format_map(ids), headers=headers, **arguments)
        body = answer.content
        for each in (name for name in ids.values() if len(name) > 1):
            body = body.replace(each.encode(), b"ID")
        return answer.status_code, body


@pytest_asyncio.fixture
async def town(start: Start, settings: Settings, keys: KeyStore, work: Work, pool: Pool) -> Any:
    settings = settings.model_copy(update={"public_url": PUBLIC})
    server = start(settings)
    links = Links.open(settings, Keyring.open(settings))
    made = await keys.create("a", account="a")
    task = await make_task(work.store, "a", webhook=f"{PUBLIC}/hook")
    await work.complete(task.id)
    await make_task(work.store, "a")
    async with connect(server, made.token) as a:
        url = (await a.post("/v1/uploads/images", files={"file": ("a.png", PNG, "image/png")})).json()["url"]
        deliveries = (await a.get("/v1/webhooks/deliveries")).json()["data"]
    unsigned, _, _ = url.partition("?")
    other = f"uploads/upl_{ULID}.png"
    expires = int(urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["expires"][0])
    theirs = {
        "task_id": task.id,
        "delivery_id": deliveries[0]["id"],
        "key_id": made.id,
        "account_id": "a",
        "name": f"results/{task.id}/1/0.png",
        "upload_url": url,
        "forged_url": f"{unsigned}?expires={expires}&signature=x",
    }
    never_url = links.sign(PUBLIC, other, expires)
    never = {
        "task_id": f"task_{ULID}",
        "delivery_id": f"msg_{ULID}",
        "key_id": f"key_{ULID}",
        "account_id": "z",
        "name": f"results/task_{ULID}/1/0.png",
        "upload_url": never_url,
        "forged_url": f"{never_url.partition('?')[0]}?expires={expires}&signature=x",
    }
    async with connect(server, (await keys.create("b", account="b")).token) as stranger:
        yield Town(server, stranger, theirs, never, pool, work)


def described(api: Mapping[str, Any]) -> set[str]:
    return {f"{method.upper()} {path}" for path, methods in api["paths"].items() for method in methods}


async def test_every_route_is_thought_of(town: Town) -> None:
    api = (await town.stranger.get("/openapi.json")).json()

    assert described(api) - ROUTES.keys() == set(), "say in ROUTES which ids these take"
    for path, methods in api["paths"].items():
        for method in methods:
            if "{" in path:
                assert ROUTES[f"{method.upper()} {path}"], f"{path} takes an id"


async def test_whats_anothers_looks_as_if_it_had_never_been(town: Town) -> None:
    api = (await town.stranger.get("/openapi.json")).json()
    before = await town.of_a()
    assert all(before[table] for table in ("tasks", "uploads", "api_keys", "webhook_deliveries", "objects"))

    for route in sorted(described(api)):
        for ask in ROUTES[route]:
            theirs = await town.asked(route, ask, town.theirs)
            never = await town.asked(route, ask, town.never)
            assert theirs == never, route
            # A list from somebody else's cursor is a list of one's own, which is empty.
            assert theirs[0] >= 400 or route in {
                "POST /v1/tasks/batch",
                "GET /v1/tasks",
                "GET /v1/usage",
                "GET /v1/webhooks/deliveries",
            }, route

    assert await town.of_a() == before
