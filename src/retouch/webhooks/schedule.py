"""After an attempt: whether it went well, and when there is another one. Pure."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from retouch.tasks.deliveries import TEST_EVENT, Claim, DeliveryState, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.fetch.client import Posted

RETRY_AFTER_MAX_S = 86_400.0  # a receiver may ask for a day's rest, not for one without end
_JITTER = 0.2
_SECONDS = re.compile(r"[0-9]{1,9}")


def judge(
    claim: Claim,
    posted: Posted | None,
    pauses: Sequence[float],
    now: datetime,
    duration_ms: int | None = None,
) -> Verdict:
    """What follows from an answer; ``posted`` is None where there was none. A redirect is a refusal."""
    if posted is None:
        return _after_failure(claim, Verdict("unreachable", DeliveryState.PENDING), pauses, None, now)
    status = posted.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict("delivered", DeliveryState.DELIVERED, status, duration_ms)
    if status == HTTPStatus.GONE:
        return Verdict("gone", DeliveryState.DISABLED, status, duration_ms)
    refused = Verdict("refused", DeliveryState.PENDING, status, duration_ms)
    return _after_failure(claim, refused, pauses, posted.retry_after, now)


def pause_s(base_s: float) -> float:
    """The pause with jitter of ± 20 %: messages that failed together do not come back together."""
    return base_s * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter, no secret


def retry_after_s(text: str | None, now: datetime) -> float:
    """Seconds that ``Retry-After`` asks for (RFC 9110 section 10.2.3: seconds or a date), a day at most."""
    if text is None:
        return 0.0
    if _SECONDS.fullmatch(text):
        return min(float(text), RETRY_AFTER_MAX_S)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), RETRY_AFTER_MAX_S)


def _after_failure(
    claim: Claim, verdict: Verdict, pauses: Sequence[float], retry_after: str | None, now: datetime
) -> Verdict:
    outcome: Outcome = verdict.outcome
    if claim.event == TEST_EVENT or claim.failures >= len(pauses):
        return Verdict(outcome, DeliveryState.FAILED, verdict.status, verdict.duration_ms)
    delay_s = max(pause_s(pauses[claim.failures]), retry_after_s(retry_after, now))
    return Verdict(outcome, DeliveryState.PENDING, verdict.status, verdict.duration_ms, delay_s)
