"""xAI's image edits: JSON with ``image: {"url": …}`` in, pictures out at once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from retouch.api.dialects import common, fields
from retouch.api.dialects.draft import Draft, Reply, ignore
from retouch.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.settings import Settings

_FORMS: Final = ("url", "b64_json")
_UNHONOURED: Final = ("resolution", "quality", "user")
_KNOWN: Final = frozenset(
    {"model", "prompt", "image", "images", "n", "response_format", "aspect_ratio"}
    | {*_UNHONOURED, *fields.EXTENSIONS}
)


def parse(body: Mapping[str, Any], settings: Settings) -> Draft:
    """The submit that ``body`` asks for; raises InvalidRequest naming the first field at fault."""
    strict = fields.flag(body, "strict")
    urls = _urls(body, settings.images_max)
    unhonoured = [name for name in _UNHONOURED if body.get(name) not in {None, "auto"}]
    if strict and unhonoured:
        raise InvalidRequest(f"{unhonoured[0]} is not honoured here.", param=unhonoured[0])
    ignored = (
        *common.unknown(body, _KNOWN, strict=strict),
        *ignore(unhonoured, "no engine here has a use for it"),
    )
    sized = {**body, "size": _size(body)}
    form = fields.choice(body, "response_format", _FORMS) or "url"
    return Draft(
        common.request(sized, settings, ignored),
        urls,
        tuple("image.url" if len(urls) == 1 else f"images[{index}].url" for index in range(len(urls))),
        fields.string(body, "mask_url"),
        strict=strict,
        seeded=body.get("seed") is not None,
        reply=Reply("xai", "b64_json" if form == "b64_json" else "url"),
    )


def _size(body: Mapping[str, Any]) -> str | None:
    """``aspect_ratio`` is a ``size`` that is a ratio; both at once would be two answers to one question."""
    ratio, size = fields.string(body, "aspect_ratio"), fields.string(body, "size")
    if ratio not in {None, "auto"} and size not in {None, "auto"}:
        raise InvalidRequest("Give aspect_ratio or size, not both.", param="aspect_ratio")
    return size if ratio in {None, "auto"} else ratio


def _urls(body: Mapping[str, Any], most: int) -> tuple[str, ...]:
    if (body.get("image") is None) == (body.get("images") is None):
        raise InvalidRequest('Give image: {"url": "…"}, or images as a list of those.', param="image")
    if body.get("image") is None:
        return common.linked(body["images"], "url", most, "images")
    return common.linked([body["image"]], "url", most, "image")
