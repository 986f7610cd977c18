"""A task's end is told to its webhook: the task object, signed, to whoever the submit named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import WebhookVerificationError
from tests.scenarios.conftest import Start
from tests.scenarios.world import DATA_URI, PNG, STARRY, Work, connect, problem
from tests.support_tasks import until
from tests.support_webhooks import PUBLIC, Receiver, delivering, receiving, with_webhooks

from retouch.api import wire
from retouch.settings import Settings
from retouch.tasks.deliveries import DeliveryState
from retouch.tasks.keys import KeyStore
from retouch.tasks.store import TaskStore


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest_asyncio.fixture
async def client(
    start: Start, settings: Settings, receiver: Receiver, store: TaskStore, token: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server with webhooks, beside a worker that delivers them."""
    chosen = with_webhooks(settings, receiver)
    async with delivering(store, chosen), connect(start(chosen), token) as opened:
        yield opened


async def secret_of(client: httpx2.AsyncClient) -> str:
    secret: str = (await client.post("/v1/webhooks/secret")).json()["data"]["secret"]
    return secret


async def submit(client: httpx2.AsyncClient, **changes: object) -> str:
    answer = await client.post("/v1/images/edits", json={**STARRY, **changes})
    assert answer.status_code == 200, answer.text
    task_id: str = answer.json()["data"][0]["task_id"]
    return task_id


async def test_what_a_receiver_gets_is_the_task_as_it_can_be_asked_for(
    client: httpx2.AsyncClient, receiver: Receiver, work: Work
) -> None:
    task_id = await submit(client, webhook=receiver.url, metadata={"order": "7"}, n=2)
    assert receiver.messages == []
    await work.complete(task_id, pictures=2)

    (message,) = await receiver.received(1)

    told = message.verified(await secret_of(client))
    assert told == (await client.get(f"/v1/tasks/{task_id}")).json()["data"]
    assert told["status"] == "completed"
    assert [image["url"][0].startswith(f"{PUBLIC}/v1/files/") for image in told["result"]["images"]] == [
        True
    ] * 2
    assert message.id == task_id.replace("task_", "msg_")
    assert message.headers["retouch-event"] == "task.completed"
    assert message.headers["content-type"] == "application/json"


async def deliveries(client: httpx2.AsyncClient, **filters: object) -> list[dict[str, Any]]:
    answer = await client.get("/v1/webhooks/deliveries", params=filters)  # type: ignore[arg-type]  # by name
    return wire.WebhookDeliveryPage.model_validate(answer.json()).model_dump()["data"]  # type: ignore[no-any-return]  # its own shape


@pytest.mark.parametrize("dialect", ["apimart", "xai", "openai", "openai form"])
async def test_every_dialect_takes_a_webhook(
    start: Start, settings: Settings, store: TaskStore, token: str, dialect: str
) -> None:
    """The synchronous ones would wait for their pictures: what they made can be seen all the same."""
    chosen = with_webhooks(settings, sync_wait_s=0.01)
    body = {"prompt": STARRY["prompt"], "webhook": "HTTPS://Shop.Example:443/hook?a=1#part"}
    async with connect(start(chosen), token) as client:
        if dialect == "openai form":
            await client.post("/v1/images/edits", data=body, files={"image": PNG})
        else:
            pictures: dict[str, dict[str, object]] = {
                "apimart": {"image_urls": [DATA_URI]},
                "xai": {"image": {"url": DATA_URI}},
                "openai": {"images": [{"image_url": DATA_URI}]},
            }
            await client.post("/v1/images/edits", json=body | pictures[dialect])
    (task,) = await store.list("default")
    assert task.request.webhook == "https://shop.example/hook?a=1"  # in its one spelling


