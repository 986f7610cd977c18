"""Every end of a task is told, once it is committed, until it is taken: whatever fails, hangs or dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from psycopg.types.json import Jsonb
from tests.support_tasks import FAILURE, OUTCOME, submit, until
from tests.support_webhooks import Receiver, delivering, finish, receiving, told, with_webhooks

from retouch.database.pool import Pool
from retouch.keyring import Keyring
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.task import Status
from retouch.tasks.deliveries import Delivery, DeliveryState, DeliveryStore
from retouch.tasks.queries import queries
from retouch.tasks.retention import sweep
from retouch.tasks.rows import outcome_to_row
from retouch.tasks.store import TaskStore
from retouch.tasks.webhook_secrets import WebhookSecrets
from retouch.webhooks.sign import write_secret

OVERDUE = "UPDATE tasks SET lease_until = now() - interval '1 s' WHERE status = 'processing'"
# What happens when a worker is gone: its leases run out, and the reconciler looks again.
LEASES_RUN_OUT = (
    "UPDATE webhook_deliveries SET lease_until = now(), due_at = now() WHERE lease_until IS NOT NULL"
)


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


async def sql(pool: Pool, command: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(command.encode())


def state_is(
    deliveries: DeliveryStore, delivery_id: str, state: DeliveryState
) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        found = await deliveries.get(delivery_id, "default")
        return found is not None and found.state is state

    return look


async def log_of(deliveries: DeliveryStore, delivery_id: str) -> Delivery:
    found = await deliveries.get(delivery_id, "default")
    assert found is not None
    return found


async def test_every_way_in_which_a_task_can_end_is_told(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    """The end and its message are one transaction, whoever writes the end."""
    impatient = settings.model_copy(update={"retry_max": 0, "child_crashed_max": 1, "worker_lost_max": 1})
    strict = TaskStore(pool, store.queue, impatient)
    names = ("complete", "fail", "cancel waiting", "cancel running", "retries", "crashes", "lost")
    made = {name: await submit(store, request=told(receiver.url)) for name in names}
    silent = await submit(store)
    await finish(store, silent)
    await finish(store, made["complete"])
    await store.cancel(made["cancel waiting"].id, None)
    running = {}
    for name in ("fail", "cancel running", "retries", "crashes", "lost"):
        claimed = await store.claim(made[name].id, "w")
        assert claimed is not None
        running[name] = claimed.attempt
    await store.fail(made["fail"].id, running["fail"], FAILURE)
    await store.cancel(made["cancel running"].id, None)
    await strict.retry(made["retries"].id, running["retries"], FAILURE, crashed=False)
    await strict.retry(made["crashes"].id, running["crashes"], FAILURE, crashed=True)
    await sql(pool, OVERDUE)
    assert await strict.take_over() == 1

    async with delivering(store, with_webhooks(settings, receiver)):
        messages = await receiver.received(len(made))

    events = {message.id: message.headers["retouch-event"] for message in messages}
    assert events == {
        made[name].id.replace("task_", "msg_"): f"task.{status}"
        for name, status in {
            "complete": "completed", "fail": "failed", "cancel waiting": "cancelled",
            "cancel running": "cancelled", "retries": "failed", "crashes": "failed", "lost": "failed",
        }.items()
    }  # fmt: skip
    secret = await WebhookSecrets(pool, Keyring.open(settings), settings).ensure("default")
    bodies = {message.id: message.verified(write_secret(secret.current)) for message in messages}
    failed = bodies[made["fail"].id.replace("task_", "msg_")]
    assert failed["error"] == {"code": "engine_failed", "message": "it broke", "type": "server_error"}


async def test_nothing_is_told_before_the_commit(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    """A worker that is killed between writing the end and committing it has told nobody."""
    deliveries = DeliveryStore(pool, with_webhooks(settings, receiver))
    rolled_back, committed = [await submit(store, request=told(receiver.url)) for _ in range(2)]
    for task in (rolled_back, committed):
        assert await store.claim(task.id, "w")
    end = queries("store")["complete"]
    values = {"attempt": 1, "outcome": Jsonb(outcome_to_row(OUTCOME)), "ttl_s": 60}

    async with delivering(store, with_webhooks(settings, receiver)), pool.connection() as connection:
        async with connection.transaction(force_rollback=True):
            await connection.execute(end, values | {"task_id": rolled_back.id})
            assert await deliveries.make_tickets() == 0
            assert await deliveries.claim() is None
        async with connection.transaction():
            await connection.execute(end, values | {"task_id": committed.id})
            assert await deliveries.make_tickets() == 0
            assert await deliveries.claim() is None
            assert receiver.messages == []
        (message,) = await receiver.received(1)

    assert message.id == committed.id.replace("task_", "msg_")
    assert [each.task_id for each in await deliveries.list("default")] == [committed.id]


async def test_a_receiver_that_was_down_gets_every_event_when_it_is_back(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    chosen = with_webhooks(settings, receiver, webhook_retry_s=(0.01,) * 1000)
    deliveries = DeliveryStore(pool, chosen)
    receiver.answer(503)
    made = [await submit(store, request=told(receiver.url)) for _ in range(8)]
    for task in made:
        await finish(store, task)

    async with delivering(store, chosen):
        await receiver.received(3 * len(made))
        assert {each.state for each in await deliveries.list("default")} == {DeliveryState.PENDING}
        receiver.answer(204)
        for task in made:
            await until(state_is(deliveries, task.id.replace("task_", "msg_"), DeliveryState.DELIVERED))

    expected = {task.id.replace("task_", "msg_") for task in made}
    assert {message.id for message in receiver.messages} == expected
    for delivery_id in expected:
        log = await log_of(deliveries, delivery_id)
        tries = [message for message in receiver.messages if message.id == delivery_id]
        assert len({message.body for message in tries}) == 1
        assert [attempt["attempt"] for attempt in log.attempts] == list(range(1, len(tries) + 1))
        assert [attempt["status"] for attempt in log.attempts] == [503] * (len(tries) - 1) + [204]


async def test_a_redirect_is_not_followed_and_not_taken_for_an_answer(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    chosen = with_webhooks(settings, receiver)
    deliveries = DeliveryStore(pool, chosen)
    receiver.answer(307, location=receiver.at("/elsewhere"))
    receiver.answer(204, path="/elsewhere")
    task = await submit(store, request=told(receiver.url))
    await finish(store, task)

    async with delivering(store, chosen):
        await until(state_is(deliveries, task.id.replace("task_", "msg_"), DeliveryState.FAILED))

    heads = {head.partition("\r\n")[0] for head, _ in receiver.server.requests}
    assert heads == {"POST /hook HTTP/1.1"}
    attempts = (await log_of(deliveries, task.id.replace("task_", "msg_"))).attempts
    assert [(each["outcome"], each["status"]) for each in attempts] == [("refused", 307)] * 8


async def test_gone_ends_it_for_that_url_of_that_account_alone(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    chosen = with_webhooks(settings, receiver, webhook_slots_per_host=1)
    deliveries = DeliveryStore(pool, chosen)
    receiver.answer(410)
    receiver.answer(204, path="/other")
    first, waiting, other = [
        await submit(store, request=told(url)) for url in (receiver.url, receiver.url, receiver.at("/other"))
    ]
    for task in (first, waiting, other):
        await finish(store, task)

    async with delivering(store, chosen):
        await until(state_is(deliveries, waiting.id.replace("task_", "msg_"), DeliveryState.DISABLED))
        await until(state_is(deliveries, other.id.replace("task_", "msg_"), DeliveryState.DELIVERED))
        later = await submit(store, request=told(receiver.url))
        await finish(store, later)
        assert (await log_of(deliveries, later.id.replace("task_", "msg_"))).state is DeliveryState.DISABLED
        theirs = await submit(store, account="another", request=told(receiver.url))
        receiver.answer(204)
        await finish(store, theirs)
        messages = await receiver.received(3)
        assert messages[-1].id == theirs.id.replace("task_", "msg_")
        # Who says so himself gets them again: what is sent by hand and taken opens the way.
        assert await deliveries.again(later.id.replace("task_", "msg_"), "default")
        await until(state_is(deliveries, later.id.replace("task_", "msg_"), DeliveryState.DELIVERED))
        after = await submit(store, request=told(receiver.url))
        await finish(store, after)
        await until(state_is(deliveries, after.id.replace("task_", "msg_"), DeliveryState.DELIVERED))

    gone = await log_of(deliveries, first.id.replace("task_", "msg_"))
    assert (gone.state, [each["outcome"] for each in gone.attempts]) == (DeliveryState.DISABLED, ["gone"])


async def test_retry_after_is_waited_for(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    chosen = with_webhooks(settings, receiver)
    deliveries = DeliveryStore(pool, chosen)
    receiver.answer(429, retry_after="3600")
    task = await submit(store, request=told(receiver.url))
    await finish(store, task)

    async def refused() -> bool:
        log = await log_of(deliveries, task.id.replace("task_", "msg_"))
        return bool(log.attempts) and log.attempts[-1]["outcome"] == "refused"

    async with delivering(store, chosen):
        await until(refused)

    log = await log_of(deliveries, task.id.replace("task_", "msg_"))
    assert log.due_at is not None
    assert 3500 < (log.due_at - log.created_at).total_seconds() < 3700
    assert len(receiver.messages) == 1


async def test_an_edit_that_takes_long_delays_no_webhook(
    store: TaskStore, settings: Settings, receiver: Receiver
) -> None:
    """The only slot for edits is taken, and stays so, until the message is there."""
    chosen = with_webhooks(settings, receiver)
    started, finish_edit, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    ended = await submit(store, request=told(receiver.url))
    await finish(store, ended)

    async def edit(task_id: str) -> None:
        if await store.claim(task_id, "slow") is not None:
            started.set()
            await finish_edit.wait()

    edits = asyncio.create_task(store.queue.work(edit, slots=1, stop=stop))
    long = await submit(store)
    await started.wait()
    async with delivering(store, chosen):
        await receiver.received(1)
        during = await store.get(long.id)
        assert during is not None
        assert during.status is Status.PROCESSING
    finish_edit.set()
    stop.set()
    await edits


async def test_a_receiver_that_hangs_holds_up_no_other(
    store: TaskStore, settings: Settings, receiver: Receiver
) -> None:
    """Thirty messages for one that never answers came first; it gets the two slots of a receiver, no more."""
    async with receiving() as dead:
        chosen = with_webhooks(settings, receiver, dead, webhook_slots=8, webhook_slots_per_host=2)
        never = asyncio.Event()

        async def hang(_: asyncio.StreamWriter) -> None:
            await never.wait()

        dead.server.routes["/hook"] = hang
        for url in [dead.url] * 30 + [receiver.url] * 10:
            await finish(store, await submit(store, request=told(url)))
        async with delivering(store, chosen):
            await dead.received(2)
            await receiver.received(10)
            assert len(dead.messages) == 2
            # Stopped now: what hangs is given back after the grace time.
            never.set()


async def test_what_waits_for_a_busy_receiver_gets_no_more_tickets_than_could_be_sent(
    store: TaskStore, pool: Pool, settings: Settings
) -> None:
    """A ticket that finds nothing to send costs a look at the database: of thousands that wait, each."""
    deliveries = DeliveryStore(pool, with_webhooks(settings, webhook_slots_per_host=3))
    for host in ["dead.example"] * 8 + ["alive.example"]:
        await finish(store, await submit(store, request=told(f"https://{host}/hook")))
    await sql(pool, "DELETE FROM procrastinate_jobs")
    assert await deliveries.claim()
    assert await deliveries.make_tickets() == 2 + 1


async def test_one_account_holds_at_most_half_of_the_slots(
    store: TaskStore, pool: Pool, settings: Settings
) -> None:
    """Many dead hosts of one account: a limit for each host alone would let them take every slot."""
    chosen = with_webhooks(settings, webhook_slots=8, webhook_slots_per_host=2)
    deliveries = DeliveryStore(pool, chosen)
    for number in range(9):
        await finish(store, await submit(store, request=told(f"https://dead{number}.example/hook")))
    other = await submit(store, account="another", request=told("https://alive.example/hook"))
    await finish(store, other)

    claims = [await deliveries.claim() for _ in range(6)]

    taken = [claim.account_id for claim in claims if claim is not None]
    assert taken == ["default"] * 4 + ["another"]


async def test_an_attempt_whose_worker_died_is_made_again_under_its_id(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    chosen = with_webhooks(settings, receiver)
    deliveries = DeliveryStore(pool, chosen)
    task = await submit(store, request=told(receiver.url))
    await finish(store, task)
    dead = await deliveries.claim()
    assert dead is not None
    assert await deliveries.claim() is None
    await sql(pool, "DELETE FROM procrastinate_jobs")
    await sql(pool, LEASES_RUN_OUT)

    async with delivering(store, chosen):
        await until(state_is(deliveries, dead.id, DeliveryState.DELIVERED))

    assert [message.id for message in receiver.messages] == [dead.id]
    outcomes = [attempt["outcome"] for attempt in (await log_of(deliveries, dead.id)).attempts]
    assert outcomes == ["lost", "delivered"]


async def test_connections_that_are_cut_delay_and_lose_nothing(
    store: TaskStore, pool: Pool, settings: Settings, receiver: Receiver
) -> None:
    """What a restart of the database does to a worker: every connection ends at once."""
    chosen = with_webhooks(settings, receiver)
    async with delivering(store, chosen):
        await finish(store, await submit(store, request=told(receiver.url)))
        await receiver.received(1)
        await sql(
            pool,
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await finish(store, await submit(store, request=told(receiver.url)))
        await receiver.received(2)
    assert len({message.id for message in receiver.messages}) == 2


async def test_the_secret_is_derived_and_a_rotation_lets_the_old_one_sign_on_for_a_while(
    pool: Pool, settings: Settings
) -> None:
    secrets = WebhookSecrets(pool, Keyring(b"k" * 32), settings)
    assert await secrets.find("default") is None
    first = await secrets.ensure("default")
    assert (await secrets.ensure("default")) == first
    assert first.all == (first.current,)
    assert (await secrets.ensure("another")).current != first.current
    assert (
        await WebhookSecrets(pool, Keyring(b"x" * 32), settings).ensure("default")
    ).current != first.current

    second = await secrets.rotate("default")
    assert second.all == (second.current, first.current)
    third = await secrets.rotate("default")
    assert third.all == (third.current, second.current)
    await sql(pool, "UPDATE webhook_secrets SET previous_until = now() WHERE account_id = 'default'")
    assert (await secrets.ensure("default")).all == (third.current,)
    async with pool.connection() as connection:
        rows = str(await (await connection.execute("SELECT * FROM webhook_secrets")).fetchall())
    assert all(secret.hex() not in rows and repr(secret)[2:-1] not in rows for secret in third.all)


async def test_the_log_goes_with_its_tasks_and_tests_go_by_themselves(
    store: TaskStore, pool: Pool, settings: Settings
) -> None:
    chosen = with_webhooks(settings)
    deliveries = DeliveryStore(pool, chosen)
    await finish(store, await submit(store, request=told("https://a.example/hook")))
    await deliveries.make_test("default", "https://a.example/hook")
    assert len(await deliveries.list("default")) == 2
    await sql(pool, "UPDATE webhook_deliveries SET created_at = created_at - interval '31 days'")
    await sql(pool, "UPDATE tasks SET ended_at = ended_at - interval '31 days', results_gone = true")

    swept = await sweep(store, ObjectStore.open(settings), settings, orphans=False)

    assert (swept.rows, swept.webhook_tests) == (1, 1)
    assert await deliveries.list("default") == []


async def test_the_ticket_is_one_that_the_library_would_make(store: TaskStore, pool: Pool) -> None:
    await finish(store, await submit(store, request=told("https://a.example/hook")))
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT queue_name, task_name, priority, args, status::text, scheduled_at"
            " FROM procrastinate_jobs WHERE queue_name = 'webhooks'"
        )
        (ticket,) = await cursor.fetchall()
    (delivery,) = await DeliveryStore(pool, with_webhooks(Settings())).list("default")
    assert ticket == {
        "queue_name": "webhooks",
        "task_name": "deliver",
        "priority": 0,
        "args": {"delivery_id": delivery.id},
        "status": "todo",
        "scheduled_at": None,
    }
