"""Who waits for a task hears of it: one listening connection per process, however many wait.

    the trigger task_changed NOTIFYs at commit → the listener marks the task's feed
      → one query reads what is new of all marked feeds → everybody who reads a feed is woken

A feed is kept as long as somebody reads it. A NOTIFY that is lost (a broken connection, notifications turned
off) costs the time of a sweep: from time to time all feeds are read again, by that same one query.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, LiteralString, Self

import psycopg
from psycopg import AsyncConnection

from retouch.errors import ServiceUnavailable
from retouch.task import Status
from retouch.tasks.queries import queries
from retouch.tasks.store import TaskEvent
from retouch.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from retouch.database.pool import Pool
    from retouch.settings import Settings

_SQL = queries("watch")
_LISTEN: Final[LiteralString] = "LISTEN retouch_task_events"
_SWEEP_S: Final = 15.0  # between two readings of all feeds while NOTIFY works
_PAUSE_S: Final = (0.2, 5.0)  # first and longest pause before listening again
_log = logger(__name__)


class Feed:
    """What has happened to one task, as far as this process has read; :meth:`after` waits for more."""

    def __init__(self) -> None:
        self._events: list[TaskEvent] = []
        self._news = asyncio.Event()
        self._closed = False
        self.readers = 0

    @property
    def last(self) -> int:
        """Number of the newest event."""
        return self._events[-1].seq if self._events else 0

    @property
    def ended(self) -> bool:
        """Whether nothing more can come."""
        return bool(self._events) and is_end(self._events[-1])

    async def after(self, seq: int) -> Sequence[TaskEvent]:
        """The events after number ``seq``; waits for one. None only where this process stops."""
        while True:
            news = self._news
            found = [event for event in self._events if event.seq > seq]
            if found or self._closed:
                return found
            await news.wait()

    async def end(self) -> None:
        """Wait until the task has ended, or this process stops."""
        while not (self.ended or self._closed):
            await self.after(self.last)

    def close(self) -> None:
        """Wake everybody for the last time."""
        self._closed = True
        self._news.set()

    def add(self, event: TaskEvent) -> None:
        """Append what was read; an event that is here already is dropped."""
        if event.seq > self.last:
            self._events.append(event)
            self._news.set()
            self._news = asyncio.Event()


class TaskWatch:
    """The feeds of one process."""

    def __init__(self, pool: Pool, url: str, settings: Settings) -> None:
        self._pool = pool
        self._url = url
        self._sweep_s = _SWEEP_S if settings.queue_notify else settings.queue_poll_s
        self._listens = settings.queue_notify
        self._feeds: dict[str, Feed] = {}
        self._marked: set[str] = set()
        self._work = asyncio.Event()
        self._stopped = False

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, pool: Pool, url: str, settings: Settings) -> AsyncIterator[Self]:
        """A watch that listens as long as somebody is in here."""
        watch = cls(pool, url, settings)
        duties = [watch._read_marked(), watch._sweep(), *([watch._listen()] if watch._listens else [])]
        running = [asyncio.create_task(duty) for duty in duties]
        try:
            yield watch
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    @property
    def readers(self) -> int:
        """How many wait at this moment."""
        return sum(feed.readers for feed in self._feeds.values())

    def stop(self) -> None:
        """Let nobody wait any longer: this process is asked to end."""
        self._stopped = True
        for feed in self._feeds.values():
            feed.close()

    @contextlib.asynccontextmanager
    async def feed(self, task_id: str) -> AsyncIterator[Feed]:
        """The feed of a task, complete up to now.

        Raises:
            ServiceUnavailable: the database is away.
        """
        feed = self._feeds.setdefault(task_id, Feed())  # before reading: what comes meanwhile marks it
        feed.readers += 1
        if self._stopped:
            feed.close()
        try:
            if feed.last == 0:
                await self._read([task_id])
            yield feed
        finally:
            feed.readers -= 1
            if feed.readers == 0:
                del self._feeds[task_id]

    async def _read(self, task_ids: Collection[str]) -> None:
        """One query for all of them."""
        feeds = {task_id: self._feeds[task_id] for task_id in task_ids if task_id in self._feeds}
        if not feeds:
            return
        values: dict[str, Any] = {"ids": list(feeds), "seqs": [feed.last for feed in feeds.values()]}
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["news"], values)).fetchall()
        for row in rows:
            feeds[row.pop("task_id")].add(TaskEvent(**row))

    async def _read_marked(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            marked, self._marked = self._marked, set()
            try:
                await self._read(marked)
            except ServiceUnavailable as error:
                _log.warning("events could not be read, the next sweep will", error=str(error))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_s)
            self._mark(task_id for task_id, feed in self._feeds.items() if not feed.ended)

    def _mark(self, task_ids: Iterable[str]) -> None:
        self._marked.update(task_ids)
        if self._marked:
            self._work.set()

    async def _listen(self) -> None:
        pause, longest = _PAUSE_S
        while True:
            try:
                async with await AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=5, application_name="retouch watch"
                ) as connection:
                    await connection.execute(_LISTEN)
                    pause = _PAUSE_S[0]
                    self._mark(list(self._feeds))  # what came while nobody listened
                    async for notice in connection.notifies():
                        if notice.payload in self._feeds:
                            self._mark([notice.payload])
            except (psycopg.Error, OSError) as error:
                _log.warning("listening to events failed, starting over", error=str(error), pause_s=pause)
            await asyncio.sleep(pause)
            pause = min(longest, 2 * pause)


def is_end(event: TaskEvent) -> bool:
    """Whether this is the last event that a task can have."""
    return event.kind in {status.value for status in Status if status.ended}
