"""JSON from strangers: one meaning or a clean 400."""

from __future__ import annotations

import asyncio
import json
import re
from email.message import Message
from typing import TYPE_CHECKING, Any

from retouch.errors import InvalidRequest, UnsupportedMediaType

if TYPE_CHECKING:
    from starlette.requests import Request

_BIG = 256 * 1024  # bytes from which parsing leaves the event loop
_MAX_DEPTH = 32
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        UnsupportedMediaType: another content type.
        InvalidRequest: not UTF-8, not JSON, not an object, or JSON that two readers could read differently.
    """
    _require_json(request.headers.get("content-type"))
    raw = await request.body()
    return await asyncio.to_thread(parse_object, raw) if len(raw) > _BIG else parse_object(raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """``raw`` as one JSON object: no duplicate names, NaN, NUL or lone surrogates, at most 32 levels deep."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.") from None
    except ValueError:
        raise InvalidRequest("The body has a number that is too long.") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.")
    _check(value, escaped="\\u" in text)
    return value


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


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidRequest(f"The body has {_printable(twice)!r} twice.", param=_printable(twice))
    return found


def _refuse_constant(name: str) -> Any:
    raise InvalidRequest(f"{name} is not JSON.")


def _check(value: Any, *, escaped: bool, depth: int = 1) -> None:
    """Depth, and strings that a database column cannot hold; those can only come in by an escape."""
    if depth > _MAX_DEPTH:
        raise InvalidRequest("The body is nested too deeply.")
    if isinstance(value, str):
        if escaped and _UNSTORABLE.search(value):
            raise InvalidRequest("The body has a NUL or half a surrogate pair in a string.")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check(name, escaped=escaped, depth=depth)
            _check(member, escaped=escaped, depth=depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, escaped=escaped, depth=depth + 1)


def _printable(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:64]
