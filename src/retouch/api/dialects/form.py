"""A form's text fields, read as JSON would have them: the same field means the same in both. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from retouch.api.strict_json import parse_value
from retouch.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

# Fields that are no strings in JSON. Which values a field can have, its reader in fields.py says.
_LITERALS: Final = frozenset(
    {"n", "seed", "steps", "output_compression", "partial_images", "strength", "guidance", "metadata"}
)
_FLAGS: Final = frozenset({"stream", "strict"})
_TRUTH: Final = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
# How the openai SDK sends the members of an object: metadata[order]=17.
_MEMBER: Final = re.compile(r"metadata\[(.+)\]", re.DOTALL)
_MAX_SHOWN: Final = 64  # characters of a name in an error


@dataclass(frozen=True, slots=True)
class FormField:
    """One part of a form: ``data`` of a file, else its text."""

    name: str
    data: bytes
    is_file: bool


def typed(parts: Iterable[FormField]) -> dict[str, Any]:
    """The text fields by name.

    Raises:
        InvalidRequest: a field twice, one that is not UTF-8, or one that is no number or truth value where
            only such a one will do.
    """
    body: dict[str, Any] = {}
    members: dict[str, str] = {}
    for part in parts:
        member = _MEMBER.fullmatch(part.name)
        name, fields = (member[1], members) if member else (part.name, body)
        if name in fields:
            raise InvalidRequest(f"{_shown(part)} stands twice in the form.", param=_shown(part))
        fields[name] = _text(part) if member else _value(part)
    if members and "metadata" in body:
        raise InvalidRequest("metadata stands twice in the form.", param="metadata")
    return body | ({"metadata": members} if members else {})


def _value(part: FormField) -> Any:
    if part.is_file and not _is_text(part.data):
        return []  # which no field takes, and an unknown one may have like anything else
    text = _text(part)
    if part.name in _FLAGS:
        if text not in _TRUTH:
            raise InvalidRequest(f"{part.name} must be true or false.", param=part.name)
        return _TRUTH[text]
    if part.name not in _LITERALS:
        return text
    try:
        return parse_value(text)
    except InvalidRequest:
        raise InvalidRequest(f"{part.name} has a value that it cannot have.", param=part.name) from None


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(part: FormField) -> str:
    try:
        text = part.data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{_shown(part)} is not UTF-8.", param=_shown(part)) from None
    if "\0" in text:
        raise InvalidRequest(f"{_shown(part)} holds a zero character.", param=_shown(part))
    return text


def _shown(part: FormField) -> str:
    return part.name[:_MAX_SHOWN]
