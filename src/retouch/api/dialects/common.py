"""What all dialects read alike: model, prompt, n, seed, the extensions, and what nobody knows. Pure."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from retouch.api.dialects import fields
from retouch.errors import InvalidRequest
from retouch.task import DEFAULT_MODEL, EditRequest, Ignored

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from retouch.settings import Settings

_MAX_UNKNOWN = 50
_MAX_NAME = 64
# What clients of the three APIs send beside the instruction, and no engine here has a use for; said so in
# every dialect alike. "auto" asks for nothing.
_UNUSED: Final = frozenset(
    {"quality", "input_fidelity", "moderation", "user", "safety_identifier", "resolution"}
    | {"complexity", "frame_count", "frame_duration_ms", "markup"}
)
_NO_USE: Final = "no engine here has a use for it; say what you want in the prompt"


def request(body: Mapping[str, Any], settings: Settings, ignored: tuple[Ignored, ...]) -> EditRequest:
    """The request without its pictures; raises InvalidRequest naming the first field at fault."""
    n = _or(fields.whole(body, "n", 1, fields.MAX_N), 1)
    return EditRequest(
        model=model(body, settings),
        prompt=prompt(body, settings),
        sources=(),
        n=n,
        seed=_seed(body, n),
        ignored=ignored,
        **fields.extensions(body, settings),
    )


def unhonoured(body: Mapping[str, Any], known: Collection[str], *, strict: bool) -> tuple[Ignored, ...]:
    """What ``body`` asks for beside the ``known`` fields, with the reason why nobody does it.

    Under ``strict`` the first one is refused. ``null`` asks for nothing.
    """
    names = [name for name, value in body.items() if name not in known and value is not None]
    if len(names) > _MAX_UNKNOWN or any(len(name) > _MAX_NAME for name in names):
        raise InvalidRequest("The body has too many unknown fields, or one with a very long name.")
    found = [
        Ignored(name, _NO_USE if name in _UNUSED else "unknown parameter")
        for name in names
        if name not in _UNUSED or body[name] != "auto"
    ]
    return refuse_if_strict(tuple(found), strict=strict)


def refuse_if_strict(ignored: tuple[Ignored, ...], *, strict: bool) -> tuple[Ignored, ...]:
    """``ignored``, or under ``strict`` InvalidRequest naming the first of them."""
    if ignored and strict:
        first = ignored[0]
        raise InvalidRequest(
            f"{first.param} would be ignored ({first.reason}), and strict was asked for.", param=first.param
        )
    return ignored


def prompt(body: Mapping[str, Any], settings: Settings) -> str:
    """The instruction; required."""
    text = fields.text(body, "prompt", settings.prompt_max_chars)
    if text is None:
        raise InvalidRequest("prompt is required.", param="prompt")
    return text


def model(body: Mapping[str, Any], settings: Settings) -> str:
    """The model's name; one that is served here."""
    name = fields.string(body, "model")
    if name is None and DEFAULT_MODEL in settings.models:
        return DEFAULT_MODEL
    if name not in settings.models:
        known = ", ".join(sorted(settings.models))
        raise InvalidRequest(f"There is no such model here; there are: {known}.", param="model")
    return name


def _seed(body: Mapping[str, Any], n: int) -> int:
    """The seed of the first picture; those of all ``n`` can be sent again."""
    largest = fields.MAX_SEED - (n - 1)
    return _or(fields.whole(body, "seed", 0, largest), secrets.randbelow(largest + 1))


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def linked(images: object, key: str, most: int, param: str) -> tuple[str, ...]:
    """The URLs of ``[{key: "…"}, …]``; InvalidRequest naming ``param`` where it is no such list."""
    if not isinstance(images, list) or not 1 <= len(images) <= most:
        raise InvalidRequest(f"{param} must be a list of 1 to {most} pictures.", param=param)
    urls = [image.get(key) if isinstance(image, dict) else None for image in images]
    found = tuple(url for url in urls if isinstance(url, str))
    if len(found) != len(images):
        raise InvalidRequest(f'A picture is given as {{"{key}": "…"}}.', param=param)
    return found
