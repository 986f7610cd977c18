"""What belongs to one request: its id, its route's template, the time it took."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import MutableHeaders
from ulid import ULID

from retouch.telemetry import HTTP_REQUESTS, HTTP_SECONDS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SANE = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def new_request_id() -> str:
    """A fresh id, sortable by time."""
    return f"req_{ULID()}"


def request_id(scope: Scope) -> str:
    """The id of this request; made on first use, so that it exists whatever goes wrong how early."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        state["request_id"] = _given(scope) or new_request_id()
    return str(state["request_id"])


def add_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Headers for the answer to this request, be it an error."""
    scope.setdefault("state", {}).setdefault("answer_headers", {}).update(headers)


def route_template(scope: Scope) -> str:
    """``/v1/tasks/{task_id}``, never the id itself: metric labels must stay few."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


class Context:
    """Outermost middleware: gives every answer its ``X-Request-Id`` and counts it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        identity = request_id(scope)
        structlog.contextvars.bind_contextvars(request_id=identity)

        async def stamp(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = identity
                headers.update(scope["state"].get("answer_headers", {}))
            await send(message)

        try:
            await self._app(scope, receive, stamp)
        finally:
            _count(scope, status, time.perf_counter() - started)


def _count(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = route_template(scope)
    HTTP_REQUESTS.labels(route, method, status or "none").inc()
    HTTP_SECONDS.labels(route, method).observe(seconds)


def _given(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE.fullmatch(value):
            return str(value.decode())
    return None
