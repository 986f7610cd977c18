"""Deleting an account with everything of its, for admin keys."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse

from retouch import telemetry
from retouch.api import wire
from retouch.api.auth import Admin
from retouch.api.openapi import problems_of
from retouch.api.services import services
from retouch.errors import Conflict, NotFound, StorageUnavailable
from retouch.tasks.erase import delete_account

router = APIRouter(tags=["account"])
_PATIENCE_S: Final = 20.0  # what a client may be kept waiting for; the sweeper does the rest
_log = telemetry.logger(__name__)
AccountId = Annotated[str, Path(max_length=200, description="As `retouch accounts list` has it.")]


@router.delete(
    "/v1/accounts/{account_id}",
    response_model=wire.DeletedAnswer,
    responses=problems_of(400, 401, 403, 404, 409, 503),
)
async def delete_whole_account(request: Request, account_id: AccountId, caller: Admin) -> JSONResponse:
    """Delete an account: its keys, tasks, pictures, uploads, webhooks, usage. For admin keys.

    Its keys are refused within seconds. `deleting`: there is much, or the picture store does not answer; the
    workers' sweep goes on until nothing is left, whatever is restarted meanwhile.
    """
    if account_id == caller.account_id:
        raise Conflict("An account does not delete itself: use an admin key of another, or the command line.")
    house = services(request)
    status = "deleted"
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await delete_account(house.tasks, house.objects, account_id)
    except (TimeoutError, StorageUnavailable):
        found, status = True, "deleting"
    if not found:
        raise NotFound("There is no such account.")
    _log.info("account deletion asked for", account_id=account_id, by=caller.key_id, status=status)
    return JSONResponse({"code": 200, "data": {"id": account_id, "status": status}})
