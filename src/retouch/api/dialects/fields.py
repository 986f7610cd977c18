"""One reader per kind of field. Each gives the value, or None where the field is absent or null."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from retouch.errors import InvalidRequest
from retouch.fetch.policy import FetchPolicy
from retouch.fetch.webhook import webhook_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.settings import Settings

MAX_N = 10
MAX_SEED = 2**31 - 1
MAX_STEPS = 150
MAX_GUIDANCE = 30
OUTPUT_FORMATS = ("png", "jpeg", "webp", "avif")
BACKGROUNDS = ("auto", "opaque", "transparent")
EXTENSIONS = (
    "seed",
    "size",
    "mask_url",
    "negative_prompt",
    "strength",
    "steps",
    "guidance",
    "output_format",
    "output_compression",
    "background",
    "metadata",
    "webhook",
    "strict",
)

_MIN_SIDE, _MAX_SIDE = 16, 16_384
_MAX_PAIRS, _MAX_NAME, _MAX_VALUE = 16, 64, 512
_PIXELS = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)
_RATIO = re.compile(r"[1-9]\d?:[1-9]\d?", re.ASCII)


def extensions(body: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The fields that are legal in every dialect, as arguments of an EditRequest."""
    return {
        "size": size(body, settings.image_max_pixels),
        "negative_prompt": text(body, "negative_prompt", settings.prompt_max_chars),
        "strength": number(body, "strength", 0, 1),
        "steps": whole(body, "steps", 1, MAX_STEPS),
        "guidance": number(body, "guidance", 0, MAX_GUIDANCE),
        "output_format": choice(body, "output_format", OUTPUT_FORMATS) or "png",
        "output_compression": whole(body, "output_compression", 0, 100),
        "background": background(body),
        "metadata": metadata(body),
        "webhook": webhook(body, "webhook", settings),
    }


def text(body: Mapping[str, Any], name: str, most: int) -> str | None:
    """A string of 1 to ``most`` characters after NFC and trim."""
    value = string(body, name)
    if value is None:
        return None
    value = unicodedata.normalize("NFC", value).strip()
    if not value:
        raise InvalidRequest(f"{name} is empty.", param=name)
    if len(value) > most:
        raise InvalidRequest(f"{name} has {len(value)} characters; at most {most} are taken.", param=name)
    return value


def string(body: Mapping[str, Any], name: str) -> str | None:
    """Any string."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"{name} must be a string.", param=name)
    return value


def whole(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """An integer from ``low`` to ``high``; not a string of digits, not 1.0, not true."""
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not low <= value <= high:
        raise InvalidRequest(f"{name} must be an integer from {low} to {high}.", param=name)
    return value


def number(body: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """A number from ``low`` to ``high``."""
    value = body.get(name)
    if value is None:
        return None
    if type(value) not in {int, float} or not low <= value <= high:
        raise InvalidRequest(f"{name} must be a number from {low} to {high}.", param=name)
    return float(value)


def flag(body: Mapping[str, Any], name: str) -> bool:
    """True or false; absent is false."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false.", param=name)
    return bool(value)


def choice(body: Mapping[str, Any], name: str, options: tuple[str, ...]) -> str | None:
    """One of ``options``."""
    value = string(body, name)
    if value is not None and value not in options:
        raise InvalidRequest(f"{name} must be one of {', '.join(options)}.", param=name)
    return value


def size(body: Mapping[str, Any], most_pixels: int, name: str = "size") -> str | None:
    """``WIDTHxHEIGHT`` or a ratio as ``16:9``; ``auto`` is the same as leaving it away."""
    value = string(body, name)
    if value is None or value == "auto":
        return None
    if match := _PIXELS.fullmatch(value):
        width, height = int(match[1]), int(match[2])
        if min(width, height) < _MIN_SIDE or max(width, height) > _MAX_SIDE or width * height > most_pixels:
            raise InvalidRequest(
                f"{name} must have sides of {_MIN_SIDE} to {_MAX_SIDE} and at most {most_pixels} pixels.",
                param=name,
            )
    elif not _RATIO.fullmatch(value):
        raise InvalidRequest(f'{name} must be "auto", a size as "1024x768" or a ratio as "16:9".', param=name)
    return value


def background(body: Mapping[str, Any]) -> str | None:
    """``opaque`` or ``transparent``; ``auto`` is the same as leaving it away."""
    value = choice(body, "background", BACKGROUNDS)
    return None if value == "auto" else value


def metadata(body: Mapping[str, Any]) -> dict[str, str]:
    """At most 16 pairs of strings, given back with the task."""
    value = body.get("metadata")
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(member, str) for member in value.values()):
        raise InvalidRequest("metadata must be an object of strings.", param="metadata")
    if len(value) > _MAX_PAIRS or any(
        len(name) > _MAX_NAME or len(member) > _MAX_VALUE for name, member in value.items()
    ):
        raise InvalidRequest(
            f"metadata has at most {_MAX_PAIRS} pairs; a name has at most {_MAX_NAME} characters, "
            f"a value {_MAX_VALUE}.",
            param="metadata",
        )
    return value


def webhook(body: Mapping[str, Any], name: str, settings: Settings) -> str | None:
    """The URL of a receiver, in its one spelling; one that could be delivered to."""
    value = string(body, name)
    if value is None:
        return None
    if settings.public_url is None:
        raise InvalidRequest(
            f"{name}: webhooks are not set up here: the owner of this server must set RETOUCH_PUBLIC_URL, "
            "the address that the pictures in a message lead to.",
            param=name,
        )
    try:
        return webhook_url(value, FetchPolicy.from_settings(settings))
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}", param=name) from None
