"""POST /v1/uploads/images: a picture from the client's disk becomes a URL that a submit takes."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse
from ulid import ULID

from retouch.api import wire
from retouch.api.auth import MeteredCaller
from retouch.api.edits import refuse_when_full
from retouch.api.multipart import Part, read_parts
from retouch.api.openapi import form, problems_of
from retouch.api.services import Services, services
from retouch.errors import (
    ImageUnreadable,
    ImageUnsupported,
    InvalidRequest,
    RequestError,
    UnsupportedMediaType,
)
from retouch.fetch.source import require_picture
from retouch.tasks.uploads import Upload

router = APIRouter(tags=["uploads"])

_MAX_PARTS = 8  # one file; browsers' forms like to send a few fields along
_MAX_NAME = 255
# Controls, what a header or a path would stumble over, and what turns the direction of the text around it.
_UNPRINTABLE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]')


@router.post(
    "/v1/uploads/images",
    response_model=wire.UploadAnswer,
    responses=problems_of(400, 401, 403, 408, 413, 415, 429, 503),
    openapi_extra=form("file", "PNG, JPEG, WebP, GIF (first frame), AVIF or HEIC."),
)
async def upload_image(request: Request, caller: MeteredCaller) -> JSONResponse:
    """Keep a picture for a while. Its URL can be used in `image_urls` and `mask_url`."""
    house = services(request)
    refuse_when_full(house)
    parts = await read_parts(request, most=_MAX_PARTS, most_bytes=house.settings.image_max_bytes)
    part = _only_file(parts)
    kind = _format(part)
    upload = await _keep(house, caller.account_id, part, kind)
    url = house.links.sign(
        house.links.base(request), f"{upload.key}.{kind}", int(upload.expires_at.timestamp())
    )
    return JSONResponse(
        {
            "url": url,
            "filename": upload.filename,
            "content_type": upload.content_type,
            "bytes": upload.bytes,
            "created_at": int(upload.created_at.timestamp()),
        }
    )


def _only_file(parts: list[Part]) -> Part:
    files = [part for part in parts if part.name == "file"]
    if not files:
        raise InvalidRequest("Send the picture in a form field called file.", param="file")
    if len(files) > 1:
        raise InvalidRequest("The form has file more than once; send one picture at a time.", param="file")
    return files[0]


def _format(part: Part) -> str:
    if not part.data:
        raise InvalidRequest("The picture is empty.", param="file")
    try:
        return require_picture(bytes(part.data[:1024]))
    except (ImageUnsupported, ImageUnreadable) as error:
        raise UnsupportedMediaType(error.message, param="file") from None


async def _keep(house: Services, account_id: str, part: Part, kind: str) -> Upload:
    """The object first: a row never names bytes that are not there."""
    upload_id = f"upl_{ULID()}"
    await house.objects.put(f"uploads/{upload_id}", bytes(part.data))
    name = _UNPRINTABLE.sub("", part.filename or "")[:_MAX_NAME] or f"{upload_id}.{kind}"
    try:
        return await house.uploads.add(upload_id, account_id, name, f"image/{kind}", len(part.data))
    except RequestError as error:
        if error.__cause__ is None:
            await house.objects.delete(f"uploads/{upload_id}")
        raise
