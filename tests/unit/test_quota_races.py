"""A quota's first submit counts what is there; an end that has not committed is not counted twice."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from tests.support_tasks import REQUEST, until
from ulid import ULID

from retouch.database.pool import Pool
from retouch.task import Task
from retouch.tasks.keys import KeyStore
from retouch.tasks.store import TaskStore


async def test_a_counter_is_not_made_beside_an_end_under_way(
    store: TaskStore, keys: KeyStore, pool: Pool
) -> None:
    """Made from what it saw, the task was open; the end, not seeing the counter, would never take it off."""
    key = (await keys.create("k")).id

    async def submit() -> Task:
        return await store.create(
            task_id=f"task_{ULID()}", account_id="default", key_id=key, request_id="r", request=REQUEST
        )

    async def waiting() -> bool:
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            )
            return await cursor.fetchone() is not None

    first = await submit()
    quota = {"quota_limit": Decimal(5), "quota_unit": "pictures", "quota_period": "total"}
    assert await keys.change(key, quota)
    async with pool.connection() as ending:
        await ending.execute("BEGIN")
        # A deletion locks no row of the account, which would hide the race.
        await ending.execute("DELETE FROM tasks WHERE id = %s", [first.id])
        second = asyncio.create_task(submit())
        await until(waiting)
        await ending.execute("COMMIT")
    await second
    balance = await keys.balance(key)
    assert (int(balance.used), int(balance.reserved)) == (0, 1)
