"""Logs and metrics. Prompts, keys and picture bytes never reach a log line."""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger


# Key names whose values are never written out, whoever logs them.
_SECRET_NAMES = ("authorization", "api_key", "secret", "password", "token", "database_url", "prompt")

REGISTRY: Final = CollectorRegistry()

HTTP_REQUESTS: Final = Counter(
    "retouch_http_requests", "Answers of the API.", ["route", "method", "status"], registry=REGISTRY
)
HTTP_SECONDS: Final = Histogram(
    "retouch_http_seconds",
    "Time to answer, by route.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
TASKS: Final = Gauge(
    "retouch_tasks", "Tasks by status, as the database has them.", ["status"], registry=REGISTRY
)
OLDEST_PENDING: Final = Gauge(
    "retouch_oldest_pending_seconds", "Age of the oldest task that waits.", registry=REGISTRY
)
WEBHOOKS: Final = Gauge(
    "retouch_webhook_deliveries",
    "Webhook messages by state, as the database has them.",
    ["state"],
    registry=REGISTRY,
)
OLDEST_WEBHOOK: Final = Gauge(
    "retouch_oldest_due_webhook_seconds",
    "How long the webhook message due longest has been due.",
    registry=REGISTRY,
)


def configure_logging(level: str, log_format: str = "auto") -> None:
    """Send structlog and the standard library's logging to stderr in one shape (see the settings log_*)."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    # The renderer's own choice of traceback prints local variables, and with them keys and prompts.
    in_colour = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = in_colour if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    tail = [structlog.processors.format_exc_info] if not console else []
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # The queue logs each job with its arguments at INFO; our own lines say the same with a task id.
    for noisy in ("procrastinate", "psycopg.pool", "httpx2", "httpcore2", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def logger(name: str) -> FilteringBoundLogger:
    """The logger of a module; events are short lowercase phrases, facts are keywords."""
    bound: FilteringBoundLogger = structlog.get_logger(name)
    return bound


def bound(**facts: Any) -> AbstractContextManager[None]:
    """Add facts to every line logged inside the ``with``, across awaits."""
    manager: AbstractContextManager[None] = structlog.contextvars.bound_contextvars(**facts)
    return manager


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the value of every key that names a secret."""
    for key in event:
        if any(name in key.lower() for name in _SECRET_NAMES):
            event[key] = "[redacted]"
    return event
