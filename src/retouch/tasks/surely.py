"""A write that must not be lost with the database's short absence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from retouch.errors import ServiceUnavailable
from retouch.telemetry import logger

T = TypeVar("T")
_PAUSE_S = (0.1, 2.0)  # first and longest, between two tries
_log = logger(__name__)


async def surely(write: Callable[[], Awaitable[T]], *, within_s: float) -> T | None:
    """Repeat a fenced write until the database takes it, for ``within_s``; then None.

    Fenced, so repeating one that was taken after all changes nothing. ``within_s`` is the writer's lease:
    past it the row is somebody else's, and giving up loses nothing.
    """
    until = asyncio.get_running_loop().time() + within_s
    pause, longest = _PAUSE_S
    while True:
        try:
            return await write()
        except ServiceUnavailable:
            if asyncio.get_running_loop().time() > until:
                _log.warning("outcome not written: left to the takeover")
                return None
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
