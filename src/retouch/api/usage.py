"""GET /v1/usage: what was delivered, to whom, at what cost; for machines and for spreadsheets."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import JSONResponse, Response

from retouch.api import wire
from retouch.api.auth import Caller
from retouch.api.openapi import problems_of
from retouch.api.services import services
from retouch.errors import Forbidden
from retouch.tasks.usage import GroupBy, as_csv, document, usage_of

if TYPE_CHECKING:
    from retouch.tasks.keys import Principal

router = APIRouter(tags=["account"])
_CSV: dict[str, Any] = {"content": {"text/csv": {"schema": {"type": "string"}}}}
EVERYBODY = "all"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(text: object) -> object:
    """Days only: the library would take numbers and midnights, too."""
    if isinstance(text, str) and not _DAY.fullmatch(text):
        raise ValueError("must be a day as 2026-11-24")
    return text


Day = Annotated[date, BeforeValidator(_day)]


class Span(BaseModel):
    """Which usage is asked for."""

    first: Day | None = Field(
        default=None, alias="from", description="First UTC day. Default: 29 days before the last."
    )
    last: Day | None = Field(default=None, alias="to", description="Last UTC day, included. Default: today.")
    group_by: GroupBy = "day"
    account: str | None = Field(
        default=None, description="For admin keys: an account, or all. Default: the key's own."
    )
    format: Literal["json", "csv"] | None = Field(
        default=None, description="Default: csv where Accept says text/csv, else json."
    )


@router.get(
    "/v1/usage", response_model=wire.UsageAnswer, responses=problems_of(400, 401, 403, 503) | {200: _CSV}
)
async def get_usage(request: Request, caller: Caller, span: Annotated[Span, Query()]) -> Response:
    """Sums over the tasks that ended: pictures, cost, failures by code, latency. At most 400 days."""
    account = _account(caller, span.account)
    usage = await usage_of(
        services(request).pool,
        None if account == EVERYBODY else account,
        first=span.first,
        last=span.last,
        group_by=span.group_by,
    )
    if span.format == "csv" or (span.format is None and _wants_csv(request)):
        name = f"usage-{usage.first}-{usage.last}-by-{usage.group_by}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(as_csv(usage), media_type="text/csv", headers=headers)
    return JSONResponse({"code": 200, "data": document(usage, account)})


def _account(caller: Principal, asked: str | None) -> str:
    if asked is None or asked == caller.account_id:
        return caller.account_id
    if not caller.admin:
        raise Forbidden("Only an admin key may see the usage of another account.")
    return asked


def _wants_csv(request: Request) -> bool:
    accepted = request.headers.get("accept", "").lower()
    return "text/csv" in accepted and "application/json" not in accepted
