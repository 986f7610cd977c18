"""Every error answer, in one shape: ``{"error": {"code", "message", "type", "param"?, "request_id"}}``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from retouch import telemetry
from retouch.api.context import request_id
from retouch.errors import (
    Forbidden,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    RequestError,
    ServiceUnavailable,
    StorageUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

RETRY_AFTER_S = "5"

_log = telemetry.logger(__name__)


def document(error: RequestError, request: str) -> dict[str, Any]:
    """The body of an error answer; ``param`` only where one field is at fault."""
    fields: dict[str, Any] = {"code": error.status, "message": error.message, "type": error.type}
    if error.param is not None:
        fields["param"] = error.param
    return {"error": {**fields, "request_id": request}}


def answer(error: RequestError, scope: Scope) -> Response:
    """The error as an HTTP answer."""
    body = json.dumps(document(error, request_id(scope)), ensure_ascii=False).encode()
    return Response(body, error.status, error.headers, media_type="application/json")


def translate(error: Exception) -> RequestError:
    """What a client is told of ``error``; whatever is not foreseen is a 500 without internals."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, HTTPException):
        return _routing_error(error)
    if isinstance(error, RequestValidationError):
        return _parameter_error(error)
    if isinstance(error, StorageUnavailable):
        return unavailable("The picture store does not answer.")
    return InternalError("Something went wrong on our side. The request_id finds it in the server's log.")


def unavailable(message: str) -> ServiceUnavailable:
    """A 503 that says when to come back."""
    return ServiceUnavailable(f"{message} Try again shortly.", headers={"Retry-After": RETRY_AFTER_S})


def method_not_allowed(allow: str) -> MethodNotAllowed:
    """A 405 with the methods that the path takes."""
    return MethodNotAllowed(
        f"This route does not take that method; it takes {allow}.", headers={"Allow": allow}
    )


async def handle(request: Request, error: Exception) -> Response:
    """Starlette's exception handler for everything that is foreseen."""
    if isinstance(error, HTTPException) and error.status_code == MethodNotAllowed.status:
        error = method_not_allowed(", ".join(_methods(request)))
    return answer(translate(error), request.scope)


def _methods(request: Request) -> list[str]:
    """What the path takes, of all its routes; the router itself names only those of the first."""
    routes: Sequence[Route] = request.app.state.routes
    path = next(route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    # A route that is hidden is there to refuse, unless it is a HEAD.
    told = [each for each in routes if each.include_in_schema or each.methods == {"HEAD"}]
    return sorted({method for each in told if each.path == path for method in each.methods or ()})


FORESEEN: Mapping[Any, Any] = {
    RequestError: handle,
    HTTPException: handle,
    RequestValidationError: handle,
    StorageUnavailable: handle,
}


class Boundary:
    """Turns whatever comes out of the application into an answer. A client that left gets none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer when that raises before an answer has begun."""
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            _log.debug("client left", path=scope.get("path"))
        except Exception as error:
            if scope["type"] != "http":
                raise
            public = translate(error)
            if isinstance(public, InternalError):
                _log.error("request failed", path=scope["path"], exc_info=error)
            if begun:
                raise
            await answer(public, scope)(scope, receive, send)


def _routing_error(error: HTTPException) -> RequestError:
    headers = dict(error.headers or {})
    if error.status_code == NotFound.status:
        return NotFound("There is no such route; GET /openapi.json lists those there are.")
    if error.status_code == Forbidden.status:
        return Forbidden(str(error.detail), headers=headers)
    return InvalidRequest(str(error.detail), headers=headers)


def _parameter_error(error: RequestValidationError) -> InvalidRequest:
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return InvalidRequest(f"{name}: {first['msg']}", param=name)