@pytest.mark.parametrize(
    ("webhook", "said"),
    [
        ("http://shop.example/hook", "https://"),
        ("https://user:secret@shop.example/hook", "user name or password"),
        ("ftp://shop.example/hook", "https://"),
        ("shop.example/hook", "https://"),
        ("https://127.0.0.1/hook", "not reached"),
        ("https://[::1]/hook", "not reached"),
        ("https://169.254.169.254/latest", "not reached"),
        ("https://10.0.0.7:8443/hook", "not reached"),
        ("https://2130706433/hook", "no dotted IPv4 address"),
        ("https://shop.example/" + "a" * 2048, "2048 characters"),
        ("", "https://"),
        (7, "must be a string"),
        ({"url": "https://shop.example"}, "must be a string"),
    ],
)
async def test_what_could_never_be_told_is_refused_at_the_door(
    client: httpx2.AsyncClient, store: TaskStore, webhook: object, said: str
) -> None:
    answer = await client.post("/v1/images/edits", json={**STARRY, "webhook": webhook})
    error = problem(answer, 400, "invalid_request_error")
    assert error["param"] == "webhook"
    assert said in error["message"]
    assert "secret" not in error["message"]
    assert await store.list(None) == []


async def test_without_a_public_address_a_webhook_is_refused_with_what_to_do(
    start: Start, settings: Settings, token: str
) -> None:
    async with connect(start(settings), token) as client:
        answer = await client.post("/v1/images/edits", json={**STARRY, "webhook": "https://shop.example/"})
        error = problem(answer, 400, "invalid_request_error")
        assert error["param"] == "webhook"
        assert "RETOUCH_PUBLIC_URL" in error["message"]
        tried = await client.post("/v1/webhooks/test", json={"url": "https://shop.example/"})
        assert problem(tried, 400, "invalid_request_error")["param"] == "url"


async def test_the_secret_is_shown_when_asked_for_outright_and_otherwise_hinted_at(
    client: httpx2.AsyncClient,
) -> None:
    problem(await client.get("/v1/webhooks/secret"), 404, "not_found_error")
    shown = await client.post("/v1/webhooks/secret")
    assert shown.headers["cache-control"] == "no-store"
    first = wire.WebhookSecretAnswer.model_validate(shown.json()).data
    assert first.secret is not None
    assert first.secret.startswith("whsec_")
    assert first.previous_expires_at is None
    again = (await client.post("/v1/webhooks/secret")).json()["data"]
    assert again["secret"] == first.secret
    hinted = (await client.get("/v1/webhooks/secret")).json()["data"]
    assert "secret" not in hinted
    assert hinted["hint"] == f"whsec_…{first.secret[-4:]}"


async def test_during_a_rotation_both_secrets_verify_and_a_day_later_one(
    client: httpx2.AsyncClient, receiver: Receiver, work: Work, store: TaskStore
) -> None:
    old = await secret_of(client)
    rotated = (await client.post("/v1/webhooks/rotate")).json()["data"]
    assert rotated["secret"] != old
    assert 86_000 < rotated["previous_expires_at"] - rotated["created"] <= 86_400
    await work.complete(await submit(client, webhook=receiver.url))
    (during,) = await receiver.received(1)
    assert during.verified(old) == during.verified(rotated["secret"])
    async with store.pool.connection() as connection:
        await connection.execute("UPDATE webhook_secrets SET previous_until = now()")
    await work.complete(await submit(client, webhook=receiver.url))
    _, after = await receiver.received(2)
    assert after.verified(rotated["secret"])["status"] == "completed"
    with pytest.raises(WebhookVerificationError):
        after.verified(old)


