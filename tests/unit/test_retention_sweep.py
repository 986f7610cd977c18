"""Retention: what expires goes, what does not stays, and a sweep may be killed anywhere."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support_tasks import FAILURE, OUTCOME, REQUEST, until
from ulid import ULID

from retouch.database.pool import Pool
from retouch.errors import StorageUnavailable
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.task import Source, SourceKind, StoredPicture, Task
from retouch.tasks.retention import Swept, sweep, sweep_forever
from retouch.tasks.store import TaskStore
from retouch.tasks.uploads import UploadStore


@pytest.fixture
def objects(settings: Settings) -> ObjectStore:
    return ObjectStore.open(settings)


@pytest.fixture
def kept_inputs(settings: Settings) -> Settings:
    return settings.model_copy(update={"keep_inputs": True})


async def keys_of(objects: ObjectStore) -> set[str]:
    return {found.key for prefix in ("results", "inputs", "uploads") async for found in objects.list(prefix)}


async def sql(pool: Pool, command: str, *values: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(command.encode(), values)


async def with_input(store: TaskStore, objects: ObjectStore) -> Task:
    """A submitted task with a picture of its own."""
    task_id = f"task_{ULID()}"
    key = f"inputs/{task_id}/0"
    await objects.put(key, b"in")
    request = replace(REQUEST, sources=(Source(SourceKind.OBJECT, key),))
    return await store.create(
        task_id=task_id, account_id="default", key_id="key_1", request_id="req_1", request=request
    )


async def completed(store: TaskStore, objects: ObjectStore) -> tuple[Task, str]:
    """A completed task with an input and a result."""
    task = await with_input(store, objects)
    await store.claim(task.id, "w")
    key = f"results/{task.id}/1/0.png"
    await objects.put(key, b"out")
    picture = StoredPicture(key, "image/png", 1, 1, 3, 0)
    assert await store.complete(task.id, 1, replace(OUTCOME, pictures=(picture,)))
    return task, key


def age_files(settings: Settings, seconds: float) -> None:
    """Make every object look as old as that."""
    then = (datetime.now(UTC) - timedelta(seconds=seconds)).timestamp()
    for path in settings.objects_dir.rglob("*"):
        os.utime(path, (then, then))


async def test_inputs_go_when_the_task_has_ended_and_results_when_they_expire(
    store: TaskStore, objects: ObjectStore, pool: Pool, settings: Settings
) -> None:
    waits = await with_input(store, objects)
    task, result = await completed(store, objects)
    assert await sweep(store, objects, settings) == Swept(inputs=1)
    assert await keys_of(objects) == {result, f"inputs/{waits.id}/0"}
    await sql(pool, "UPDATE tasks SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert await sweep(store, objects, settings) == Swept(results=1)
    assert await keys_of(objects) == {f"inputs/{waits.id}/0"}
    assert await sweep(store, objects, settings) == Swept()
    still_known = await store.get(task.id)
    assert still_known is not None
    assert still_known.expires_at is not None


async def test_inputs_may_be_kept_as_long_as_results(
    store: TaskStore, objects: ObjectStore, pool: Pool, kept_inputs: Settings
) -> None:
    task, result = await completed(store, objects)
    failed = await with_input(store, objects)
    await store.claim(failed.id, "w")
    await store.fail(failed.id, 1, FAILURE)
    assert await sweep(store, objects, kept_inputs) == Swept()
    assert await keys_of(objects) == {result, f"inputs/{task.id}/0", f"inputs/{failed.id}/0"}
    await sql(
        pool,
        "UPDATE tasks SET expires_at = expires_at - interval '2 days',"
        " ended_at = ended_at - interval '2 days'",
    )
    assert await sweep(store, objects, kept_inputs) == Swept(results=1, inputs=2)
    assert await keys_of(objects) == set()


async def test_uploads_go_with_their_rows(
    objects: ObjectStore, store: TaskStore, pool: Pool, settings: Settings
) -> None:
    uploads = UploadStore(pool, settings)
    for name in ("up_OLD", "up_NEW"):
        await objects.put(f"uploads/{name}", b"x")
        await uploads.add(name, "default", "a.png", "image/png", 1)
    await sql(pool, "UPDATE uploads SET expires_at = now() WHERE id = 'up_OLD'")
    assert await sweep(store, objects, settings) == Swept(uploads=1)
    assert await keys_of(objects) == {"uploads/up_NEW"}
    assert await uploads.get("up_OLD", "default") is None
    assert await uploads.get("up_NEW", "bert") is None
    found = await uploads.get("up_NEW", "default")
    assert found is not None
    assert (found.key, found.bytes) == ("uploads/up_NEW", 1)


async def test_rows_go_after_their_days_and_never_before_their_objects(
    store: TaskStore, objects: ObjectStore, pool: Pool, settings: Settings
) -> None:
    task, result = await completed(store, objects)
    young, _ = await completed(store, objects)
    await sql(pool, "UPDATE tasks SET ended_at = now() - interval '31 days' WHERE id = %s", task.id)
    assert (await sweep(store, objects, settings)).rows == 0
    assert result in await keys_of(objects)
    await sql(pool, "UPDATE tasks SET expires_at = now() WHERE id = %s", task.id)
    assert await sweep(store, objects, settings) == Swept(results=1, rows=1)
    assert await store.get(task.id) is None
    assert await store.events(task.id) == []
    assert await store.get(young.id) is not None


async def test_objects_that_no_row_names_go_when_old(
    store: TaskStore, objects: ObjectStore, settings: Settings
) -> None:
    done, result = await completed(store, objects)
    running = await with_input(store, objects)
    await store.claim(running.id, "w")
    stays = {result, f"inputs/{running.id}/0", f"results/{running.id}/1/0.png"}
    goes = {
        f"results/{done.id}/2/0.png",  # a losing attempt
        f"inputs/{done.id}/9",
        "results/task_NEVER/1/0.png",
        "inputs/task_NEVER/0",  # a submit that was killed before its commit
        "uploads/up_NEVER",
    }
    for key in goes | {f"results/{running.id}/1/0.png"}:
        await objects.put(key, b"x")
    assert await sweep(store, objects, settings) == Swept(inputs=1)
    age_files(settings, settings.orphan_age_s + 60)
    assert (await sweep(store, objects, settings, orphans=False)).orphans == 0
    assert await sweep(store, objects, settings) == Swept(orphans=len(goes))
    assert await keys_of(objects) == stays


class _Refusing(ObjectStore):
    """A store whose deletes fail for one key."""

    stubborn = ""

    async def delete(self, *keys: str) -> None:
        if self.stubborn in keys:
            raise StorageUnavailable("no")
        await super().delete(*keys)


async def test_one_object_that_resists_does_not_hold_up_the_others(
    store: TaskStore, objects: ObjectStore, pool: Pool, settings: Settings
) -> None:
    refusing = _Refusing.open(settings)
    assert isinstance(refusing, _Refusing)
    made = [await completed(store, objects) for _ in range(3)]
    refusing.stubborn = made[0][1]
    await sql(pool, "UPDATE tasks SET expires_at = now()")
    assert (await sweep(store, refusing, settings)).results == 2
    assert await keys_of(objects) == {made[0][1]}
    assert (await sweep(store, objects, settings)).results == 1


class _Killed(BaseException):
    """Stands for the kill: nothing catches it."""


@pytest.mark.parametrize("death", range(12))
async def test_a_sweep_killed_at_any_call_is_made_good_by_the_next(
    store: TaskStore,
    objects: ObjectStore,
    pool: Pool,
    settings: Settings,
    death: int,
) -> None:
    """Die before the n-th use of the object store or the database; then sweep to the end."""
    _, result = await completed(store, objects)
    _, expired = await completed(store, objects)
    await sql(pool, "UPDATE tasks SET expires_at = now() WHERE id = %s", expired.split("/")[1])
    calls = iter(range(1000))
    connection, delete = pool.connection, objects.delete

    def dying_connection() -> object:
        if next(calls) == death:
            raise _Killed
        return connection()

    async def dying_delete(*keys: str) -> None:
        if next(calls) == death:
            raise _Killed
        await delete(*keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "connection", dying_connection)
        patch.setattr(objects, "delete", dying_delete)
        with pytest.raises(_Killed):
            await sweep(store, objects, settings)
    await sweep(store, objects, settings)
    assert await keys_of(objects) == {result}
    assert await sweep(store, objects, settings) == Swept()


async def test_sweepers_beside_each_other_do_the_work_once(
    store: TaskStore, objects: ObjectStore, pool: Pool, settings: Settings
) -> None:
    made = [await completed(store, objects) for _ in range(5)]
    await sql(pool, "UPDATE tasks SET expires_at = now()")
    swept = await asyncio.gather(*(sweep(store, objects, settings) for _ in range(3)))
    assert sum(one.results for one in swept) == len(made)
    assert await keys_of(objects) == set()


async def test_it_sweeps_at_once_and_until_it_is_stopped(
    store: TaskStore, objects: ObjectStore, settings: Settings
) -> None:
    _, result = await completed(store, objects)
    stop = asyncio.Event()
    forever = asyncio.create_task(sweep_forever(store, objects, settings, stop))

    async def swept() -> bool:
        return await keys_of(objects) == {result}

    await until(swept)
    stop.set()
    await forever
