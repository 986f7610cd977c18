"""The hosted asynchronous API's wire: a JSON submit in, its answers out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retouch.api.dialects import common, fields
from retouch.api.dialects.draft import Draft
from retouch.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.settings import Settings

VERSION_HEADER = "X-APIMart-Response-Version"
VERSION = "2026-07-27"

_KNOWN = frozenset({"model", "prompt", "image_urls", "n", *fields.EXTENSIONS})


def parse(body: Mapping[str, Any], settings: Settings) -> Draft:
    """The submit that ``body`` asks for; raises InvalidRequest naming the first field at fault."""
    strict = fields.flag(body, "strict")
    pictures = _image_urls(body, settings.images_max)
    request = common.request(body, settings, common.unhonoured(body, _KNOWN, strict=strict))
    names = tuple(f"image_urls[{index}]" for index in range(len(pictures)))
    mask = fields.string(body, "mask_url")
    return Draft(request, pictures, names, mask, strict=strict, seeded=body.get("seed") is not None)


def submitted(task_id: str) -> dict[str, Any]:
    """The answer to a submit."""
    return {"code": 200, "data": [{"status": "submitted", "task_id": task_id}]}


def queued(task_id: str, poll_url: str, request_id: str) -> dict[str, Any]:
    """The answer to a submit that asked for the 2026-07-27 form."""
    data = {"id": task_id, "status": "queued", "poll_url": poll_url}
    return {"code": 202, "data": data, "request_id": request_id}


def missing(task_id: str) -> dict[str, Any]:
    """What a batch says of an id that is nobody's, or somebody else's."""
    return {"id": task_id, "status": "not_found"}


def _image_urls(body: Mapping[str, Any], most: int) -> tuple[str, ...]:
    urls = body.get("image_urls")
    if urls is None:
        raise InvalidRequest("image_urls is required: a list with one picture or more.", param="image_urls")
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise InvalidRequest("image_urls must be a list of strings.", param="image_urls")
    if not 1 <= len(urls) <= most:
        raise InvalidRequest(f"image_urls must have 1 to {most} entries.", param="image_urls")
    return tuple(urls)
