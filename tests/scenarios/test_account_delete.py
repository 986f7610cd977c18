"""An account is deleted whole: no table and no folder names it any more, and nobody else's data is touched.

Tables are found in the database's own catalogue, so that one which is added later cannot be forgotten.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import httpx2
import pytest
import pytest_asyncio
from psycopg.sql import SQL, Identifier
from tests.scenarios.conftest import Start
from tests.scenarios.world import DATA_URI, PNG, STARRY, Server, Work, connect, problem

from retouch.database.pool import Pool
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.erase import delete_account, mark_account
from retouch.tasks.keys import KeyStore
from retouch.tasks.retention import sweep

HOOK = "https://hooks.example.com/retouch"


async def live(server: Server, keys: KeyStore, work: Work, account: str) -> str:
    """An account with something in every table, and tasks in every state. Its key's id."""
    made = await keys.create("k", account=account)
    await keys.change(made.id, {"quota_limit": Decimal(100), "quota_unit": "pictures", "quota_period": "day"})
    async with connect(server, made.token) as client:
        ids = []
        for number in range(4):
            answer = await client.post(
                "/v1/images/edits",
                json={**STARRY, "image_urls": [DATA_URI], "webhook": HOOK},
                headers={"Idempotency-Key": f"k{number}"},
            )
            assert answer.status_code == 200, answer.text
            ids.append(answer.json()["data"][0]["task_id"])
        await work.complete(ids[0])
        await work.begin(ids[1])
        await client.post(f"/v1/tasks/{ids[2]}/cancel")
        uploaded = await client.post("/v1/uploads/images", files={"file": ("a.png", PNG, "image/png")})
        assert uploaded.status_code == 200, uploaded.text
        assert (await client.post("/v1/webhooks/secret")).status_code == 200
    async with work.store.pool.connection() as connection:
        await connection.execute("INSERT INTO rate_limits VALUES (%s, now())", [made.id])
        await connection.execute(
            "INSERT INTO webhook_disabled (account_id, url_hash, url) VALUES (%s, 'x', %s)", [account, HOOK]
        )
    return made.id


async def traces(pool: Pool, account: str, key_id: str, tasks: list[str]) -> dict[str, int]:
    """How many rows of each table name the account, its key or its tasks; tables without any are left out."""
    found: dict[str, int] = {}
    async with pool.connection() as connection:
        columns = await (
            await connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                " JOIN information_schema.tables USING (table_schema, table_name)"
                " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
                " AND (column_name IN ('account_id', 'key_id', 'task_id')"
                "      OR column_name = 'id' AND table_name IN ('accounts', 'tasks', 'api_keys'))"
            )
        ).fetchall()
        for column in columns:
            table, name = column["table_name"], column["column_name"]
            count = SQL("SELECT count(*) AS rows FROM {} WHERE {} = ANY(%s)")
            query = count.format(Identifier(table), Identifier(name))
            row = await (await connection.execute(query, [[account, key_id, *tasks]])).fetchone()
            assert row is not None
            found[table] = found.get(table, 0) + row["rows"]
    return {table: rows for table, rows in found.items() if rows}


async def task_ids(pool: Pool, account: str) -> list[str]:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT id FROM tasks WHERE account_id = %s", [account])
        rows = await cursor.fetchall()
    return [row["id"] for row in rows]


async def objects_of(objects: ObjectStore) -> list[str]:
    return [found.key for prefix in ("inputs", "results", "uploads") async for found in objects.list(prefix)]


async def tables_about_accounts(pool: Pool) -> set[str]:
    async with pool.connection() as connection:
        rows = await (
            await connection.execute(
                "SELECT DISTINCT table_name FROM information_schema.columns"
                " JOIN information_schema.tables USING (table_schema, table_name)"
                " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
                " AND column_name IN ('account_id', 'key_id', 'task_id')"
            )
        ).fetchall()
    return {row["table_name"] for row in rows}


@dataclass(frozen=True)
class House:
    """What these stories need at once."""

    server: Server
    keys: KeyStore
    work: Work
    settings: Settings
    url: str

    @property
    def pool(self) -> Pool:
        """Connections to this test's database."""
        return self.work.store.pool

    async def live(self, account: str) -> tuple[str, list[str]]:
        """An account that lives: ids of its key and its tasks."""
        key_id = await live(self.server, self.keys, self.work, account)
        return key_id, await task_ids(self.pool, account)


@pytest.fixture
def house(start: Start, settings: Settings, keys: KeyStore, work: Work, database_url_fixture: str) -> House:
    """A server that may be asked for webhooks."""
    public = settings.model_copy(update={"public_url": "https://retouch.example.com"})
    return House(start(public), keys, work, settings, database_url_fixture)


