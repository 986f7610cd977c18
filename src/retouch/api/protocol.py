"""Uvicorn's HTTP protocol, with bounds on the head of a request and on what comes after an answer.

The application sees a request only when its head is complete, so a head that trickles in or never ends must
be judged here. Bytes of a body that nobody reads any more (the answer is out) are judged here, too.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from retouch.api.context import new_request_id
from retouch.api.problems import document
from retouch.errors import HeadersTooLarge, InvalidRequest, RequestError, RequestTimeout

if TYPE_CHECKING:
    from retouch.settings import Settings

# Closing under a client that still sends loses it the answer, so one that errs by little is heard out.
_PATIENCE = 4
_OFFER = frozenset({b"connection", b"upgrade", b"http2-settings"})
_LATE_S = 5.0  # after the application's own deadline for the body, which answers with 408


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """Bounds of one request on the wire."""

    head_bytes: int
    head_fields: int
    head_seconds: float
    body_bytes: int
    body_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> HeadLimits:
        """The bounds that the settings name."""
        return cls(
            settings.header_max_bytes,
            settings.header_max_count,
            settings.headers_timeout_s,
            settings.body_max_bytes,
            settings.request_timeout_s,
        )


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, limits: HeadLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._complete_heads = 0
        self._head_bytes = self._head_fields = self._unread_bytes = 0
        self._refusal: RequestError | None = None
        self._offered = False

    # --- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base
        """A client has until the head's deadline to send its first request."""
        super().connection_made(transport)
        self._arm(self._limits.head_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is still incomplete, then parse."""
        in_head, complete = self._in_head, self._complete_heads
        if in_head and self._timer is None:
            self._arm(self._limits.head_seconds, self._head_is_late)
        self._unset_keepalive_if_required()
        self._feed(data)
        if in_head and complete == self._complete_heads and not self.transport.is_closing():
            # A field that never ends reaches no callback before it does.
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes:
                self._refuse(self._too_large())

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("")

    def _decline(self, rest: bytes) -> None:
        """Go on in HTTP/1.1 with a client that offered another protocol, as Java's does with each request.

        The parser takes such a request for one without a body. So it begins anew, with the head as it would
        be without the offer; ``rest`` is what had arrived behind the head.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(InvalidRequest("This server is no proxy."))
            return
        kept = [b"%s: %s\r\n" % field for field in self.headers if field[0] not in _OFFER]
        close = any(name == b"connection" and b"close" in value.lower() for name, value in self.headers)
        kept.append(b"connection: close\r\n" if close else b"")
        self.parser = httptools.HttpRequestParser(self)
        self._offered = False
        self._feed(b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, self.url, b"".join(kept), rest))

    # --- the parser's callbacks

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = self._head_fields = self._unread_bytes = 0
        if self._timer is None:
            self._arm(self._limits.head_seconds, self._head_is_late)

    def on_url(self, url: bytes) -> None:
        """Part of the target."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One whole field. Those of a trailer are counted and dropped: nobody has judged them."""
        self._head_fields += 1
        self._count_head(len(name) + len(value))
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete: the application takes over, the body's deadline begins."""
        if self.parser.should_upgrade():
            self._offered = True
            return
        self._require_host()
        self._in_head = False
        self._complete_heads += 1
        self._arm(self._limits.body_seconds + _LATE_S, self._close)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bytes for the application; after its answer, bytes that are thrown away, to a point."""
        if self.cycle.response_complete:
            self._unread_bytes += len(body)
            if self._unread_bytes > self._limits.body_bytes * _PATIENCE:
                self._close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        if self._offered:
            return
        self._disarm()
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()

    # --- refusals

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the base's signature
        """The parser gave up: because of us, or because this is not HTTP."""
        self._refuse(self._refusal or InvalidRequest("This is not a valid HTTP/1.1 request."))

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        over = self._head_bytes > self._limits.head_bytes or self._head_fields > self._limits.head_fields
        if over:
            self._refusal = self._too_large()
            raise self._refusal  # the parser stops, and calls send_400_response

    def _require_host(self) -> None:
        """RFC 9112 section 3.2: with two, we and a proxy before us could each believe another one."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            self._refusal = InvalidRequest("The request must have exactly one Host field.")
            raise self._refusal  # the parser stops, and calls send_400_response

    def _too_large(self) -> HeadersTooLarge:
        most = self._limits
        return HeadersTooLarge(
            f"The request's head is too large: at most {most.head_bytes} bytes and {most.head_fields} fields."
        )

    def _head_is_late(self) -> None:
        if self._head_bytes == 0:
            self._close()  # nothing was asked, so nothing is answered
        else:
            seconds = self._limits.head_seconds
            self._refuse(RequestTimeout(f"The request's head did not arrive within {seconds:g} seconds."))

    def _refuse(self, error: RequestError) -> None:
        self._disarm()
        if self.transport.is_closing():
            return
        request = new_request_id()
        body = json.dumps(document(error, request)).encode()
        fields = (
            "content-type: application/json",
            "connection: close",
            f"x-request-id: {request}",
            f"content-length: {len(body)}",
        )
        head = "\r\n".join(fields).encode() + b"\r\n\r\n"
        self.transport.write(STATUS_LINE[error.status] + head + body)
        self.transport.close()

    def _close(self) -> None:
        self._disarm()
        self.transport.close()

    def _arm(self, seconds: float, then: Any) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
