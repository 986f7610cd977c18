"""The truth about tasks: one row each, changed only by fenced statements (sql/store.sql)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from psycopg.types.json import Jsonb

from retouch.errors import Unauthenticated, WorkerLost
from retouch.task import EditRequest, Failure, Status, Task, TaskOutcome
from retouch.tasks.backoff import Cause, Counters, may_try_again, retry_delay_s
from retouch.tasks.depth import Depth
from retouch.tasks.fairness import may_start
from retouch.tasks.once import OnceKey, first_task, in_progress, insert_once
from retouch.tasks.queries import queries
from retouch.tasks.quota import NotAdmitted, admission
from retouch.tasks.rows import outcome_to_row, storable, task_from_row

if TYPE_CHECKING:
    from retouch.database.pool import Connection, Pool
    from retouch.settings import Settings
    from retouch.tasks.queue import TicketQueue

_SQL = queries("store")
_Rows: TypeAlias = list[dict[str, Any]]
_Tasks: TypeAlias = list[Task]
_Events: TypeAlias = "list[TaskEvent]"


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One thing that happened to a task; ``seq`` counts from 1 without gaps."""

    seq: int
    kind: str  # a status, "progress" or "preview"
    data: Mapping[str, Any]
    at: datetime


class TaskStore:
    """Creates, claims, ends and lists tasks. All raise ServiceUnavailable while the database is away.

    ``attempt`` in a worker's call is its fencing token: the call answers False or None, and changes nothing,
    when the task meanwhile belongs to another attempt, was cancelled, or has ended.
    """

    def __init__(self, pool: Pool, queue: TicketQueue, settings: Settings) -> None:
        self._pool = pool
        self._queue = queue
        self._settings = settings
        self._depth = Depth(settings.queue_max_depth)

    @property
    def pool(self) -> Pool:
        """The connections that this store works with."""
        return self._pool

    @property
    def settings(self) -> Settings:
        """The bounds that this store keeps to."""
        return self._settings

    @property
    def queue(self) -> TicketQueue:
        """Where this store's tickets go."""
        return self._queue

    # --- the door

    async def create(
        self,
        *,
        task_id: str,
        account_id: str,
        key_id: str,
        request_id: str,
        request: EditRequest,
        once: OnceKey | None = None,
    ) -> Task:
        """Accept a task: its row, its ticket and its key in one transaction, durable when this returns.

        Where ``once`` stands for a task already, that one is the answer; its id is then not ``task_id``.
        What its pictures may cost is reserved with it, and settled in the transaction that ends the task.

        Raises:
            PaymentRequired: the key's quota does not reach for this.
            RateLimited: the key has as many tasks at once as it may have.
            ServiceUnavailable: too many tasks wait already, or the database is away.
            Unauthenticated: the account has been deleted.
            Conflict: ``once`` was used for something else, or its first submit is still being committed.
        """
        values = {
            "task_id": task_id,
            "account_id": account_id,
            "key_id": key_id,
            "request_id": request_id,
            "request": Jsonb(request.to_json()),
            "cost": float(request.n),
            "price": self._settings.price_of(request.model),
        }
        try:
            async with self._pool.connection() as connection, admission():
                await self._depth.refuse_if_full(connection)
                if once is None:
                    row = await (await connection.execute(_SQL["create"], values)).fetchone()
                else:
                    row = await insert_once(connection, values, once)
        except NotAdmitted as refused:
            # The same submit may have used up the quota in the moment before.
            if once is not None and (first := await self.replayed(account_id, once)) is not None:
                return first
            raise refused.answer from None
        if row is None:
            return await self._first(account_id, once)
        self._depth.count_one()
        self._queue.wake(self._pool)
        return task_from_row(row)

    async def replayed(self, account_id: str, once: OnceKey) -> Task | None:
        """The task that ``once`` stands for already, or None.

        Raises:
            Conflict: it was used for something else.
        """
        async with self._pool.connection() as connection:
            task_id = await first_task(connection, account_id, once)
        return None if task_id is None else await self.get(task_id, account_id)

    async def get(self, task_id: str, account_id: str | None = None) -> Task | None:
        """The task, or None if there is none of this account; no account means any."""
        return (await self._get([task_id], account_id)).get(task_id)

    async def get_many(self, task_ids: Iterable[str], account_id: str) -> dict[str, Task]:
        """Those of these tasks that exist and belong to the account, by id."""
        return await self._get(tuple(task_ids), account_id)

    async def list(
        self,
        account_id: str | None,
        *,
        status: Status | None = None,
        limit: int = 20,
        before: str | None = None,
    ) -> _Tasks:
        """Newest first; ``before`` is the id of the last task of the previous page."""
        rows = await self._all("list", account_id=account_id, status=status, limit=limit, before=before)
        return [task_from_row(row) for row in rows]

    async def cancel(self, task_id: str, account_id: str | None) -> Status | None:
        """Cancel what has not ended. Answers where the task stands now; None if there is no such task."""
        if await self._all("cancel", task_id=task_id, account_id=account_id):
            return Status.CANCELLED
        rows = await self._all("status", task_id=task_id, account_id=account_id)
        return Status(rows[0]["status"]) if rows else None

    async def events(self, task_id: str, after: int = 0) -> _Events:
        """What happened to a task after the event with this number, in order."""
        rows = await self._all("events", task_id=task_id, after=after)
        return [TaskEvent(**row) for row in rows]

    # --- the worker

    async def claim(self, task_id: str, worker: str) -> Task | None:
        """Begin an attempt; the answer's ``attempt`` is its fencing token. None unless pending.

        Nor where its account runs as many tasks as it may: then its ticket waits until one of them ends.
        """
        values = {"task_id": task_id, "worker": worker, "lease_s": self._settings.lease_s}
        async with self._pool.connection() as connection, connection.transaction():
            if not await may_start(connection, task_id, self._settings.account_tasks_at_once):
                return None
            row = await (await connection.execute(_SQL["claim"], values)).fetchone()
        return task_from_row(row) if row else None

    async def heartbeat(self, task_id: str, attempt: int, progress: int) -> bool:
        """Extend the lease and raise ``progress`` (0..100). False: stop working, the task is not yours."""
        return await self._hit(
            "heartbeat", task_id=task_id, attempt=attempt, progress=progress, lease_s=self._settings.lease_s
        )

    async def checkpoint(self, task_id: str, attempt: int, state: Mapping[str, Any]) -> bool:
        """Keep what a later attempt needs; committed when this returns."""
        return await self._hit("checkpoint", task_id=task_id, attempt=attempt, state=Jsonb(storable(state)))

    async def preview(self, task_id: str, attempt: int, key: str, index: int) -> bool:
        """Tell those who follow the task that an intermediate picture is stored under ``key``."""
        return await self._hit("preview", task_id=task_id, attempt=attempt, key=key, index=index)

    async def complete(self, task_id: str, attempt: int, outcome: TaskOutcome) -> bool:
        """End the task with its result, both in one transaction."""
        return await self._hit(
            "complete",
            task_id=task_id,
            attempt=attempt,
            outcome=Jsonb(storable(outcome_to_row(outcome))),
            ttl_s=self._settings.results_ttl_h * 3600,
        )

    async def fail(self, task_id: str, attempt: int, failure: Failure) -> bool:
        """End the task with a failure that trying again would not change."""
        return await self._hit(
            "fail",
            task_id=task_id,
            attempt=attempt,
            failure=Jsonb(storable(asdict(failure))),
            reason=failure.code,
        )

    async def retry(self, task_id: str, attempt: int, failure: Failure, *, crashed: bool) -> Status | None:
        """Try again later, or end with ``failure`` once its counter is used up. None when fenced."""
        cause: Cause = "child_crashed" if crashed else "retries"
        async with self._pool.connection() as connection, connection.transaction():
            key = {"task_id": task_id, "attempt": attempt}
            row = await (await connection.execute(_SQL["lock_attempt"], key)).fetchone()
            if row is None:
                return None
            return await self._again(connection, key, cause, Counters(**row), failure)

    async def hand_back(self, task_id: str, attempt: int) -> bool:
        """Give up an unfinished attempt at shutdown: another begins at once, nothing is counted."""
        none = {"retries": 0, "child_crashed": 0, "worker_lost": 0}
        released = await self._all(
            "release", task_id=task_id, attempt=attempt, delay_s=0.0, reason="handed_back", **none
        )
        if released:
            self._queue.wake(self._pool)
        return bool(released)

    # --- the reconciler

    async def take_over(self) -> int:
        """Free the tasks whose lease has run out; answers how many. Safe beside others who do the same."""
        taken = 0
        while True:
            async with self._pool.connection() as connection, connection.transaction():
                rows = await (await connection.execute(_SQL["overdue"])).fetchall()
                for row in rows:
                    await self._take_over(connection, row)
            taken += len(rows)
            if not rows:
                return taken
            self._queue.wake(self._pool)

    async def counts(self) -> dict[Status, int]:
        """How many tasks there are in each status."""
        found = {Status(row["status"]): row["tasks"] for row in await self._all("counts")}
        return {status: found.get(status, 0) for status in Status}

    async def oldest_pending_age(self) -> float:
        """Seconds that the longest waiting task has waited; 0 when none waits."""
        age: float = (await self._all("oldest_pending"))[0]["age"]
        return age

    # --- how

    async def _take_over(self, connection: Connection, row: Mapping[str, Any]) -> None:
        key = {"task_id": row["id"], "attempt": row["attempt"]}
        before = Counters(0, 0, row["worker_lost"])
        message = f"{before.worker_lost + 1} workers were lost while they had this task"
        failure = Failure(WorkerLost.code, WorkerLost.type, message)
        await self._again(connection, key, "worker_lost", before, failure)

    async def _again(
        self, connection: Connection, key: dict[str, Any], cause: Cause, before: Counters, failure: Failure
    ) -> Status:
        """End a locked attempt by ``cause``: back to pending, or failed for good."""
        counted = {name: int(name == cause) for name in ("retries", "child_crashed", "worker_lost")}
        if may_try_again(cause, before, self._settings):
            delay_s = 0.0 if cause == "worker_lost" else retry_delay_s(cause, before, self._settings)
            release = key | counted | {"delay_s": delay_s, "reason": failure.code}
            await connection.execute(_SQL["release"], release)
            # Nobody is told when a delay has passed: without this the next poll would find the ticket.
            asyncio.get_running_loop().call_later(delay_s, self._queue.wake, self._pool)
            return Status.PENDING
        await connection.execute(_SQL["count_last"], key | counted)
        end = key | {"failure": Jsonb(storable(asdict(failure))), "reason": f"{cause} used up"}
        await connection.execute(_SQL["fail"], end)
        return Status.FAILED

    async def _first(self, account_id: str, once: OnceKey | None) -> Task:
        """The task of the submit that came first; it may have been deleted in this very moment."""
        if not await self._all("account", account_id=account_id):
            raise Unauthenticated("This API key is not valid.", headers={"WWW-Authenticate": "Bearer"})
        task = None if once is None else await self.replayed(account_id, once)
        if task is None:
            raise in_progress()
        return task

    async def _get(self, ids: Sequence[str], account_id: str | None) -> dict[str, Task]:
        rows = await self._all("get", ids=list(ids), account_id=account_id)
        return {row["id"]: task_from_row(row) for row in rows}

    async def _all(self, query: str, **values: Any) -> _Rows:
        async with self._pool.connection() as connection:
            return await (await connection.execute(_SQL[query], values)).fetchall()

    async def _hit(self, query: str, **values: Any) -> bool:
        async with self._pool.connection() as connection:
            return (await connection.execute(_SQL[query], values)).rowcount == 1
