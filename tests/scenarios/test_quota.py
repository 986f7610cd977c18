"""Quotas: what a key may still use is exact, however many submit at once; what came to nothing comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from tests.scenarios.conftest import Start
from tests.scenarios.world import STARRY, Server, Work, connect, problem
from tests.support_tasks import FAILURE

from retouch.api import wire
from retouch.settings import Settings
from retouch.tasks.keys import KeyStore


def quota(limit: str, unit: str = "pictures", period: str = "total") -> dict[str, Any]:
    """A quota as a key's row has it."""
    return {"quota_limit": Decimal(limit), "quota_unit": unit, "quota_period": period}


async def submit(client: httpx2.AsyncClient, n: int = 1, key: str | None = None) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/v1/images/edits", json=STARRY | {"n": n}, headers=headers)


def accepted(answer: httpx2.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"][0]["task_id"])


async def balance(client: httpx2.AsyncClient) -> tuple[float, float, float | None]:
    """What remains, is used, is reserved."""
    shown = wire.Balance.model_validate((await client.get("/v1/balance")).json())
    assert (await client.get("/v1/user/balance")).json() == (await client.get("/v1/balance")).json()
    return shown.remain_balance, shown.used_balance, shown.reserved_balance


@pytest_asyncio.fixture
async def ten(server: Server, keys: KeyStore) -> AsyncIterator[httpx2.AsyncClient]:
    """A client whose key may have ten pictures a day."""
    made = await keys.create("ten", rules=quota("10", period="day"))
    async with connect(server, made.token) as client:
        yield client


async def test_of_fifty_at_once_ten_pass_whichever_process_they_meet(
    start: Start, settings: Settings, keys: KeyStore
) -> None:
    made = await keys.create("ten", rules=quota("10", period="day"))
    async with connect(start(settings), made.token) as one, connect(start(settings), made.token) as two:
        answers = await asyncio.gather(*(submit(client) for client in (one, two) for _ in range(25)))
        passed = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(passed) == 10
        tomorrow = datetime.now(UTC).date().toordinal() + 1
        for answer in refused:
            message = problem(answer, 402, "payment_required")["message"]
            assert message.startswith(
                "This key's quota does not reach: 10 pictures a day, 0 used, 10 reserved"
            )
            assert f"renews at {datetime.fromordinal(tomorrow):%Y-%m-%d} 00:00 UTC." in message
        assert await balance(one) == (0, 0, 10)


async def test_what_came_to_nothing_can_be_asked_for_again(ten: httpx2.AsyncClient, work: Work) -> None:
    whole, less, failing, leaving = [accepted(await submit(ten, n)) for n in (2, 3, 4, 1)]
    assert await balance(ten) == (0, 0, 10)
    message = problem(await submit(ten), 402, "payment_required")["message"]
    assert "0 left today, 1 asked for" in message

    await work.complete(whole, pictures=2)
    await work.complete(less, pictures=1)
    assert await balance(ten) == (2, 3, 5)
    await work.fail(failing, FAILURE)
    assert (await ten.post(f"/v1/tasks/{leaving}/cancel")).status_code == 200
    assert await balance(ten) == (7, 3, 0)
    problem(await submit(ten, 8), 402, "payment_required")
    accepted(await submit(ten, 7))


async def test_a_submit_sent_again_reserves_nothing_twice(server: Server, keys: KeyStore) -> None:
    made = await keys.create("one", rules=quota("1"))
    async with connect(server, made.token) as client:
        answers = await asyncio.gather(*(submit(client, key="k") for _ in range(8)))
        assert {accepted(answer) for answer in answers if answer.status_code != 409}
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert await balance(client) == (0, 0, 1)
        assert (await submit(client, key="k")).headers["idempotency-replayed"] == "true"
        message = problem(await submit(client, key="other"), 402, "payment_required")["message"]
        assert "1 pictures in all" in message
        assert "renews" not in message


async def test_a_quota_counts_what_was_used_before_it_was_set(
    server: Server, keys: KeyStore, work: Work
) -> None:
    """And a change of its period or unit forgets nothing either."""
    made = await keys.create("k")
    async with connect(server, made.token) as client:
        assert await balance(client) == (-1, 0, None)
        await work.complete(accepted(await submit(client, 2)), pictures=2)
        waiting = accepted(await submit(client, 3))
        await keys.change(made.id, quota("6", period="month"))
        assert await balance(client) == (1, 2, 3)
        problem(await submit(client, 2), 402, "payment_required")
        accepted(await submit(client, 1))
        await keys.change(made.id, quota("7", period="day"))
        assert await balance(client) == (1, 2, 4)
        await work.complete(waiting, pictures=3)
        assert await balance(client) == (1, 5, 1)
        await keys.change(made.id, quota("0.5", "credits", "total"))
        assert await balance(client) == (0.5, 0, 0), "all of it was free"
        accepted(await submit(client))


async def test_a_key_with_two_tasks_at_once(server: Server, keys: KeyStore, work: Work) -> None:
    made = await keys.create("two", rules={"max_tasks_at_once": 2})
    async with connect(server, made.token) as client:
        answers = await asyncio.gather(*(submit(client) for _ in range(12)))
        assert sorted(answer.status_code for answer in answers) == [200] * 2 + [429] * 10
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert "may have 2 at once" in problem(refused, 429, "rate_limit_error")["message"]
        assert refused.headers["retry-after"] == "5"
        first = next(answer for answer in answers if answer.status_code == 200)
        await work.complete(accepted(first))
        accepted(await submit(client))
        problem(await submit(client), 429, "rate_limit_error")


@pytest.mark.parametrize("limit", ["0", "0.3"])
async def test_credits_are_counted_exactly(
    start: Start, settings: Settings, keys: KeyStore, limit: str
) -> None:
    """0.1 + 0.1 + 0.1 is 0.3 here."""
    model = str(STARRY["model"])
    route = settings.models[model].model_copy(update={"price": Decimal("0.1")})
    priced = settings.model_copy(update={"models": {model: route}})
    made = await keys.create("k", rules=quota(limit, "credits"))
    async with connect(start(priced), made.token) as client:
        answers = [await submit(client) for _ in range(4)]
        passed = sum(answer.status_code == 200 for answer in answers)
        assert passed == Decimal(limit) / Decimal("0.1")
        assert "credits in all" in problem(answers[-1], 402, "payment_required")["message"]
