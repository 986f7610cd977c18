"""A client that heard no answer sends its submit again: with a key it gets the first task again."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import psycopg
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import DATA_URI, STARRY, connect, problem

from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.keys import KeyStore
from retouch.tasks.retention import sweep
from retouch.tasks.store import TaskStore

OLDER = "UPDATE idempotency_keys SET created_at = created_at - make_interval(hours => %s)"
BODY: dict[str, Any] = STARRY | {"image_urls": [DATA_URI]}


async def submit(client: httpx2.AsyncClient, key: str | None, **changes: object) -> httpx2.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/v1/images/edits", json=BODY | changes, headers=headers)


def task_id(answer: httpx2.Response) -> str:
    assert answer.status_code == 200, answer.text
    name: str = answer.json()["data"][0]["task_id"]
    return name


async def test_the_same_key_is_the_same_task(client: httpx2.AsyncClient, store: TaskStore) -> None:
    first, second = await submit(client, "k1"), await submit(client, "k1")

    assert task_id(first) == task_id(second)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await store.list("default")) == 1


async def test_other_keys_and_none_are_other_tasks(client: httpx2.AsyncClient) -> None:
    answers = [await submit(client, key) for key in ("k1", "k2", None, None)]

    assert len({task_id(answer) for answer in answers}) == 4


async def test_how_it_was_sent_makes_no_difference(client: httpx2.AsyncClient) -> None:
    first = await submit(client, "k1", n=1, strict=None)
    reordered = {name: BODY[name] for name in reversed(BODY)}
    second = await client.post("/v1/images/edits", json=reordered, headers={"Idempotency-Key": "k1"})

    assert task_id(first) == task_id(second)


@pytest.mark.parametrize(
    "change",
    [{"prompt": "Make it night"}, {"n": 2}, {"seed": 3}, {"image_urls": ["https://example.com/b.png"]}],
)
async def test_another_request_under_the_key_is_refused(
    client: httpx2.AsyncClient, store: TaskStore, change: dict[str, Any]
) -> None:
    await submit(client, "k1")

    error = problem(await submit(client, "k1", **change), 409, "idempotency_error")

    assert error["message"].startswith("idempotency_key_reused")
    assert error["param"] == "Idempotency-Key"
    assert len(await store.list("default")) == 1


async def test_accounts_do_not_share_keys(client: httpx2.AsyncClient, server: Any, keys: KeyStore) -> None:
    mine = await submit(client, "k1")
    token = (await keys.create("other", account="other")).token
    async with connect(server, token) as stranger:
        theirs = await submit(stranger, "k1", prompt="Make it night")

    assert task_id(mine) != task_id(theirs)


@pytest.mark.parametrize("key", ["", "a b", "ü", "k" * 192, "a\tb"])
async def test_what_is_no_key(client: httpx2.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    answer = await client.post("/v1/images/edits", json=BODY, headers=headers)

    assert problem(answer, 400, "invalid_request_error")["param"] == "Idempotency-Key"


async def test_the_longest_key(client: httpx2.AsyncClient) -> None:
    assert task_id(await submit(client, "k" * 191)) == task_id(await submit(client, "k" * 191))


async def test_two_keys_are_none(client: httpx2.AsyncClient) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await client.post("/v1/images/edits", json=BODY, headers=headers)

    assert problem(answer, 400, "invalid_request_error")["param"] == "Idempotency-Key"


async def test_many_at_once_make_one(
    client: httpx2.AsyncClient, store: TaskStore, settings: Settings
) -> None:
    answers = await asyncio.gather(*(submit(client, "k1") for _ in range(20)))

    (task,) = await store.list("default")
    assert {task_id(answer) for answer in answers} == {task.id}
    objects = ObjectStore.open(settings)
    folders = {stored.key.split("/")[1] async for stored in objects.list("inputs/")}
    assert folders == {task.id}, "pictures of submits that lost are gone"


async def test_a_submit_that_was_refused_leaves_its_key_free(client: httpx2.AsyncClient) -> None:
    problem(await submit(client, "k1", n=11), 400, "invalid_request_error")

    task_id(await submit(client, "k1"))


async def test_a_first_submit_that_hangs(client: httpx2.AsyncClient, database_url_fixture: str) -> None:
    """Its answer is not known yet: the second one is told to come back, and does not wait for ever."""
    async with await psycopg.AsyncConnection.connect(database_url_fixture) as first:
        await first.execute(
            "WITH task AS (INSERT INTO tasks (id, account_id, key_id, request_id, request)"
            " VALUES ('task_slow', 'default', 'k', 'r', '{}') RETURNING id)"
            " INSERT INTO idempotency_keys SELECT 'default', 'k1', 'x', id FROM task"
        )

        answer = await submit(client, "k1")

        assert problem(answer, 409, "idempotency_error")["message"].startswith("idempotency_in_progress")
        assert answer.headers["retry-after"] == "1"
        await first.rollback()
    task_id(await submit(client, "k1"))


async def test_an_old_key_is_forgotten(
    start: Start, settings: Settings, store: TaskStore, token: str, database_url_fixture: str
) -> None:
    async with connect(start(settings), token) as client:
        first = await submit(client, "k1")
        async with await psycopg.AsyncConnection.connect(database_url_fixture, autocommit=True) as database:
            await database.execute(
                "UPDATE idempotency_keys SET created_at = created_at - interval '47 hours'"
            )
            assert (await sweep(store, ObjectStore.open(settings), settings)).once_keys == 0
            await database.execute(OLDER, [2])
            assert (await sweep(store, ObjectStore.open(settings), settings)).once_keys == 1

        assert task_id(await submit(client, "k1")) != task_id(first)