async def test_a_test_is_sent_at_once_and_its_outcome_is_the_answer(
    client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    answer = await client.post("/v1/webhooks/test", json={"url": receiver.url})
    taken = wire.WebhookDeliveryAnswer.model_validate(answer.json()).data
    assert (taken.event, taken.state, taken.task_id) == ("webhook.test", "delivered", None)
    assert [(each.outcome, each.status) for each in taken.attempts] == [("delivered", 204)]
    (message,) = receiver.messages
    told = wire.TaskObject.model_validate(message.verified(await secret_of(client)))
    assert (told.status, told.metadata) == ("cancelled", {"test": "true"})

    receiver.answer(500)
    refused = (await client.post("/v1/webhooks/test", json={"url": receiver.url})).json()["data"]
    assert (refused["state"], refused["attempts"][0]["status"]) == ("failed", 500)
    assert len(receiver.messages) == 2
    problem(await client.post("/v1/webhooks/test", json={}), 400, "invalid_request_error")


async def test_the_log_has_filters_and_pages(
    client: httpx2.AsyncClient, receiver: Receiver, work: Work
) -> None:
    ids = [await submit(client, webhook=receiver.url) for _ in range(3)]
    for task_id in ids:
        await work.complete(task_id)
    await receiver.received(3)
    await settled(client, 3)
    everything = await deliveries(client)
    assert [each["task_id"] for each in everything] == sorted(ids, reverse=True)
    assert await deliveries(client, state="pending") == []
    assert [each["task_id"] for each in await deliveries(client, task=ids[1])] == [ids[1]]
    first = (await client.get("/v1/webhooks/deliveries", params={"limit": 2})).json()
    second = (
        await client.get("/v1/webhooks/deliveries", params={"limit": 2, "cursor": first["next_cursor"]})
    ).json()
    assert [each["id"] for each in first["data"] + second["data"]] == [each["id"] for each in everything]
    assert second["next_cursor"] is None
    for wrong in ({"cursor": "msg_1"}, {"task": "x"}, {"state": "odd"}, {"limit": 0}):
        refused = await client.get("/v1/webhooks/deliveries", params=wrong)
        assert problem(refused, 400, "invalid_request_error")["param"] == next(iter(wrong))


async def test_sent_again_by_hand_it_is_the_same_message(
    client: httpx2.AsyncClient, receiver: Receiver, work: Work
) -> None:
    await work.complete(await submit(client, webhook=receiver.url))
    await receiver.received(1)
    (done,) = await settled(client, 1)
    again = await client.post(f"/v1/webhooks/deliveries/{done['id']}/redeliver")
    assert wire.WebhookDeliveryAnswer.model_validate(again.json()).data.state == "pending"
    one, two = await receiver.received(2)
    assert (one.id, one.body) == (two.id, two.body)


async def test_another_accounts_deliveries_are_none(
    client: httpx2.AsyncClient, receiver: Receiver, work: Work, keys: KeyStore
) -> None:
    await work.complete(await submit(client, webhook=receiver.url))
    await receiver.received(1)
    (done,) = await settled(client, 1)
    stranger = (await keys.create("other", account="other")).token
    authorization = {"Authorization": f"Bearer {stranger}"}
    seen = await client.get("/v1/webhooks/deliveries", headers=authorization)
    assert seen.json()["data"] == []
    answers = [
        (await client.post(f"/v1/webhooks/deliveries/{each}/redeliver", headers=authorization)).json()[
            "error"
        ]
        for each in (done["id"], "msg_00000000000000000000000000")
    ]
    assert [error.pop("request_id") != "" for error in answers] == [True, True]
    assert answers[0] == answers[1]
    assert answers[0]["code"] == 404
    assert len(receiver.messages) == 1


async def test_the_metrics_count_messages(client: httpx2.AsyncClient, receiver: Receiver, work: Work) -> None:
    await work.complete(await submit(client, webhook=receiver.url))
    await receiver.received(1)
    await settled(client, 1)
    text = (await client.get("/metrics")).text
    assert 'retouch_webhook_deliveries{state="delivered"} 1.0' in text
    assert "retouch_oldest_due_webhook_seconds 0.0" in text


async def test_the_description_has_the_message(client: httpx2.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    operation = described["webhooks"]["task-ended"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/TaskObject"}
    assert {each["name"] for each in operation["parameters"]} == {
        "webhook-id", "webhook-timestamp", "webhook-signature", "retouch-event",
    }  # fmt: skip
    assert set(operation["responses"]) == {"200", "410"}
    for form in ("EditSubmission", "OpenAIEdit", "XaiEdit", "OpenAIForm"):
        assert "webhook" in described["components"]["schemas"][form]["properties"]


async def settled(client: httpx2.AsyncClient, number: int) -> list[dict[str, Any]]:
    """The delivered ones of the log, once there are so many: the receiver knows before the log does."""

    async def there() -> bool:
        return len(await deliveries(client, state=DeliveryState.DELIVERED.value)) == number

    await until(there)
    return await deliveries(client, state="delivered")
