"""Every error that Retouch raises on purpose, in one tree.

    RetouchError
    ├── SetupError                  the owner must change something before this can start
    ├── RequestError                answered over HTTP, at once           (status, type)
    │   ├── InvalidRequest          400  invalid_request_error
    │   ├── Unauthenticated         401  authentication_error
    │   ├── PaymentRequired         402  payment_required
    │   ├── Forbidden               403  permission_error
    │   ├── NotFound                404  not_found_error
    │   ├── MethodNotAllowed        405  method_not_allowed
    │   ├── RequestTimeout          408  request_timeout
    │   ├── Conflict                409  idempotency_error
    │   ├── Gone                    410  gone
    │   ├── PayloadTooLarge         413  payload_too_large
    │   ├── UnsupportedMediaType    415  unsupported_media_type
    │   ├── RateLimited             429  rate_limit_error
    │   ├── HeadersTooLarge         431  headers_too_large
    │   ├── InternalError           500  server_error
    │   ├── BadGateway              502  bad_gateway
    │   ├── ServiceUnavailable      503  service_unavailable
    │   └── WaitTimeout             504  timeout
    └── TaskError                   ends (or delays) a task               (code, retryable)
        ├── SourceRefused           the URL or its content may not be fetched
        ├── SourceUnreachable       retryable: no answer, a 5xx, a cut connection
        ├── SourceNotFound          the address answered that there is no such picture
        ├── SourceTooLarge          more bytes than the limit
        ├── SourceExpired           an upload that is no longer kept
        ├── ImageUnreadable         broken, empty, or not a picture
        ├── ImageUnsupported        a format that is never opened (SVG, PDF, EPS, TIFF, ...)
        ├── ImageTooLarge           more pixels than the limit
        ├── InstructionNotSupported understood in part or not at all; says what can be done
        ├── TargetNotFound          the thing to be edited is not in the picture
        ├── ContentRefused          the owner's content gate refused a picture
        ├── WeightsMissing          a model file is not on this machine
        ├── EngineFailed            the engine gave up with a reason
        ├── EngineUnavailable       retryable: no engine for this model is healthy
        ├── ChildCrashed            retryable: the pixel process died
        ├── OutOfMemory             retryable: the pixel process outgrew its memory
        ├── DeadlineExceeded        retryable: the attempt took longer than its deadline
        ├── WorkerLost              retryable: the worker died or lost its lease
        ├── StorageUnavailable      retryable: the object store did not answer
        └── TaskCancelled           somebody cancelled the task; never shown as a failure

A message is public: it may be shown to whoever sent the request. Anything that must not be shown goes
into the exception's ``__cause__`` or the log, never into the message.
"""

from __future__ import annotations

from typing import ClassVar


class RetouchError(Exception):
    """The root. ``message`` is public text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SetupError(RetouchError):
    """The owner must change something. ``hint`` says what to do, in one imperative sentence."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


# --- Answered over HTTP ----------------------------------------------------------------------------


class RequestError(RetouchError):
    """An HTTP answer. ``param`` names the field at fault; ``headers`` go out with the answer."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"

    def __init__(
        self, message: str, *, param: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.param = param
        self.headers = headers or {}


class InvalidRequest(RequestError):
    """Bad JSON, a missing or wrong field, an unknown model, a malformed id."""

    status, type = 400, "invalid_request_error"


class Unauthenticated(RequestError):
    """No key, or one that is unknown, expired, revoked or disabled."""

    status, type = 401, "authentication_error"


class PaymentRequired(RequestError):
    """The key's quota does not reach for this submit; the message says how it stands and when it renews."""

    status, type = 402, "payment_required"


class Forbidden(RequestError):
    """The key may not use this model, this route, or any from this address."""

    status, type = 403, "permission_error"


class NotFound(RequestError):
    """No such thing, or somebody else's: the two look the same."""

    status, type = 404, "not_found_error"


class MethodNotAllowed(RequestError):
    """The path exists, this method does not."""

    status, type = 405, "method_not_allowed"


class RequestTimeout(RequestError):
    """The request did not arrive in time."""

    status, type = 408, "request_timeout"


class Conflict(RequestError):
    """An idempotency key or a state that stands against this request."""

    status, type = 409, "idempotency_error"


class Gone(RequestError):
    """A result or an upload that has expired."""

    status, type = 410, "gone"


