"""JSON from strangers: one meaning or a clean 400. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from retouch.errors import InvalidRequest

_MAX_DEPTH = 32
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parse_object(raw: bytes) -> dict[str, Any]:
    """``raw`` as one JSON object; see :func:`parse_value`."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not UTF-8.") from None
    value = parse_value(text)
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return value


def parse_value(text: str) -> Any:
    """Any JSON value: no duplicate names, NaN, NUL or lone surrogates, at most 32 levels deep.

    Raises:
        InvalidRequest: it is not JSON, or JSON that two readers could read differently.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.") from None
    except ValueError:
        raise InvalidRequest("The body has a number that is too long.") from None
    _check(value, escaped="\\u" in text)
    return value


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
