"""Retouch: pictures edited by instruction, on your own machine.

The names here are the Python client's (retouch.client); they are loaded on first use, so that
``import retouch`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retouch.client import (
        AnswerError,
        AsyncClient,
        AuthenticationError,
        Balance,
        Client,
        ClientError,
        ConfigurationError,
        Conflict,
        ConnectionLost,
        EditResult,
        Event,
        Expired,
        Failure,
        Ignored,
        InvalidRequest,
        Model,
        NotFound,
        PermissionDenied,
        Picture,
        Plan,
        QuotaExceeded,
        RateLimited,
        ResultLink,
        ServerError,
        Task,
        TaskCancelled,
        TaskFailed,
        TaskPage,
        TimedOut,
        Upload,
        WebhookRefused,
        verify_webhook,
    )

__all__ = [
    "AnswerError",
    "AsyncClient",
    "AuthenticationError",
    "Balance",
    "Client",
    "ClientError",
    "ConfigurationError",
    "Conflict",
    "ConnectionLost",
    "EditResult",
    "Event",
    "Expired",
    "Failure",
    "Ignored",
    "InvalidRequest",
    "Model",
    "NotFound",
    "PermissionDenied",
    "Picture",
    "Plan",
    "QuotaExceeded",
    "RateLimited",
    "ResultLink",
    "ServerError",
    "Task",
    "TaskCancelled",
    "TaskFailed",
    "TaskPage",
    "TimedOut",
    "Upload",
    "WebhookRefused",
    "verify_webhook",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("retouch.client"), name)
    raise AttributeError(f"module 'retouch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
