"""Whether, and when, to ask again. Pure but for the dice."""

from __future__ import annotations

import email.utils
import random
import time
from typing import TYPE_CHECKING, Final

from retouch.client.errors import AnswerError, ClientError, ConnectionLost, class_of
from retouch.client.parse import read

if TYPE_CHECKING:
    from typing import Any

    from retouch.client.steps import Reply

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 20.0
_PATIENT_S: Final = 60.0  # a server that wants to be left alone for longer is an error to be told
_PASSING: Final = frozenset({408, 425, 429, 502, 503, 504})
_CONFLICT, _OK, _FIRST_REDIRECT, _FIRST_ERROR = 409, 200, 300, 400


def fault_of(reply: Reply) -> AnswerError | None:
    """The error that an answer is; None for a success."""
    if _OK <= reply.status < _FIRST_REDIRECT:
        return None
    error = _document(reply)
    message = str(error.get("message") or _plain(reply.status))
    return class_of(reply.status)(
        message,
        reply.status,
        str(error.get("type") or ""),
        param=error.get("param"),
        request_id=error.get("request_id") or reply.header("x-request-id"),
        retry_after=_seconds(reply.header("retry-after")),
        final=reply.header("x-should-retry") == "false",
    )


def delay_s(fault: ClientError, attempt: int, most: int) -> float | None:
    """Seconds until the next try after ``attempt`` (from 0 on) of ``most`` further ones; None: give up.

    Exponential with jitter, never sooner than the server asked for.
    """
    if attempt >= most or not _passes(fault):
        return None
    backoff = min(_LONGEST_S, _FIRST_S * 2 ** min(attempt, 10)) * random.uniform(0.5, 1)  # noqa: S311 - spreads clients, hides nothing
    asked = getattr(fault, "retry_after", None) or 0.0
    return None if asked > _PATIENT_S else asked + backoff


def _passes(fault: ClientError) -> bool:
    if isinstance(fault, ConnectionLost):
        return True
    if not isinstance(fault, AnswerError) or fault.final:
        return False
    # A conflict passes where the server says when: the first request with this key is still being accepted.
    return fault.status in _PASSING or (fault.status == _CONFLICT and fault.retry_after is not None)


def _plain(status: int) -> str:
    redirect = _FIRST_REDIRECT <= status < _FIRST_ERROR
    hint = ": a redirect, which is not followed with a key; is the address right?" if redirect else ""
    return f"the server answered with HTTP {status}{hint}"


def _document(reply: Reply) -> dict[str, Any]:
    def error(answer: Any) -> dict[str, Any]:
        return dict(answer["error"])

    try:
        return read(reply, error)
    except AnswerError:  # a proxy's page: the status has to do
        return {}


def _seconds(value: str | None) -> float | None:
    """Of ``Retry-After`` (RFC 9110, section 10.2.3): a number of seconds or a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
