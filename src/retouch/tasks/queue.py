"""Tickets: Procrastinate behind our port. The row is the truth, a ticket only says "look at it"."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString, Self, TypeAlias
from weakref import WeakSet

import procrastinate
import psycopg
from procrastinate.exceptions import ProcrastinateException
from procrastinate.job_context import AbortReason

from retouch.errors import ServiceUnavailable
from retouch.telemetry import logger

if TYPE_CHECKING:
    from procrastinate.job_context import JobContext

    from retouch.database.pool import Connection, Pool
    from retouch.settings import Settings

Handler: TypeAlias = Callable[[str], Awaitable[None]]

QUEUE: LiteralString = "edits"
MAKE_TICKET: LiteralString = "SELECT make_ticket(%(task_id)s, %(priority)s, %(delay_s)s)"
# What the library's own trigger would send; its worker then looks for itself which job there is.
_NOTIFY: LiteralString = (
    f'SELECT pg_notify(\'procrastinate_queue_v1#{QUEUE}\', \'{{"type": "job_inserted", "job_id": 0}}\')'
)
_ABORT_POLL_S = 1.0  # a cancel reaches the worker within this even when no NOTIFY does
_HEARTBEAT_S = 5.0
WORKER_STALLED_S = 30.0  # without a heartbeat; the library's own measure
_RESTART_S = (0.5, 5.0)  # first and longest pause before the library's worker is started again
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of ticket: its queue, and the name of its jobs there. Lines never wait for each other."""

    queue: str
    job: str


EDITS = Line(QUEUE, "edit")
WEBHOOKS = Line("webhooks", "deliver")


