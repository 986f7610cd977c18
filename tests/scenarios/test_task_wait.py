"""A client would rather wait than poll: the answer is held until the task ends, or until patience does."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import DATA_URI, STARRY, Work, connect, make_task, problem

from retouch.settings import Settings
from retouch.tasks.store import TaskStore

CEILING_S = 30


async def _waiting(client: httpx2.AsyncClient, path: str) -> asyncio.Task[httpx2.Response]:
    """A request that is under way and not answered at once."""
    pending = asyncio.create_task(client.get(path, timeout=CEILING_S * 2))
    for _ in range(3):
        await client.get("/healthz")
    assert not pending.done()
    return pending


async def test_the_answer_comes_when_the_task_ends(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)

    pending = await _waiting(client, f"/v1/tasks/{task.id}?wait=60")
    await work.complete(task.id)

    answer = await asyncio.wait_for(pending, CEILING_S)
    assert answer.json()["data"]["status"] == "completed"


async def test_a_cancel_ends_the_wait(client: httpx2.AsyncClient, store: TaskStore) -> None:
    task = await make_task(store)

    pending = await _waiting(client, f"/v1/tasks/{task.id}?wait=60")
    await client.post(f"/v1/tasks/{task.id}/cancel")

    assert (await asyncio.wait_for(pending, CEILING_S)).json()["data"]["status"] == "cancelled"


async def test_patience_ends_with_the_task_as_it_stands(client: httpx2.AsyncClient, store: TaskStore) -> None:
    task = await make_task(store)

    answer = await client.get(f"/v1/tasks/{task.id}?wait=1")

    assert answer.status_code == 200
    assert answer.json()["data"]["status"] == "pending"


async def test_an_ended_task_is_answered_at_once(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    await work.complete(task.id)

    answer = await asyncio.wait_for(client.get(f"/v1/tasks/{task.id}?wait=60"), CEILING_S)

    assert answer.json()["data"]["status"] == "completed"


async def test_many_wait_for_one_task(client: httpx2.AsyncClient, store: TaskStore, work: Work) -> None:
    task = await make_task(store)

    pending = [await _waiting(client, f"/v1/tasks/{task.id}?wait=60") for _ in range(20)]
    await work.complete(task.id)

    answers = await asyncio.wait_for(asyncio.gather(*pending), CEILING_S)
    assert {answer.json()["data"]["status"] for answer in answers} == {"completed"}


@pytest.mark.parametrize("wait", ["0", "61", "-1", "x", "1.5", ""])
async def test_how_long_has_bounds(client: httpx2.AsyncClient, store: TaskStore, wait: str) -> None:
    task = await make_task(store)

    error = problem(await client.get(f"/v1/tasks/{task.id}?wait={wait}"), 400, "invalid_request_error")

    assert error["param"] == "wait"


async def test_somebody_elses_task_is_not_waited_for(client: httpx2.AsyncClient, store: TaskStore) -> None:
    task = await make_task(store, account="other")

    answer = await asyncio.wait_for(client.get(f"/v1/tasks/{task.id}?wait=60"), CEILING_S)

    problem(answer, 404, "not_found_error")


async def test_without_notify_the_sweep_finds_the_end(
    start: Start, settings: Settings, store: TaskStore, work: Work, token: str
) -> None:
    quiet = settings.model_copy(update={"queue_notify": False, "queue_poll_s": 0.05})
    task = await make_task(store)
    async with connect(start(quiet), token) as client:
        pending = await _waiting(client, f"/v1/tasks/{task.id}?wait=60")
        await work.complete(task.id)

        answer = await asyncio.wait_for(pending, CEILING_S)

    assert answer.json()["data"]["status"] == "completed"


async def test_too_many_waiting_are_refused(
    start: Start, settings: Settings, store: TaskStore, token: str
) -> None:
    task = await make_task(store)
    path = f"/v1/tasks/{task.id}?wait=60"
    async with connect(start(settings.model_copy(update={"streams_max": 1})), token) as client:
        both = [asyncio.create_task(client.get(path)) for _ in range(2)]
        done, waiting = await asyncio.wait(both, timeout=CEILING_S, return_when=asyncio.FIRST_COMPLETED)

        refused = done.pop().result()
        problem(refused, 503, "service_unavailable")
        assert refused.headers["retry-after"]
        await client.post(f"/v1/tasks/{task.id}/cancel")
        assert (await asyncio.wait_for(waiting.pop(), CEILING_S)).status_code == 200


async def test_a_stopping_server_lets_nobody_wait(
    start: Start, settings: Settings, store: TaskStore, token: str
) -> None:
    """A server asked to stop used to see the wait out, and to be killed by its supervisor meanwhile."""
    task = await make_task(store)
    server = start(settings)
    async with connect(server, token) as client:
        pending = await _waiting(client, f"/v1/tasks/{task.id}?wait=60")

        await asyncio.to_thread(server.end)

        assert (await asyncio.wait_for(pending, CEILING_S)).json()["data"]["status"] == "pending"


async def test_a_submit_may_wait_for_its_own_task(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    body = STARRY | {"image_urls": [DATA_URI]}
    submitting = asyncio.create_task(
        client.post("/v1/images/edits", json=body, headers={"Prefer": "wait=50"})
    )
    while not (tasks := await store.list("default")):  # its row is the event that is waited for
        await client.get("/healthz")
    await work.complete(tasks[0].id)

    answer = await asyncio.wait_for(submitting, CEILING_S)

    assert answer.headers["preference-applied"] == "wait=50"
    assert answer.json()["data"]["id"] == tasks[0].id
    assert answer.json()["data"]["status"] == "completed"


async def test_a_preference_without_a_number_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/v1/images/edits", json=STARRY, headers={"Prefer": "respond-async, wait=soon"}
    )

    assert problem(answer, 400, "invalid_request_error")["param"] == "Prefer"
