"""The Python client against the real service: every method, and the long ones in both kinds.

What the two kinds share is tested once; that neither lacks a method is tested in unit/test_client_names.py.
A worker's hands stand in for the worker; tests/scenarios/whole has the story with real pixels.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.scenarios.world import PNG, Server, Work, make_task

import retouch
from retouch.task import Failure, Status
from retouch.tasks.store import TaskStore

PROMPT = "Convert the image to cyberpunk style"


class Blocking:
    """The ordinary client, called from a thread, so that one test drives both kinds."""

    def __init__(self, client: retouch.Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._client, name)
        return lambda *arguments, **options: asyncio.to_thread(method, *arguments, **options)


both = pytest.mark.parametrize("sdk", ["sync", "async"], indirect=True)


@pytest_asyncio.fixture
async def sdk(request: pytest.FixtureRequest, server: Server, token: str) -> AsyncIterator[Any]:
    if getattr(request, "param", "sync") == "async":
        async with retouch.AsyncClient(server.url, token, timeout=60) as client:
            yield client
        return
    with retouch.Client(server.url, token, timeout=60) as client:
        yield Blocking(client)


async def worked(store: TaskStore, work: Work, pictures: int = 1) -> str:
    """Wait until a task is there, and complete it."""
    async with asyncio.timeout(60):
        while not (tasks := await store.list(None, status=Status.PENDING)):  # noqa: ASYNC110 - a row tells nobody
            await asyncio.sleep(0.01)
    await work.complete(tasks[0].id, pictures)
    return tasks[0].id


@both
async def test_an_edit_from_the_file_to_the_file(
    sdk: Any, store: TaskStore, work: Work, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    seen: list[retouch.Event] = []
    photo.write_bytes(PNG)

    result, task_id = await asyncio.gather(
        sdk.edit(
            photo,
            PROMPT,
            n=2,
            seed=7,
            metadata={"order": "77"},
            extra={"glitter": 3},
            on_progress=seen.append,
        ),
        worked(store, work, pictures=2),
    )

    assert result.task_id == task_id
    assert [picture.data for picture in result.pictures] == [PNG, PNG]
    assert [picture.seed for picture in result.pictures] == [7, 8]
    assert result.engine == "builtin"
    assert result.warnings == ("a warning",)
    assert [each.param for each in result.ignored] == ["glitter"]
    assert result.pictures[0].save(tmp_path / "new" / "out").read_bytes() == PNG
    assert [event.kind for event in seen][-1] == "completed"
    task = await sdk.get(task_id)
    assert dict(task.metadata) == {"order": "77"}
    assert task.ended


@both
async def test_a_deleted_task_is_gone_and_deleting_it_again_says_so(
    sdk: Any, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    await work.complete(task.id)

    assert await sdk.delete(task.id)
    assert not await sdk.delete(task.id)
    with pytest.raises(retouch.NotFound):
        await sdk.get(task.id)


async def test_a_large_picture_is_uploaded_once_and_a_mask_goes_along(sdk: Any, store: TaskStore) -> None:
    large = PNG + bytes(300 * 1024)

    task_id = await sdk.submit([large, PNG], PROMPT, mask=PNG)

    task = await store.get(task_id)
    assert task is not None
    assert [source.kind.value for source in task.request.sources] == ["upload", "object"]
    assert task.request.mask is not None


async def test_the_key_of_a_call_makes_it_one_task(sdk: Any, store: TaskStore) -> None:
    first = await sdk.submit(PNG, PROMPT, idempotency_key="order-77")
    again = await sdk.submit(PNG, PROMPT, idempotency_key="order-77")

    assert first == again
    assert await sdk.submit(PNG, PROMPT) != first
    with pytest.raises(retouch.Conflict, match="idempotency_key_reused"):
        await sdk.submit(PNG, "sepia", idempotency_key="order-77")
    assert len(await store.list(None)) == 2


@both
async def test_a_failed_and_a_cancelled_task_are_typed(sdk: Any, store: TaskStore, work: Work) -> None:
    failed, cancelled = await make_task(store), await make_task(store)
    await work.fail(failed.id, Failure("source_not_found", "invalid_request_error", "the URL answered 404"))

    ended = await sdk.wait(failed.id)
    with pytest.raises(retouch.TaskFailed, match="the URL answered 404") as failure:
        await sdk.download(ended)
    assert (failure.value.code, failure.value.task_id) == ("source_not_found", failed.id)

    assert (await sdk.cancel(cancelled.id)).status == "cancelled"
    # A second cancel, as a retry would send it, is answered like the first.
    ended = await sdk.cancel(cancelled.id)
    with pytest.raises(retouch.TaskCancelled):
        await sdk.download(ended)
    with pytest.raises(retouch.Conflict):
        await sdk.cancel(failed.id)


@both
async def test_a_wait_that_is_too_short_names_the_task_which_goes_on(
    sdk: Any, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)

    with pytest.raises(retouch.TimedOut) as over:
        await sdk.wait(task.id, timeout=0.2)

    assert over.value.task_id == task.id
    await work.complete(task.id)
    assert (await sdk.wait(task.id, timeout=30)).status == "completed"


async def test_many_tasks_at_once_and_page_by_page(sdk: Any, store: TaskStore) -> None:
    tasks = [await make_task(store) for _ in range(3)]
    missing = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"

    found = await sdk.batch([tasks[0].id, missing, tasks[2].id])
    first = await sdk.list(limit=2, status="pending")
    second = await sdk.list(limit=2, cursor=first.next_cursor)

    assert [task and task.id for task in found] == [tasks[0].id, None, tasks[2].id]
    assert [task.id for task in (*first.tasks, *second.tasks)] == [task.id for task in reversed(tasks)]
    assert second.next_cursor is None


async def test_what_a_key_may_and_what_an_instruction_would_do(sdk: Any) -> None:
    assert "grok-imagine-1.0-edit-apimart" in {model.id for model in await sdk.models()}
    assert (await sdk.balance()).remaining is None
    assert [step["kind"] for step in (await sdk.plan(PROMPT)).operations] == ["style"]
    kept = await sdk.upload(PNG)
    assert kept.url.startswith("http://127.0.0.1")
    assert kept.bytes == len(PNG)


async def test_refusals_are_typed_and_name_the_field(sdk: Any, server: Server) -> None:
    with pytest.raises(retouch.InvalidRequest) as refused:
        await sdk.submit(PNG, PROMPT, n=11)
    assert (refused.value.param, refused.value.status) == ("n", 400)
    assert str(refused.value.request_id).startswith("req_")
    with pytest.raises(retouch.InvalidRequest, match="not a picture") as no_picture:
        await sdk.upload(b"this is no picture")
    assert no_picture.value.status == 415
    with pytest.raises(retouch.NotFound):
        await sdk.get("task_01KAP3QW8ZJ4V5N6C7X9B2D1EF")
    with pytest.raises(retouch.NotFound):
        await sdk.wait("task_01KAP3QW8ZJ4V5N6C7X9B2D1EF")
    with retouch.Client(server.url, "rt_nobody") as stranger, pytest.raises(retouch.AuthenticationError):
        await asyncio.to_thread(stranger.models)


async def test_events_of_both_iterators(server: Server, token: str, store: TaskStore, work: Work) -> None:
    task = await make_task(store)
    await work.complete(task.id)

    with retouch.Client(server.url, token) as client:
        plain = await asyncio.to_thread(lambda: list(client.events(task.id)))
    async with retouch.AsyncClient(server.url, token) as other:
        followed = [event async for event in other.events(task.id)]

    assert plain == followed
    assert [event.kind for event in plain] == ["status", "status", "completed"]
    assert plain[-1].task is not None
    assert plain[-1].task.images[0].url.startswith(server.url)


async def test_whoever_stops_listening_hangs_up(server: Server, token: str, store: TaskStore) -> None:
    task = await make_task(store)
    async with retouch.AsyncClient(server.url, token) as client:
        events = client.events(task.id)
        assert (await anext(events)).status == "pending"
        await events.aclose()
        assert (await client.get(task.id)).status == "pending"
