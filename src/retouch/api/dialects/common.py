"""What all dialects read alike: model, prompt, n, seed, the extensions, and what nobody knows. Pure."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from retouch.api.dialects import fields
from retouch.api.dialects.draft import ignore
from retouch.errors import InvalidRequest
from retouch.task import DEFAULT_MODEL, EditRequest, Ignored

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from retouch.settings import Settings

_MAX_UNKNOWN = 50
_MAX_NAME = 64


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


def unknown(body: Mapping[str, Any], known: Collection[str], *, strict: bool) -> tuple[Ignored, ...]:
    """The fields of ``body`` that are not ``known``; under ``strict`` the first one is refused."""
    names = [name for name in body if name not in known]
    if len(names) > _MAX_UNKNOWN or any(len(name) > _MAX_NAME for name in names):
        raise InvalidRequest("The body has too many unknown fields, or one with a very long name.")
    if names and strict:
        raise InvalidRequest(f"{names[0]} is not known here, and strict was asked for.", param=names[0])
    return ignore(names)


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