@pytest_asyncio.fixture
async def admin(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with an admin key of the account ``default``."""
    async with connect(house.server, (await house.keys.create("boss", admin=True)).token) as opened:
        yield opened


async def test_nothing_names_it_any_more(house: House, admin: httpx2.AsyncClient) -> None:
    pool, objects = house.pool, house.work.objects
    gone_key, gone_tasks = await house.live("gone")
    kept_key, kept_tasks = await house.live("kept")
    before = await traces(pool, "gone", gone_key, gone_tasks)
    missing = await tables_about_accounts(pool) - before.keys()
    assert not missing, f"live() must put a row of the account into {missing}, or this proves nothing of them"
    kept = await traces(pool, "kept", kept_key, kept_tasks)
    stored = len(await objects_of(objects))

    answer = await admin.delete("/v1/accounts/gone")

    assert answer.json() == {"code": 200, "data": {"id": "gone", "status": "deleted"}}
    assert await traces(pool, "gone", gone_key, gone_tasks) == {}
    assert await traces(pool, "kept", kept_key, kept_tasks) == kept
    assert len(await objects_of(objects)) == stored / 2
    assert not any(task in key for key in await objects_of(objects) for task in gone_tasks)
    problem(await admin.delete("/v1/accounts/gone"), 404, "not_found_error")


async def test_its_keys_open_nothing_not_even_from_a_cache(house: House, admin: httpx2.AsyncClient) -> None:
    """A process remembers a key for seconds: what comes with it meanwhile must not bring the account back."""
    made = await house.keys.create("k", account="gone")
    async with connect(house.server, made.token) as client:
        assert (await client.get("/v1/tasks")).status_code == 200
        assert (await admin.delete("/v1/accounts/gone")).status_code == 200
        problem(await client.post("/v1/images/edits", json=STARRY), 401, "authentication_error")
        picture = {"file": ("a.png", PNG, "image/png")}
        problem(await client.post("/v1/uploads/images", files=picture), 401, "authentication_error")
    assert await objects_of(house.work.objects) == []
    assert await traces(house.pool, "gone", made.id, []) == {}


async def test_only_an_admin_deletes_and_never_its_own(house: House, admin: httpx2.AsyncClient) -> None:
    other = await house.keys.create("k", account="other")
    async with connect(house.server, other.token) as client:
        problem(await client.delete("/v1/accounts/other"), 403, "permission_error")
    problem(await admin.delete("/v1/accounts/default"), 409, "idempotency_error")
    problem(await admin.delete("/v1/accounts/nobody"), 404, "not_found_error")


async def test_what_a_killed_deletion_left_the_sweeper_takes(house: House) -> None:
    key_id, tasks = await house.live("gone")
    assert await mark_account(house.pool, "gone")

    await sweep(house.work.store, house.work.objects, house.settings)

    assert await traces(house.pool, "gone", key_id, tasks) == {}
    assert await objects_of(house.work.objects) == []


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from pydantic import SecretStr
from retouch.database.pool import open_pool
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.erase import delete_account
from retouch.tasks.queue import TicketQueue
from retouch.tasks.store import TaskStore

class Mortal(ObjectStore):
    left = int(sys.argv[3])
    async def delete(self, *keys):
        for key in keys:
            if Mortal.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            Mortal.left -= 1
            await super().delete(key)

async def main():
    settings = Settings(
        data_dir=Path(sys.argv[1]), weights_dir=Path("/nowhere"), database_url=SecretStr(sys.argv[2])
    )
    async with await open_pool(sys.argv[2], settings) as pool:
        store = TaskStore(pool, TicketQueue(sys.argv[2], settings), settings)
        await delete_account(store, Mortal.open(settings), "gone")

asyncio.run(main())
"""


@pytest.mark.parametrize("objects_deleted", [0, 3])
async def test_killed_in_the_middle_it_goes_on_the_next_time(house: House, objects_deleted: int) -> None:
    """SIGKILL between two objects: what is left is no account that works, and a second call finishes it."""
    key_id, tasks = await house.live("gone")
    arguments = [str(house.settings.data_dir), house.url, str(objects_deleted)]

    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, *arguments], check=False)

    assert ended.returncode == -signal.SIGKILL
    assert await traces(house.pool, "gone", key_id, tasks) != {}
    assert await delete_account(house.work.store, house.work.objects, "gone")
    assert await traces(house.pool, "gone", key_id, tasks) == {}
    assert await objects_of(house.work.objects) == []
