"""Waiting for a task within one request: the long poll, and the answer to a submit that would rather wait."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

from retouch.api import problems
from retouch.errors import InvalidRequest

if TYPE_CHECKING:
    from starlette.requests import Request

    from retouch.api.services import Services
    from retouch.task import Task

MAX_WAIT_S = 60
_WAIT = re.compile(r"\s*wait\s*=\s*\"?(\d{1,6})\"?\s*", re.ASCII | re.IGNORECASE)


def preferred_wait(request: Request) -> int | None:
    """Seconds of ``Prefer: wait=N`` (RFC 7240), cut to the most that is given; None where it is not asked.

    Raises:
        InvalidRequest: wait without a number of seconds from 1 on.
    """
    for field in request.headers.getlist("prefer"):
        for preference in field.split(","):
            token = preference.partition(";")[0]
            if token.partition("=")[0].strip().lower() != "wait":
                continue
            match = _WAIT.fullmatch(token)
            if match is None or int(match[1]) < 1:
                raise InvalidRequest("Prefer: wait wants a number of seconds, from 1 on.", param="Prefer")
            return min(int(match[1]), MAX_WAIT_S)
    return None


def has_room(house: Services) -> bool:
    """Whether one more may wait for a task in this process."""
    return house.watch.readers < house.settings.streams_max


def require_room(house: Services) -> None:
    """Raise ServiceUnavailable where too many wait already."""
    if not has_room(house):
        raise problems.unavailable("Too many clients wait for tasks here.")


async def until_ended(house: Services, task: Task, seconds: float) -> Task:
    """The task when it has ended, at the latest after ``seconds``; as it stands then.

    Raises:
        ServiceUnavailable: too many wait in this process already, or the database is away.
    """
    if task.status.ended:
        return task
    require_room(house)
    async with house.watch.feed(task.id) as feed:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(feed.end(), seconds)
    return await house.tasks.get(task.id, task.account_id) or task
