"""Which dialect a submit speaks: told by its content type and by the field that its pictures stand in.

multipart/form-data                                        OpenAI
JSON with images: [{"image_url": …}]                       OpenAI
JSON with image: {"url": …} or images: [{"url": …}]        xAI
any other JSON (image_urls)                                the hosted asynchronous API
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retouch.api.auth import narrowed
from retouch.api.body import media_type, read_object
from retouch.api.dialects import apimart, openai, xai
from retouch.api.dialects.form import FormField
from retouch.api.multipart import read_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from retouch.api.dialects.draft import Draft
    from retouch.settings import Settings
    from retouch.tasks.keys import Principal

_OTHER_PARTS = 48  # fields of a form beside its pictures


async def read_draft(request: Request, settings: Settings, caller: Principal) -> Draft:
    """The submit in the body, whatever its dialect.

    Raises:
        RequestError: naming the first field at fault.
        Forbidden: a model that the caller's key may not use.
    """
    if media_type(request.headers.get("content-type"))[0] == "multipart/form-data":
        parts = await _fields(request, settings)
        named = [part.data.decode("utf-8", "replace") for part in parts if part.name == "model"]
        return openai.parse_form(parts, narrowed(caller, settings, named[-1] if named else None))
    body = await read_object(request)
    return _dialect(body)(body, narrowed(caller, settings, body.get("model")))


def _dialect(body: Mapping[str, Any]) -> Callable[[Mapping[str, Any], Settings], Draft]:
    if "image_urls" in body or not {"image", "images"} & body.keys():
        return apimart.parse
    images = body.get("images")
    first = images[0] if isinstance(images, list) and images else None
    named = isinstance(first, dict) and bool({"image_url", "file_id"} & first.keys())
    return openai.parse if named else xai.parse


async def _fields(request: Request, settings: Settings) -> list[FormField]:
    parts = await read_parts(
        request, most=settings.images_max + 1 + _OTHER_PARTS, most_bytes=settings.image_max_bytes
    )
    return [FormField(part.name, bytes(part.data), part.filename is not None) for part in parts]
