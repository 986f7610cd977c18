"""What can go wrong for a client, in one tree. No message has a key or a picture in it.

    ClientError
    ├── ConfigurationError      the client was made or called wrongly; nothing was sent
    ├── ConnectionLost          no answer, after all the tries that were allowed
    ├── AnswerError             the server refused           (status, type, param, request_id, retry_after)
    │   ├── InvalidRequest      400, and every 4xx that is not below; ``param`` names the field at fault
    │   ├── AuthenticationError 401
    │   ├── QuotaExceeded       402
    │   ├── PermissionDenied    403
    │   ├── NotFound            404
    │   ├── Conflict            409
    │   ├── Expired             410
    │   ├── RateLimited         429
    │   └── ServerError         5xx, and answers that cannot be understood
    ├── TaskFailed              the task ended without pictures             (task_id, code, type)
    ├── TaskCancelled           somebody cancelled the task                 (task_id)
    ├── TimedOut                you waited long enough; the task goes on    (task_id)
    └── WebhookRefused          a message that the server did not sign, or an old one

Whatever goes wrong after a submit has the id of its task in ``task_id``: nothing is lost with the error.
"""

from __future__ import annotations

from typing import Final


class ClientError(Exception):
    """The root; its text may be shown to whoever asked. ``task_id``: of the task that it is about, if any."""

    task_id: str | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(ClientError):
    """A missing address or key, a picture that cannot be read: mend the call."""


class ConnectionLost(ClientError):
    """The server could not be reached, or hung up before it had answered."""


class AnswerError(ClientError):
    """The server answered with an error. ``retry_after``: seconds after which it wants to be asked again."""

    def __init__(
        self,
        message: str,
        status: int = 0,
        kind: str = "",
        *,
        param: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = kind
        self.param = param
        self.request_id = request_id
        self.retry_after = retry_after
        self.final = final  # the server said that asking again would not help

    def __str__(self) -> str:
        about = [f"request {self.request_id}"] if self.request_id else []
        about += [f"field {self.param}"] if self.param else []
        return f"{self.message} ({', '.join(about)})" if about else self.message


class InvalidRequest(AnswerError):
    """Something in the request is wrong."""


class AuthenticationError(AnswerError):
    """No key, or one that is unknown, expired, revoked or disabled."""


class QuotaExceeded(AnswerError):
    """The key's quota is used up."""


class PermissionDenied(AnswerError):
    """The key may not use this model, route or address."""


class NotFound(AnswerError):
    """No such task or picture, or somebody else's."""


class Conflict(AnswerError):
    """A state, or an idempotency key, stands against the request."""


class Expired(AnswerError):
    """The picture is no longer kept."""


class RateLimited(AnswerError):
    """Too many requests."""


class ServerError(AnswerError):
    """The server failed, or something that is no Retouch answered."""


class TaskFailed(ClientError):
    """The task ended without pictures; ``code`` is one of the reference's failed tasks."""

    def __init__(self, task_id: str, code: str, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.task_id = task_id
        self.code = code
        self.type = kind

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class TaskCancelled(ClientError):
    """Somebody cancelled the task."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"the task {task_id} was cancelled")
        self.task_id = task_id


class TimedOut(ClientError, TimeoutError):
    """The wait is over, the task is not: ask again with its id."""

    def __init__(self, task_id: str, seconds: float) -> None:
        super().__init__(f"the task {task_id} did not end within {seconds:g} s; it goes on")
        self.task_id = task_id


class WebhookRefused(ClientError):
    """Not signed with this secret, or too old: do not act on it."""


_BY_STATUS: Final[dict[int, type[AnswerError]]] = {
    401: AuthenticationError,
    402: QuotaExceeded,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    410: Expired,
    429: RateLimited,
}
_FIRST_CLIENT_FAULT, _FIRST_SERVER_FAULT = 400, 500


def class_of(status: int) -> type[AnswerError]:
    """The error that an answer with ``status`` is; everything below 400 that is no success is nonsense."""
    if _FIRST_CLIENT_FAULT <= status < _FIRST_SERVER_FAULT:
        return _BY_STATUS.get(status, InvalidRequest)
    return ServerError