class PayloadTooLarge(RequestError):
    """Bytes over a limit; the message says which limit and how many."""

    status, type = 413, "payload_too_large"


class UnsupportedMediaType(RequestError):
    """A content type that this route does not take."""

    status, type = 415, "unsupported_media_type"


class RateLimited(RequestError):
    """Too many requests a minute, or tasks at once; carries ``Retry-After``."""

    status, type = 429, "rate_limit_error"


class HeadersTooLarge(RequestError):
    """Too many header bytes or fields."""

    status, type = 431, "headers_too_large"


class InternalError(RequestError):
    """Our fault. The message never has internals in it."""

    status, type = 500, "server_error"


class BadGateway(RequestError):
    """An upstream answered nonsense."""

    status, type = 502, "bad_gateway"


class ServiceUnavailable(RequestError):
    """Queue over its depth, disk nearly full, database away; carries ``Retry-After``."""

    status, type = 503, "service_unavailable"


class WaitTimeout(RequestError):
    """A synchronous wait ran out; the task goes on."""

    status, type = 504, "timeout"


# --- Ends (or delays) a task -----------------------------------------------------------------------


class TaskError(RetouchError):
    """Why an attempt did not produce pictures. ``code`` is stable, ``type`` groups codes for clients."""

    code: ClassVar[str] = "internal_error"
    type: ClassVar[str] = "server_error"
    retryable: ClassVar[bool] = False


class SourceRefused(TaskError):
    """The URL is not one that may be fetched. Blocked and unreachable addresses look the same."""

    code, type = "source_refused", "invalid_request_error"


class SourceUnreachable(TaskError):
    """No answer from the source in time, a cut connection, or a 5xx."""

    code, type, retryable = "source_unreachable", "invalid_request_error", True


class SourceNotFound(TaskError):
    """The source answered with a 4xx, or with something that is no picture."""

    code, type = "source_not_found", "invalid_request_error"


class SourceTooLarge(TaskError):
    """More bytes than a picture may have."""

    code, type = "source_too_large", "invalid_request_error"


class SourceExpired(TaskError):
    """An upload that is no longer kept."""

    code, type = "source_expired", "invalid_request_error"


class ImageUnreadable(TaskError):
    """The bytes are not a picture that can be decoded."""

    code, type = "image_unreadable", "invalid_request_error"


class ImageUnsupported(TaskError):
    """A known format that is never opened."""

    code, type = "image_unsupported", "invalid_request_error"


class ImageTooLarge(TaskError):
    """More pixels than the limit; judged from the header, before anything is decoded."""

    code, type = "image_too_large", "invalid_request_error"


class InstructionNotSupported(TaskError):
    """No engine here can carry the instruction out; the message says what was not understood."""

    code, type = "instruction_not_supported", "invalid_request_error"


class TargetNotFound(TaskError):
    """The thing to be edited is not in the picture, or no detector here knows it."""

    code, type = "target_not_found", "invalid_request_error"


class ContentRefused(TaskError):
    """The content gate, where the owner has turned it on, refused a picture that came in or would go out."""

    code, type = "content_refused", "invalid_request_error"


class WeightsMissing(TaskError):
    """A model file is not on this machine; the message names the command that gets it."""

    code, type = "weights_missing", "server_error"


class EngineFailed(TaskError):
    """The engine gave up with a reason that trying again would not change."""

    code, type = "engine_failed", "server_error"


class EngineUnavailable(TaskError):
    """No engine for this model is healthy at the moment."""

    code, type, retryable = "engine_unavailable", "server_error", True


class ChildCrashed(TaskError):
    """The pixel process died under this task."""

    code, type, retryable = "child_crashed", "server_error", True


class OutOfMemory(TaskError):
    """The pixel process outgrew its memory under this task."""

    code, type, retryable = "out_of_memory", "server_error", True


class DeadlineExceeded(TaskError):
    """The attempt took longer than its deadline."""

    code, type, retryable = "deadline_exceeded", "server_error", True


class WorkerLost(TaskError):
    """The worker died, or lost its lease."""

    code, type, retryable = "worker_lost", "server_error", True


class StorageUnavailable(TaskError):
    """The object store did not answer."""

    code, type, retryable = "storage_unavailable", "server_error", True


class TaskCancelled(TaskError):
    """Somebody cancelled the task; never shown as a failure."""

    code, type = "cancelled", "invalid_request_error"
