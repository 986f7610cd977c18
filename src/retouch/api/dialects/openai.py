"""OpenAI's image edits: a form (or JSON) in, pictures out at once, or as a stream of events. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from retouch.api.dialects import common, fields
from retouch.api.dialects.draft import Draft, Reply
from retouch.api.dialects.form import FormField, typed
from retouch.errors import InvalidRequest
from retouch.task import Ignored

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from retouch.api.dialects.draft import Given
    from retouch.settings import Settings

MAX_PARTIALS: Final = 3
_FORMS: Final = ("b64_json", "url")
_KNOWN: Final = frozenset(
    {"model", "prompt", "n", "response_format", "stream", "partial_images", *fields.EXTENSIONS}
)
_FILES: Final = frozenset({"image", "image[]", "mask"})


def parse_form(parts: Sequence[FormField], settings: Settings) -> Draft:
    """The submit that a form asks for; raises InvalidRequest naming the first field at fault."""
    images = [part for part in parts if part.name in {"image", "image[]"}]
    masks = [part for part in parts if part.name == "mask"]
    if not 1 <= len(images) <= settings.images_max or not all(part.is_file for part in images):
        raise InvalidRequest(f"Send 1 to {settings.images_max} files as image or image[].", param="image")
    if len(masks) > 1 or not all(part.is_file for part in masks):
        raise InvalidRequest("mask is one file.", param="mask")
    draft = _draft(typed(part for part in parts if part.name not in _FILES), _KNOWN, settings)
    names = tuple(part.name if len(images) == 1 else f"{part.name}[{i}]" for i, part in enumerate(images))
    pictured = replace(draft, pictures=tuple(part.data for part in images), names=names)
    return _masked(pictured, masks[0].data) if masks else pictured


def parse(body: Mapping[str, Any], settings: Settings) -> Draft:
    """The submit of a JSON body with ``images: [{"image_url": …}]``."""
    urls = common.linked(body.get("images"), "image_url", settings.images_max, "images")
    mask = body.get("mask")
    if mask is not None and not (isinstance(mask, dict) and isinstance(mask.get("image_url"), str)):
        raise InvalidRequest('mask must be {"image_url": "…"}.', param="mask")
    draft = _draft(body, {*_KNOWN, "images", "mask"}, settings)
    names = tuple(f"images[{index}].image_url" for index in range(len(urls)))
    pictured = replace(draft, pictures=urls, names=names)
    return pictured if mask is None else _masked(pictured, mask["image_url"])


def _draft(body: Mapping[str, Any], known: Collection[str], settings: Settings) -> Draft:
    strict = fields.flag(body, "strict")
    stream = fields.flag(body, "stream")
    partials = fields.whole(body, "partial_images", 0, MAX_PARTIALS) or 0
    form = fields.choice(body, "response_format", _FORMS)
    ignored = common.unhonoured(body, known, strict=strict) + common.refuse_if_strict(
        _without_effect(form, partials, stream=stream), strict=strict
    )
    return Draft(
        replace(common.request(body, settings, ignored), previews=partials if stream else 0),
        pictures=(),
        names=(),
        mask=fields.string(body, "mask_url"),
        strict=strict,
        seeded=body.get("seed") is not None,
        reply=Reply("openai", "url" if form == "url" else "b64_json", stream),
    )


def _without_effect(form: str | None, partials: int, *, stream: bool) -> tuple[Ignored, ...]:
    """Fields that are good ones, only not together with the others."""
    if stream and form == "url":
        return (Ignored("response_format", "a stream carries its pictures: b64_json"),)
    if partials and not stream:
        return (Ignored("partial_images", "only a stream shows them"),)
    return ()


def _masked(draft: Draft, mask: Given) -> Draft:
    if draft.mask is not None:
        raise InvalidRequest("Give mask or mask_url, not both.", param="mask")
    return replace(draft, mask=mask, mask_name="mask")
