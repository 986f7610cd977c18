"""The body of a JSON request."""

from __future__ import annotations

import asyncio
from email.message import Message
from typing import TYPE_CHECKING, Any

from retouch.api.strict_json import parse_object
from retouch.errors import InvalidRequest, UnsupportedMediaType

if TYPE_CHECKING:
    from starlette.requests import Request

_BIG = 256 * 1024  # bytes from which parsing leaves the event loop


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        UnsupportedMediaType: another content type.
        InvalidRequest: not UTF-8, not JSON, not an object, or JSON that two readers could read differently.
    """
    _require_json(request.headers.get("content-type"))
    raw = await request.body()
    return await asyncio.to_thread(parse_object, raw) if len(raw) > _BIG else parse_object(raw)


def media_type(header: str | None) -> tuple[str, str | None]:
    """Content type in lower case, and its charset if it names one."""
    message = Message()
    message["content-type"] = header or ""
    return message.get_content_type() if header else "", message.get_content_charset()


def _require_json(header: str | None) -> None:
    kind, charset = media_type(header)
    if kind != "application/json":
        raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
    if charset not in {None, "utf-8", "utf8", "us-ascii"}:
        raise InvalidRequest("JSON is UTF-8; leave the charset away.")
