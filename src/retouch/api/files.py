"""GET /v1/files/…: stored pictures under signed, expiring URLs. The signature is the permission."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from retouch.api.openapi import picture, problems_of
from retouch.api.services import services
from retouch.errors import Gone
from retouch.fetch.source import sniff
from retouch.links import FILES
from retouch.storage import ObjectMissing

router = APIRouter(tags=["files"])

Expires = Annotated[str, Query(description="Unix time until which the URL is good.")]
Signature = Annotated[str, Query(description="Proves that this server made the URL.")]


@router.get(
    FILES + "{name:path}",
    response_class=Response,
    responses=picture() | problems_of(404, 410, 503),
)
@router.head(FILES + "{name:path}", include_in_schema=False)
async def get_file(request: Request, name: str, expires: Expires = "", signature: Signature = "") -> Response:
    """A result or an upload. No key is needed: whoever has the URL may read, until it expires."""
    house = services(request)
    house.links.check(name, expires, signature)
    folder, _, rest = name.partition("/")
    key = name if folder == "results" else f"{folder}/{rest.rpartition('.')[0]}"
    try:
        data = await house.objects.get(key)
    except ObjectMissing:
        raise Gone("The file has expired.") from None
    kind = sniff(data)
    remaining = max(0, int(int(expires) - house.links.clock()))
    return Response(
        data,
        media_type=f"image/{kind}" if kind else "application/octet-stream",
        headers={
            "Cache-Control": f"private, max-age={remaining}, immutable",
            "Content-Disposition": _disposition(folder, rest),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _disposition(folder: str, rest: str) -> str:
    """Results are shown; an upload is bytes that nobody has looked into, so it is only ever saved."""
    shown = "inline" if folder == "results" else "attachment"
    return f'{shown}; filename="{rest.replace("/", "-")}"'
