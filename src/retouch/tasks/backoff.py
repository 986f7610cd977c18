"""When a failed attempt is tried again, and when not any more. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from retouch.settings import Settings

Cause: TypeAlias = Literal["retries", "child_crashed", "worker_lost"]
_DELAY_MAX_S = 300.0


@dataclass(frozen=True, slots=True)
class Counters:
    """How a task's attempts have ended so far, by cause."""

    retries: int
    child_crashed: int
    worker_lost: int

    def of(self, cause: Cause) -> int:
        """The counter of one cause."""
        count: int = getattr(self, cause)
        return count


def may_try_again(cause: Cause, before: Counters, settings: Settings) -> bool:
    """Whether one more end by this cause leaves the task another attempt.

    ``child_crashed_max`` and ``worker_lost_max`` are the attempts that may end so: the last of them ends the
    task. ``retry_max`` counts the attempts after the first.
    """
    now = before.of(cause) + 1
    if cause == "retries":
        return now <= settings.retry_max
    limit = settings.child_crashed_max if cause == "child_crashed" else settings.worker_lost_max
    return now < limit


def retry_delay_s(cause: Cause, before: Counters, settings: Settings) -> float:
    """Seconds until the next attempt: doubled each time, with jitter of ± 25 %, five minutes at most."""
    doubled = settings.retry_base_s * 2.0 ** min(before.of(cause), 30)
    return float(min(_DELAY_MAX_S, doubled)) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter, no secret
