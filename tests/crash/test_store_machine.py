"""Random lives of tasks against a model: whatever happens in whatever order, a task ends once.

Hypothesis draws submits, claims, heartbeats, ends, cancels, lost leases and lost tickets, with tokens that
are right, stale or from the future, alone or several at the same moment. After every step the rows must
be what the model says. ``RETOUCH_SEQUENCES=50000`` makes a campaign of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.support_tasks import FAILURE, OUTCOME, submit

from retouch.database.pool import Pool, open_pool
from retouch.settings import Settings
from retouch.task import TRANSITIONS, Status
from retouch.tasks.queue import TicketQueue
from retouch.tasks.reconcile import reconcile
from retouch.tasks.store import TaskStore

SEQUENCES = int(os.environ.get("RETOUCH_SEQUENCES", "40"))
T = TypeVar("T")


@dataclass
class Model:
    """What a task must look like."""

    status: Status = Status.PENDING
    attempt: int = 0
    progress: int = 0
    retries: int = 0
    child_crashed: int = 0
    worker_lost: int = 0
    expired: bool = False

    def holds(self, token: int) -> bool:
        """Whether this token is that of the running attempt."""
        return self.status is Status.PROCESSING and token == self.attempt

    def move(self, to: Status) -> None:
        """Go to a status that the table allows."""
        assert to in TRANSITIONS[self.status]
        self.status, self.expired = to, False


TOKENS = st.sampled_from((0, -1, 0, 1))  # added to the attempt: stale, right, from the future
ENDS = st.sampled_from(("complete", "fail", "cancel"))


class Lives(RuleBasedStateMachine):
    """Tasks of one example, in a database shared with the examples before it."""

    tasks = Bundle("tasks")

    def __init__(self, url: str, settings: Settings) -> None:
        super().__init__()
        # Leases end only when a rule says so; limits small enough to be reached.
        small = {"lease_s": 3600.0, "child_crashed_max": 2, "worker_lost_max": 2, "retry_max": 2}
        self.settings = settings.model_copy(update=small)
        self.models: dict[str, Model] = {}
        self.runner = asyncio.Runner()
        self.pool: Pool = self.run(open_pool(url, self.settings))
        self.queue = self.run(TicketQueue.open(url, self.settings))
        self.store = TaskStore(self.pool, self.queue, self.settings)

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

    @initialize(target=tasks)
    def first(self) -> str:
        """At least one task."""
        return self._submit()

    @rule(target=tasks)
    def submit_one(self) -> str:
        """A client submits."""
        return self._submit()

    @rule(target=tasks)
    def submit_one_that_is_claimed(self) -> str:
        """Most of what can go wrong goes wrong in an attempt."""
        task = self._submit()
        self.claim(task, 1)
        return task

    def _submit(self) -> str:
        task = self.run(submit(self.store))
        self.models[task.id] = Model()
        return task.id

    @rule(task=tasks, claimants=st.integers(1, 3))
    def several_claim_it_at_once(self, task: str, claimants: int) -> None:
        """Several workers reach for the same ticket: one gets the attempt."""
        self.claim(task, claimants)

    def claim(self, task: str, claimants: int) -> None:
        """Claim, as often as is asked."""
        model = self.models[task]

        async def race() -> list[Any]:
            return await asyncio.gather(*(self.store.claim(task, f"w{i}") for i in range(claimants)))

        won = [claim for claim in self.run(race()) if claim is not None]
        assert len(won) == (model.status is Status.PENDING)
        if won:
            model.move(Status.PROCESSING)
            model.attempt += 1
            assert won[0].attempt == model.attempt

    @rule(task=tasks, off=TOKENS, progress=st.integers(0, 100))
    def heartbeat(self, task: str, off: int, progress: int) -> None:
        """Only the holder extends the lease, and progress never goes back."""
        model = self.models[task]
        token = model.attempt + off
        assert self.run(self.store.heartbeat(task, token, progress)) == model.holds(token)
        if model.holds(token):
            model.progress, model.expired = max(model.progress, progress), False

    @rule(task=tasks, off=TOKENS)
    def checkpoint(self, task: str, off: int) -> None:
        """Only the holder keeps a state."""
        model = self.models[task]
        token = model.attempt + off
        assert self.run(self.store.checkpoint(task, token, {"token": token})) == model.holds(token)

    @rule(task=tasks, off=TOKENS)
    def hand_back(self, task: str, off: int) -> None:
        """A worker stops in an orderly way: nothing is counted."""
        model = self.models[task]
        token = model.attempt + off
        assert self.run(self.store.hand_back(task, token)) == model.holds(token)
        if model.holds(token):
            model.move(Status.PENDING)

    @rule(task=tasks, off=TOKENS, crashed=st.booleans())
    def retry(self, task: str, off: int, crashed: bool) -> None:  # noqa: FBT001 - drawn
        """An attempt failed, or killed its child: again, until its counter is used up."""
        model = self.models[task]
        token = model.attempt + off
        said = self.run(self.store.retry(task, token, FAILURE, crashed=crashed))
        if not model.holds(token):
            assert said is None
            return
        if crashed:
            model.child_crashed += 1
            model.move(Status.FAILED if model.child_crashed >= 2 else Status.PENDING)
        else:
            model.retries += 1
            model.move(Status.FAILED if model.retries > 2 else Status.PENDING)
        assert said is model.status

    @rule(task=tasks, ends=st.lists(st.tuples(ENDS, TOKENS), min_size=1, max_size=3), spare=st.integers(0, 2))
    def several_end_it_at_once(self, task: str, ends: list[tuple[str, int]], spare: int) -> None:
        """Of all who may end the task one does, and only that one is told so."""
        if spare:  # or nearly every step would meet a task that has ended
            return
        model = self.models[task]
        before = replace(model)

        async def end(how: str, off: int) -> bool:
            if how == "complete":
                return await self.store.complete(task, before.attempt + off, OUTCOME)
            if how == "fail":
                return await self.store.fail(task, before.attempt + off, FAILURE)
            return await self.store.cancel(task, None) is Status.CANCELLED

        async def race() -> list[bool]:
            return await asyncio.gather(*(end(how, off) for how, off in ends))

        said = self.run(race())
        could = {how for how, off in ends if self._could(before, how, off)}
        now = self.run(self.store.get(task))
        assert now is not None
        ending = {Status.COMPLETED: "complete", Status.FAILED: "fail", Status.CANCELLED: "cancel"}
        if could:
            model.move(now.status)
            assert ending[now.status] in could
            model.progress = 100 if now.status is Status.COMPLETED else model.progress
            winners = [how for (how, _), won in zip(ends, said, strict=True) if won and how != "cancel"]
            assert winners == ([] if now.status is Status.CANCELLED else [ending[now.status]])
        else:
            assert now.status is before.status

    @staticmethod
    def _could(model: Model, how: str, off: int) -> bool:
        return not model.status.ended if how == "cancel" else model.holds(model.attempt + off)

    @rule(task=tasks)
    def lease_runs_out(self, task: str) -> None:
        """The worker died, or slept too long."""
        self._sql(
            "UPDATE tasks SET lease_until = now() - interval '1 s' WHERE id = %s AND status = 'processing'",
            task,
        )
        self.models[task].expired = self.models[task].status is Status.PROCESSING

    @rule(reconcilers=st.integers(1, 3))
    def reconcile(self, reconcilers: int) -> None:
        """Overdue attempts are taken over once, and whoever is pending has a ticket."""

        async def race() -> list[Any]:
            return await asyncio.gather(*(reconcile(self.store, self.pool) for _ in range(reconcilers)))

        taken = sum(found.taken_over for found in self.run(race()))
        overdue = [model for model in self.models.values() if model.expired]
        assert taken == len(overdue)
        for model in overdue:
            model.worker_lost += 1
            model.move(Status.FAILED if model.worker_lost >= 2 else Status.PENDING)
        for task, model in self.models.items():
            if model.status is Status.PENDING:
                assert self._sql(
                    "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo'", task
                )

    @rule(task=tasks)
    def ticket_is_lost(self, task: str) -> None:
        """Somebody emptied the queue."""
        self._sql("DELETE FROM procrastinate_jobs WHERE queueing_lock = %s", task)

    @rule(task=tasks)
    def ticket_is_taken_by_a_worker_that_dies(self, task: str) -> None:
        """A ticket that nobody holds any more."""
        self._sql(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE queueing_lock = %s AND status = 'todo'",
            task,
        )

    # --- what must hold

    @invariant()
    def rows_are_what_the_model_says(self) -> None:
        """Row, result, events: all as the model has it."""
        for task, model in self.models.items():
            row = self._sql(
                "SELECT status, attempt, progress, retries, child_crashed, worker_lost,"
                " (SELECT count(*) FROM task_results WHERE task_id = id) AS results,"
                " (SELECT count(*) FROM task_events WHERE task_id = id"
                "  AND kind IN ('completed', 'failed', 'cancelled')) AS ends,"
                " (SELECT array_agg(seq ORDER BY seq) FROM task_events WHERE task_id = id) AS seqs"
                " FROM tasks WHERE id = %s",
                task,
            )[0]
            seqs = row.pop("seqs")
            assert seqs == list(range(1, len(seqs) + 1))
            assert row == {
                "status": model.status.value,
                "attempt": model.attempt,
                "progress": model.progress,
                "retries": model.retries,
                "child_crashed": model.child_crashed,
                "worker_lost": model.worker_lost,
                "results": int(model.status is Status.COMPLETED),
                "ends": int(model.status.ended),
            }

    def _sql(self, command: str, *values: str) -> list[dict[str, Any]]:
        async def ask() -> list[dict[str, Any]]:
            async with self.pool.connection() as connection:
                cursor = await connection.execute(command.encode(), values)
                return await cursor.fetchall() if cursor.description else []

        return self.run(ask())


def test_a_task_ends_once_whatever_happens(database_url_fixture: str, settings: Settings) -> None:
    class Here(Lives):
        def __init__(self) -> None:
            super().__init__(database_url_fixture, settings)

    run_state_machine_as_test(
        Here,
        settings=hypothesis_settings(
            max_examples=SEQUENCES,
            stateful_step_count=30,
            deadline=None,
            derandomize=SEQUENCES <= 60,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
