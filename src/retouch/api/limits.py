"""Bounds on what a request may send: size, time, and how much all requests hold in memory together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from retouch.api import problems
from retouch.errors import InvalidRequest, PayloadTooLarge, RequestTimeout

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from retouch.settings import Settings

_MAX_DIGITS = 18


class Limits:
    """Judges a body by its declared length before a byte is read, and by its bytes while it arrives."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._most_in_flight = settings.bodies_in_flight_bytes
        self._in_flight = 0
        self.most = settings.body_max_bytes
        self.seconds = settings.request_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a guarded ``receive``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(self, receive)
        try:
            body.expect(_content_length(scope))
            await self._app(scope, body.receive, send)
        finally:
            body.release()

    def hold(self, size: int) -> None:
        """Count ``size`` more bytes in flight; raises ServiceUnavailable where they do not fit."""
        if size and self._in_flight + size > self._most_in_flight:
            raise problems.unavailable("Too many large requests are being read.")
        self._in_flight += size

    def release(self, size: int) -> None:
        """Count ``size`` bytes out."""
        self._in_flight -= size


class _Body:
    """One request's body while it arrives, and as long as the request may still hold it."""

    def __init__(self, limits: Limits, receive: Receive) -> None:
        self._limits = limits
        self._receive = receive
        self._deadline = asyncio.get_running_loop().time() + limits.seconds
        self._held = self._seen = 0
        self._complete = False

    def expect(self, length: int) -> None:
        """Make room for the declared length, 0 where none is declared."""
        self._refuse_over(length)
        self._hold(length)

    def release(self) -> None:
        """Give the room back."""
        self._limits.release(self._held)

    async def receive(self) -> Message:
        """The next piece; raises RequestTimeout, PayloadTooLarge or ServiceUnavailable."""
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout(
                f"The request did not arrive within {self._limits.seconds:g} seconds.",
                headers={"Connection": "close"},
            ) from None
        if message["type"] == "http.request":
            self._count(len(message.get("body", b"")))
            self._complete = not message.get("more_body", False)
        return message

    def _count(self, size: int) -> None:
        self._seen += size
        self._refuse_over(self._seen)
        self._hold(max(0, self._seen - self._held))

    def _hold(self, size: int) -> None:
        self._limits.hold(size)
        self._held += size

    def _refuse_over(self, size: int) -> None:
        if size > self._limits.most:
            raise PayloadTooLarge(
                f"The body has {size} bytes or more; at most {self._limits.most} bytes are taken."
            )


def _content_length(scope: Scope) -> int:
    """The declared length; 0 where there is none. The parser has refused what is no number."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit() or len(value) > _MAX_DIGITS:
                raise InvalidRequest("Content-Length is not a number.")
            return int(value)
    return 0
