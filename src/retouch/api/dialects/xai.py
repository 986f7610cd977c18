"""xAI's image edits: JSON with ``image: {"url": …}`` in, pictures out at once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from retouch.api.dialects import common, fields
from retouch.api.dialects.draft import Draft, Reply
from retouch.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.settings import Settings

_FORMS: Final = ("url", "b64_json")
_KNOWN: Final = frozenset(
    {"model", "prompt", "image", "images", "n", "response_format", "aspect_ratio", *fields.EXTENSIONS}
)


def parse(body: Mapping[str, Any], settings: Settings) -> Draft:
    """The submit that ``body`` asks for; raises InvalidRequest naming the first field at fault."""
    strict = fields.flag(body, "strict")
    urls, names = _pictures(body, settings.images_max)
    ignored = common.unhonoured(body, _KNOWN, strict=strict)
    sized = {**body, "size": _size(body, settings.image_max_pixels)}
    form = fields.choice(body, "response_format", _FORMS) or "url"
    return Draft(
        common.request(sized, settings, ignored),
        urls,
        names,
        fields.string(body, "mask_url"),
        strict=strict,
        seeded=body.get("seed") is not None,
        reply=Reply("xai", "b64_json" if form == "b64_json" else "url"),
    )


def _size(body: Mapping[str, Any], most_pixels: int) -> str | None:
    """``aspect_ratio`` is a ``size`` that is a ratio; both at once would be two answers to one question."""
    ratio, size = fields.size(body, most_pixels, "aspect_ratio"), fields.size(body, most_pixels)
    if ratio is not None and size is not None:
        raise InvalidRequest("Give aspect_ratio or size, not both.", param="aspect_ratio")
    return ratio or size


def _pictures(body: Mapping[str, Any], most: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The URLs, and the fields that they stand in."""
    if (body.get("image") is None) == (body.get("images") is None):
        raise InvalidRequest('Give image: {"url": "…"}, or images as a list of those.', param="image")
    if body.get("image") is not None:
        return common.linked([body["image"]], "url", most, "image"), ("image.url",)
    urls = common.linked(body["images"], "url", most, "images")
    return urls, tuple(f"images[{index}].url" for index in range(len(urls)))
