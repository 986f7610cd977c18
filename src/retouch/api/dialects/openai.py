"""OpenAI's image edits: a form (or JSON) in, pictures out at once, or as a stream of events. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from retouch.api.dialects import common, fields
from retouch.api.dialects.draft import Draft, Reply, ignore
from retouch.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retouch.settings import Settings

MAX_PARTIALS: Final = 3
_FORMS: Final = ("b64_json", "url")
_BACKGROUNDS: Final = ("auto", "opaque", "transparent")
# Understood, and honoured by nobody yet; "auto" asks for nothing.
_UNHONOURED: Final = ("quality", "input_fidelity", "moderation", "user", "background")
_KNOWN: Final = frozenset(
    {"model", "prompt", "image", "images", "mask", "n", "response_format", "stream", "partial_images"}
    | {*_UNHONOURED, *fields.EXTENSIONS}
)
# Fields of a form are text; these mean something else.
_WHOLE: Final = frozenset({"n", "seed", "steps", "output_compression", "partial_images"})
_NUMBERS: Final = frozenset({"strength", "guidance"})
_FLAGS: Final = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
_MAX_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class FormField:
    """One part of a form: ``data`` of a file, else its text."""

    name: str
    data: bytes
    is_file: bool


def parse_form(parts: Sequence[FormField], settings: Settings) -> Draft:
    """The submit that a form asks for; raises InvalidRequest naming the first field at fault."""
    images = [part for part in parts if part.name in {"image", "image[]"}]
    masks = [part for part in parts if part.name == "mask"]
    if not 1 <= len(images) <= settings.images_max or not all(part.is_file for part in images):
        raise InvalidRequest(f"Send 1 to {settings.images_max} files as image or image[].", param="image")
    if len(masks) > 1 or not all(part.is_file for part in masks):
        raise InvalidRequest("mask is one file.", param="mask")
    files = {"image", "image[]", "mask"}
    body = typed(part for part in parts if part.name not in files)
    draft = _draft(body, settings)
    pictures = tuple(part.data for part in images)
    names = tuple(part.name if len(images) == 1 else f"{part.name}[{i}]" for i, part in enumerate(images))
    if masks:
        return replace(draft, pictures=pictures, names=names, mask=masks[0].data, mask_name="mask")
    return replace(draft, pictures=pictures, names=names)


def parse(body: Mapping[str, Any], settings: Settings) -> Draft:
    """The submit of a JSON body with ``images: [{"image_url": …}]``."""
    urls = common.linked(body.get("images"), "image_url", settings.images_max, "images")
    mask = body.get("mask")
    if mask is not None and not (isinstance(mask, dict) and isinstance(mask.get("image_url"), str)):
        raise InvalidRequest('mask must be {"image_url": "…"}.', param="mask")
    draft = _draft(body, settings)
    names = tuple(f"images[{index}].image_url" for index in range(len(urls)))
    if mask is not None:
        return replace(draft, pictures=urls, names=names, mask=mask["image_url"], mask_name="mask")
    return replace(draft, pictures=urls, names=names)


def typed(parts: Iterable[FormField]) -> dict[str, Any]:
    """A form's text fields as JSON would have them.

    Raises:
        InvalidRequest: a field twice, one that is not UTF-8, or a number or truth value that is none.
    """
    body: dict[str, Any] = {}
    for part in parts:
        if part.name in body:
            raise InvalidRequest(f"{part.name} stands twice in the form.", param=part.name[:64])
        try:
            text = part.data.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidRequest(f"{part.name} is not UTF-8.", param=part.name[:64]) from None
        if "\0" in text:
            raise InvalidRequest(f"{part.name} holds a zero character.", param=part.name[:64])
        body[part.name] = _value(part.name, text)
    return body


def _value(name: str, text: str) -> Any:
    try:
        if name in _WHOLE and len(text) <= _MAX_DIGITS and text.isascii():
            return int(text)
        if name in _NUMBERS and len(text) <= _MAX_DIGITS:
            return float(text)
        if name in {"stream", "strict"}:
            return _FLAGS[text]
        return json.loads(text) if name == "metadata" else text
    except (ValueError, KeyError, RecursionError):
        raise InvalidRequest(f"{name} has a value that it cannot have.", param=name) from None


def _draft(body: Mapping[str, Any], settings: Settings) -> Draft:
    strict = fields.flag(body, "strict")
    partials = fields.whole(body, "partial_images", 0, MAX_PARTIALS) or 0
    stream = fields.flag(body, "stream")
    fields.choice(body, "background", _BACKGROUNDS)
    unhonoured = [name for name in _UNHONOURED if body.get(name) not in {None, "auto"}]
    if strict and unhonoured:
        raise InvalidRequest(f"{unhonoured[0]} is not honoured here.", param=unhonoured[0])
    ignored = (
        *common.unknown(body, _KNOWN, strict=strict),
        *ignore(unhonoured, "no engine here has a use for it; say what you want in the prompt"),
    )
    request = common.request(body, settings, ignored)
    form = fields.choice(body, "response_format", _FORMS) or "b64_json"
    reply = Reply("openai", "url" if form == "url" else "b64_json", stream)
    return Draft(
        replace(request, previews=partials if stream else 0),
        pictures=(),
        names=(),
        mask=fields.string(body, "mask_url"),
        strict=strict,
        seeded=body.get("seed") is not None,
        reply=reply,
    )