class TicketQueue:
    """Makes tickets inside the caller's transaction, and hands them out to a handler."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._url = url
        self._settings = settings
        self._news = False
        self._waking: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: str, settings: Settings) -> Self:
        """A queue on this database; only :meth:`work` takes connections of its own."""
        return cls(url, settings)

    async def close(self) -> None:
        """Wait for the last NOTIFY; close before the pool."""
        if self._waking is not None:
            await self._waking

    async def defer(
        self, connection: Connection, task_id: str, *, priority: int = 0, delay_s: float = 0
    ) -> None:
        """Make the task's ticket in the connection's transaction; one that already waits is moved instead.

        ``priority``: higher goes first. ``delay_s``: seconds before which nobody gets it.
        """
        await connection.execute(
            MAKE_TICKET, {"task_id": task_id, "priority": priority, "delay_s": float(delay_s)}
        )

    def wake(self, pool: Pool) -> None:
        """Tell idle workers soon that tickets were committed; many calls in a row become one NOTIFY.

        Sent outside the transaction that made the ticket (0001_tasks.sql says why). One that is lost, with
        its process or its connection, costs the time of a poll.
        """
        if not self._settings.queue_notify:
            return
        self._news = True
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._notify(pool))

    async def _notify(self, pool: Pool) -> None:
        while self._news:
            self._news = False
            try:
                async with pool.connection() as connection:
                    await connection.execute(_NOTIFY)
            except ServiceUnavailable as error:
                _log.warning("workers were not woken, they will poll", error=str(error))

    async def work(self, handler: Handler, *, slots: int, stop: asyncio.Event, line: Line = EDITS) -> None:
        """Call ``handler(id)`` for each ticket of the line, at most ``slots`` at once, until ``stop`` is set.

        After ``stop`` running handlers have ``shutdown_grace_s``; then they are cancelled and must hand their
        task back. A cancelled task's handler is cancelled too. A restart of the database interrupts fetching,
        not the handlers. An exception of a handler costs the ticket, never the task: see tasks/reconcile.py.
        """
        bench = _Bench(handler, slots, stop, self._settings.shutdown_grace_s)
        pause, longest = _RESTART_S
        while not stop.is_set():
            try:
                await self._fetch(bench, line, slots, stop)
                pause = _RESTART_S[0]
            except (ProcrastinateException, psycopg.Error, OSError) as error:
                _log.warning("fetching tickets failed, starting over", error=str(error), pause_s=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(longest, 2 * pause)
        await bench.clear()

    async def _fetch(self, bench: _Bench, line: Line, slots: int, stop: asyncio.Event) -> None:
        """One life of the library's worker: until ``stop``, or until the database goes away."""
        life = asyncio.create_task(self._live(bench, line, slots))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({life, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await _end(life)

    async def _live(self, bench: _Bench, line: Line, slots: int) -> None:
        app = procrastinate.App(connector=self._connector())
        app.task(name=line.job, queue=line.queue, pass_context=True)(bench.ticket)
        try:
            await app.open_async()
            await app.run_worker_async(
                queues=[line.queue],
                concurrency=slots,
                install_signal_handlers=False,
                listen_notify=self._settings.queue_notify,
                fetch_job_polling_interval=self._settings.queue_poll_s,
                abort_job_polling_interval=_ABORT_POLL_S,
                update_heartbeat_interval=_HEARTBEAT_S,
                stalled_worker_timeout=WORKER_STALLED_S,
                delete_jobs="always",
                shutdown_graceful_timeout=0,  # the bench knows which handlers may go on
            )
        finally:
            await app.close_async()

    def _connector(self) -> procrastinate.PsycopgConnector:
        return procrastinate.PsycopgConnector(
            conninfo=self._url,
            min_size=1,
            max_size=3,
            timeout=5.0,
            reconnect_timeout=4.0,
            kwargs={"connect_timeout": 5, "application_name": "retouch queue"},
        )


class _Bench:
    """The running handlers. They outlive the library's worker, which may be restarted under them."""

    def __init__(self, handler: Handler, slots: int, stop: asyncio.Event, grace_s: float) -> None:
        self._handler = handler
        self._slots = asyncio.Semaphore(slots)
        self._stop = stop
        self._grace_s = grace_s
        self._deadline: float | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._cancelled: WeakSet[asyncio.Task[None]] = WeakSet()

    async def ticket(self, context: JobContext, /, **names: str) -> None:
        """One ticket, as the library's job: ends with its handler, or leaves it running alone."""
        (name,) = names.values()  # a ticket names one row: {"task_id": …}, {"delivery_id": …}
        work = asyncio.create_task(self._run(name), name=f"ticket {name}")
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            if context.abort_reason() == AbortReason.USER_REQUEST:
                await self._cancel(work)
            elif self._stop.is_set():
                await self._see_out(work)
            # Otherwise only the fetching broke down: the handler goes on, its lease protects its task.

    async def clear(self) -> None:
        """See out the handlers that have no ticket any more."""
        await asyncio.gather(*(self._see_out(work) for work in set(self._running)))

    async def _see_out(self, work: asyncio.Task[None]) -> None:
        """Wait for a handler until the grace time of all is over, then cancel it."""
        now = asyncio.get_running_loop().time()
        if self._deadline is None:
            self._deadline = now + self._grace_s
        _, late = await asyncio.wait({work}, timeout=max(0.0, self._deadline - now))
        if late:
            await self._cancel(work)

    async def _cancel(self, work: asyncio.Task[None]) -> None:
        """Cancel once: a second time would hit the handler while it hands its task back."""
        if work not in self._cancelled:
            self._cancelled.add(work)
            work.cancel()
        await asyncio.wait({work})

    async def _run(self, name: str) -> None:
        async with self._slots:
            try:
                await self._handler(name)
            except Exception:  # noqa: BLE001 - anybody's handler; the ticket must end and the others go on
                _log.exception("a handler failed; its lease will run out", ticket=name)


async def _end(worker: asyncio.Task[None]) -> None:
    """Stop the library's worker and let its error out, if it had one."""
    if not worker.done():
        worker.cancel()
    try:
        await worker
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
