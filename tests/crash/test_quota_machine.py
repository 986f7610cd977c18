"""Random lives of tasks under quotas: whatever happens, what is reserved and used is what the tasks say.

Hypothesis draws submits (alone and at once), ends of all kinds, takeovers, deletions, changes of quota and of
price, submits that die before their commit, and days that pass. After every step each counter must be the sum
over the model's tasks: reserved == pictures of those not ended, used == pictures delivered. And a submit must
have been accepted exactly where the quota reached. ``RETOUCH_QUOTA_SEQUENCES=5000`` makes a campaign of it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.support_tasks import FAILURE, REQUEST
from ulid import ULID

from retouch.database.pool import open_pool
from retouch.errors import PaymentRequired, RateLimited, RetouchError
from retouch.keyring import Keyring
from retouch.settings import ModelRoute, Settings
from retouch.task import Status, StoredPicture, TaskOutcome
from retouch.tasks.keys import KeyStore
from retouch.tasks.queue import TicketQueue
from retouch.tasks.reconcile import reconcile
from retouch.tasks.store import TaskStore

SEQUENCES = int(os.environ.get("RETOUCH_QUOTA_SEQUENCES", "15"))
PRICES = (Decimal(0), Decimal("0.1"), Decimal("0.25"))
KEYS = 2
T = TypeVar("T")

QUOTAS = st.none() | st.tuples(
    st.integers(0, 12), st.sampled_from(("pictures", "credits")), st.sampled_from(("total", "day", "month"))
)


@dataclass
class Life:
    """A task of the model."""

    key: int
    n: int
    price: Decimal
    day: date
    attempt: int = 0
    running: bool = False
    open: bool = True
    delivered: int = 0


@dataclass
class Terms:
    """What a key may do."""

    quota: tuple[int, str, str] | None = None
    at_once: int | None = None


class Quotas(RuleBasedStateMachine):
    """Keys and tasks of one example, in a database shared with the examples before it."""

    def __init__(self, url: str, settings: Settings) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.settings = settings.model_copy(update={"lease_s": 3600.0, "worker_lost_max": 2, "retry_max": 1})
        self.pool = self.run(open_pool(url, self.settings))
        self.queue = self.run(TicketQueue.open(url, self.settings))
        self.stores = [TaskStore(self.pool, self.queue, self.priced(price)) for price in PRICES]
        self.keys = KeyStore(self.pool, Keyring(b"x" * 32))
        self.lives: dict[str, Life] = {}
        self.terms = [Terms() for _ in range(KEYS)]
        self.ids = [self.run(self.keys.create("k")).id for _ in range(KEYS)]

    def priced(self, price: Decimal) -> Settings:
        """Settings under which a picture costs that much."""
        return self.settings.model_copy(
            update={"models": {"m": ModelRoute(engines=("builtin",), price=price)}}
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, on the loop of this example."""
        return self.runner.run(work)

    def teardown(self) -> None:
        """Leave no task behind: the next example would meet its lease."""
        self._sql("UPDATE tasks SET lease_until = now() + interval '1 day' WHERE status = 'processing'")
        self.run(self.queue.close())
        self.run(self.pool.close())
        self.runner.close()

    # --- what can happen

    @initialize(quota=QUOTAS)
    def begin(self, quota: tuple[int, str, str] | None) -> None:
        """One key has a quota from the start, maybe."""
        self.quota_changes(0, quota, None)

    @rule(
        key=st.integers(0, KEYS - 1),
        n=st.integers(1, 4),
        price=st.integers(0, len(PRICES) - 1),
        posts=st.integers(1, 4),
    )
    def several_submit_at_once(self, key: int, n: int, price: int, posts: int) -> None:
        """As many are accepted as fit, whoever comes first."""
        expected = 0
        plan = Life(key, n, PRICES[price], datetime.now(UTC).date())
        imagined: list[Life] = []
        while expected < posts and self._fits(plan, imagined):
            imagined.append(replace(plan))
            expected += 1

        async def race() -> list[Any]:
            submits = (self._submit(self.stores[price], key, n) for _ in range(posts))
            return await asyncio.gather(*submits, return_exceptions=True)

        said = self.run(race())
        accepted = [task for task in said if not isinstance(task, BaseException)]
        assert all(
            isinstance(e, PaymentRequired | RateLimited) for e in said if isinstance(e, BaseException)
        ), said
        assert len(accepted) == expected
        for task in accepted:
            self.lives[task.id] = replace(plan, day=task.created_at.astimezone(UTC).date())

    @rule(key=st.integers(0, KEYS - 1), n=st.integers(1, 4))
    def a_submit_dies_before_its_commit(self, key: int, n: int) -> None:
        """Its connection is cut: nothing stays behind."""
        request = REQUEST.to_json() | {"n": n}

        async def die() -> None:
            async with self.pool.connection() as connection:
                cursor = await connection.execute("SELECT pg_backend_pid() AS pid")
                row = await cursor.fetchone()
                assert row is not None
                await connection.execute("BEGIN")
                await connection.execute(
                    b"INSERT INTO tasks (id, account_id, key_id, request_id, request)"
                    b" VALUES (%s, 'default', %s, 'r', %s::jsonb)",
                    [f"task_{ULID()}", self.ids[key], json.dumps(request)],
                )
                async with self.pool.connection() as other:
                    await other.execute("SELECT pg_terminate_backend(%s)", [row["pid"]])
                await connection.execute("COMMIT")

        # Refused by the trigger, or cut.
        with pytest.raises(
            (RetouchError, psycopg.DatabaseError), match=r"terminat|does not answer|quota|at once"
        ):
            self.run(die())

    @rule(pick=st.integers(0, 50), lose=st.booleans())
    def a_worker_takes_one(self, pick: int, lose: bool) -> None:  # noqa: FBT001 - drawn
        """An attempt begins, and maybe loses its lease at once."""
        task = self._pick(pick, running=False)
        if task is None:
            return
        claimed = self.run(self.stores[0].claim(task, "w"))
        assert claimed is not None
        life = self.lives[task]
        life.running, life.attempt = True, claimed.attempt
        if lose:
            self._sql("UPDATE tasks SET lease_until = now() - interval '1 s' WHERE id = %s", task)

    @rule(pick=st.integers(0, 50), less=st.integers(0, 2))
    def one_is_completed(self, pick: int, less: int) -> None:
        """Delivers what was asked for, or less; the price is the one of the submit."""
        task = self._pick(pick, running=True)
        if task is None:
            return
        life = self.lives[task]
        delivered = max(0, life.n - less)
        picture = StoredPicture("results/t/1/0.png", "image/png", 1, 1, 9, 7)
        assert self.run(self.stores[0].complete(task, life.attempt, TaskOutcome("e", (picture,) * delivered)))
        assert not self.run(self.stores[0].complete(task, life.attempt, TaskOutcome("e", (picture,))))
        life.open, life.running, life.delivered = False, False, delivered
        shown = self.run(self.stores[0].get(task))
        assert shown is not None
        assert shown.cost == float(life.price * delivered)

    @rule(pick=st.integers(0, 50), how=st.sampled_from(("fail", "retry", "crash", "hand back")))
    def an_attempt_ends_without_pictures(self, pick: int, how: str) -> None:
        """For good, or to be tried again: then it stays reserved."""
        task = self._pick(pick, running=True)
        if task is None:
            return
        store, life = self.stores[0], self.lives[task]
        if how == "fail":
            assert self.run(store.fail(task, life.attempt, FAILURE))
        elif how == "hand back":
            assert self.run(store.hand_back(task, life.attempt))
        else:
            assert self.run(store.retry(task, life.attempt, FAILURE, crashed=how == "crash")) is not None
        self._look_again(task)

    @rule(pick=st.integers(0, 50))
    def one_is_cancelled(self, pick: int) -> None:
        """Waiting or running."""
        task = self._pick(pick)
        if task is not None:
            assert self.run(self.stores[0].cancel(task, None)) is Status.CANCELLED
            self._look_again(task)

    @rule(pick=st.integers(0, 50))
    def one_is_deleted(self, pick: int) -> None:
        """Its row goes, whatever it was doing."""
        task = self._pick(pick)
        if task is not None:
            self._sql("DELETE FROM tasks WHERE id = %s", task)
            self.lives[task].open = self.lives[task].running = False

    @rule()
    def lost_ones_are_taken_over_by_two(self) -> None:
        """Two reconcilers at once."""

        async def race() -> None:
            await asyncio.gather(*(reconcile(self.stores[0], self.pool) for _ in range(2)))

        self.run(race())
        for task, life in self.lives.items():
            if life.running:
                self._look_again(task)

    @rule(key=st.integers(0, KEYS - 1), quota=QUOTAS, at_once=st.none() | st.integers(1, 5))
    def quota_changes(self, key: int, quota: tuple[int, str, str] | None, at_once: int | None) -> None:
        """To another limit, unit or period, or to none, while tasks are under way."""
        columns: dict[str, Any] = dict.fromkeys(("quota_limit", "quota_unit", "quota_period"))
        if quota is not None:
            columns = {"quota_limit": Decimal(quota[0]), "quota_unit": quota[1], "quota_period": quota[2]}
        assert self.run(self.keys.change(self.ids[key], columns | {"max_tasks_at_once": at_once}))
        self.terms[key] = Terms(quota, at_once)

    @rule()
    def a_day_passes(self) -> None:
        """All that was today is yesterday; months are counted anew, they do not begin with the day."""
        for command in (
            "DELETE FROM quota_use WHERE period = 'month'",  # and totals have no end to move
            "UPDATE quota_use SET starts_at = starts_at - interval '1d', ends_at = ends_at - interval '1d'",
            "UPDATE tasks SET created_at = created_at - interval '1 day'",
            "UPDATE usage SET submitted_at = submitted_at - interval '1 day'",
        ):
            self._sql(command)
        for life in self.lives.values():
            life.day -= timedelta(days=1)

    # --- what must hold

    @invariant()
    def counters_are_what_the_tasks_say(self) -> None:
        """Of every key and period that is counted."""
        rows = self._sql(
            "SELECT key_id, period, (nullif(starts_at, '-infinity') AT TIME ZONE 'UTC')::date AS day,"
            " reserved_pictures, reserved_credits, used_pictures, used_credits"
            " FROM quota_use WHERE key_id = ANY(%s)",
            self.ids,
        )
        for row in rows:
            mine = self._of(self.ids.index(row["key_id"]), row["period"], row["day"] or date.min)
            assert (row["reserved_pictures"], row["reserved_credits"]) == _reserved(mine)
            assert (row["used_pictures"], row["used_credits"]) == _used(mine)

    @invariant()
    def accounts_are_what_was_delivered(self) -> None:
        """One row of usage for each task that ended, and the same sums."""
        for number, key in enumerate(self.ids):
            mine = [life for life in self.lives.values() if life.key == number]
            (row,) = self._sql(
                "SELECT count(*) AS ended, coalesce(sum(pictures), 0) AS pictures,"
                " coalesce(sum(cost), 0) AS cost FROM usage WHERE key_id = %s",
                key,
            )
            assert row["ended"] == sum(not life.open for life in mine)
            assert (row["pictures"], row["cost"]) == _used(mine)

    # --- how

    async def _submit(self, store: TaskStore, key: int, n: int) -> Any:
        return await store.create(
            task_id=f"task_{ULID()}",
            account_id="default",
            key_id=self.ids[key],
            request_id="r",
            request=replace(REQUEST, n=n),
        )

    def _fits(self, plan: Life, imagined: list[Life]) -> bool:
        terms = self.terms[plan.key]
        if terms.at_once is not None:
            open_ones = sum(life.open for life in self.lives.values() if life.key == plan.key)
            if open_ones + len(imagined) >= terms.at_once:
                return False
        if terms.quota is None:
            return True
        limit, unit, period = terms.quota
        mine = [*self._of(plan.key, period, plan.day), *imagined, plan]
        at = 0 if unit == "pictures" else 1
        return _reserved(mine)[at] + _used(mine)[at] <= limit

    def _of(self, key: int, period: str, day: date) -> list[Life]:
        """The key's tasks in the period that ``day`` lies in."""
        mine = [life for life in self.lives.values() if life.key == key]
        if period == "total":
            return mine
        if period == "day":
            return [life for life in mine if life.day == day]
        return [life for life in mine if (life.day.year, life.day.month) == (day.year, day.month)]

    def _pick(self, number: int, *, running: bool | None = None) -> str | None:
        fitting = [task for task, life in self.lives.items() if life.open and running in {None, life.running}]
        return fitting[number % len(fitting)] if fitting else None

    def _look_again(self, task: str) -> None:
        """What the task's row says; its own machine (test_store_machine) tells whether that is right."""
        found = self.run(self.stores[0].get(task))
        assert found is not None
        life = self.lives[task]
        life.open, life.running = not found.status.ended, found.status is Status.PROCESSING

    def _sql(self, command: str, *values: Any) -> list[dict[str, Any]]:
        async def ask() -> list[dict[str, Any]]:
            async with self.pool.connection() as connection:
                cursor = await connection.execute(command.encode(), values)
                return await cursor.fetchall() if cursor.description else []

        return self.run(ask())


def _reserved(lives: list[Life]) -> tuple[int, Decimal]:
    mine = [life for life in lives if life.open]
    return sum(life.n for life in mine), sum((life.n * life.price for life in mine), Decimal(0))


def _used(lives: list[Life]) -> tuple[int, Decimal]:
    return sum(life.delivered for life in lives), sum(
        (life.delivered * life.price for life in lives), Decimal(0)
    )


def test_counters_never_leak_or_count_twice(database_url_fixture: str, settings: Settings) -> None:
    class Here(Quotas):
        def __init__(self) -> None:
            super().__init__(database_url_fixture, settings)

    run_state_machine_as_test(
        Here,
        settings=hypothesis_settings(
            max_examples=SEQUENCES,
            stateful_step_count=25,
            deadline=None,
            derandomize=SEQUENCES <= 60,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
