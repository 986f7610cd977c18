"""Keys over HTTP, for admin keys: make, list, change, revoke, and read what was changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from retouch.api import wire
from retouch.api.auth import Admin, actor
from retouch.api.body import read_object
from retouch.api.openapi import json_body, problems_of
from retouch.api.problems import method_not_allowed
from retouch.api.services import services
from retouch.errors import InvalidRequest, NotFound
from retouch.tasks import key_fields
from retouch.tasks.key_fields import number

if TYPE_CHECKING:
    from datetime import datetime

    from retouch.tasks.keys import KeyChange, KeyInfo
    from retouch.tasks.quota import Balance

router = APIRouter(tags=["keys"])

_ID = re.compile(wire.KEY_ID, re.ASCII)
_ID_PATTERN: dict[str, Any] = {"pattern": wire.KEY_ID}
_SECRETIVE = {"Cache-Control": "no-store"}
KeyId = Annotated[str, Path(json_schema_extra=_ID_PATTERN)]


@router.post(
    "/v1/keys",
    response_model=wire.KeyAnswer,
    responses=problems_of(400, 401, 403, 415, 503),
    openapi_extra=json_body(wire.NewKeyRequest),
)
async def create_key(request: Request, caller: Admin) -> JSONResponse:
    """Make a key. `key` in the answer is the key itself: it is never shown again."""
    house = services(request)
    body = await read_object(request)
    account = key_fields.account(body.pop("account", "default"))
    rules = key_fields.read(body, house.settings.models)
    if "name" not in rules:
        raise InvalidRequest("name is required.", param="name")
    made = await house.keys.create(
        rules["name"],
        account=account,
        admin=rules.get("admin", False),
        rules=rules,
        by=actor(request, caller),
    )
    return JSONResponse(
        {"code": 200, "data": {**await _found(request, made.id), "key": made.token}}, headers=_SECRETIVE
    )


class Page(BaseModel):
    """Which keys are asked for."""

    account: str | None = Field(default=None, description="Only keys of this account.")
    revoked: bool = Field(default=False, description="Revoked ones, too.")
    limit: int = Field(default=20, ge=1, le=100, description="Most keys of one page.")
    cursor: str | None = Field(
        default=None, description="next_cursor of the page before.", json_schema_extra=_ID_PATTERN
    )


@router.get("/v1/keys", response_model=wire.KeyPage, responses=problems_of(400, 401, 403, 503))
async def list_keys(request: Request, caller: Admin, page: Annotated[Page, Query()]) -> JSONResponse:  # noqa: ARG001 - asked for so that an admin key is wanted
    """Keys of all accounts, newest first, with the state of their quotas."""
    found = await services(request).keys.list(
        account=page.account,
        revoked=page.revoked,
        limit=page.limit + 1,
        before=_checked(page.cursor, "cursor") if page.cursor is not None else None,
    )
    following = found[page.limit - 1].id if len(found) > page.limit else None
    shown = [_shown(key) for key in found[: page.limit]]
    return JSONResponse({"code": 200, "data": shown, "next_cursor": following})


class AuditPage(BaseModel):
    """Which lines of the audit log are asked for."""

    key: str | None = Field(default=None, description="Only of this key.", json_schema_extra=_ID_PATTERN)
    limit: int = Field(default=50, ge=1, le=500, description="Most lines of one page.")
    cursor: int | None = Field(
        default=None, ge=1, le=2**63 - 1, description="next_cursor of the page before."
    )


# Before the route of one key, which would take the word for an id.
@router.get("/v1/keys/audit", response_model=wire.KeyChangePage, responses=problems_of(400, 401, 403, 503))
async def list_key_changes(
    request: Request,
    caller: Admin,  # noqa: ARG001 - as above
    page: Annotated[AuditPage, Query()],
) -> JSONResponse:
    """Every change of a key, newest first: who, when, from where, what it was before."""
    found = await services(request).keys.audit(
        key_id=_checked(page.key, "key") if page.key is not None else None,
        limit=page.limit + 1,
        before=page.cursor,
    )
    following = found[page.limit - 1].id if len(found) > page.limit else None
    lines = [_line(change) for change in found[: page.limit]]
    return JSONResponse({"code": 200, "data": lines, "next_cursor": following})


@router.api_route("/v1/keys/audit", methods=["PATCH", "DELETE"], include_in_schema=False)
async def change_audit() -> None:
    """The log is only read."""
    raise method_not_allowed("GET")


@router.get(
    "/v1/keys/{key_id}", response_model=wire.KeyAnswer, responses=problems_of(400, 401, 403, 404, 503)
)
async def get_key(request: Request, key_id: KeyId, caller: Admin) -> JSONResponse:  # noqa: ARG001 - as above
    """One key, and how its quota stands."""
    return JSONResponse({"code": 200, "data": await _found(request, _checked(key_id, "key_id"))})


@router.patch(
    "/v1/keys/{key_id}",
    response_model=wire.KeyAnswer,
    responses=problems_of(400, 401, 403, 404, 409, 415, 503),
    openapi_extra=json_body(wire.KeyRules),
)
async def change_key(request: Request, key_id: KeyId, caller: Admin) -> JSONResponse:
    """Change what is named; null takes a restriction away. Every process acts on it within 4 seconds."""
    house = services(request)
    known = _checked(key_id, "key_id")
    rules = key_fields.read(await read_object(request), house.settings.models)
    if not await house.keys.change(known, rules, actor(request, caller), careful=True):
        raise _no_such_key()
    return JSONResponse({"code": 200, "data": await _found(request, known)})


@router.delete(
    "/v1/keys/{key_id}", response_model=wire.KeyAnswer, responses=problems_of(400, 401, 403, 404, 409, 503)
)
async def revoke_key(request: Request, key_id: KeyId, caller: Admin) -> JSONResponse:
    """Revoke a key for good. Its tasks stay, and go on."""
    known = _checked(key_id, "key_id")
    if not await services(request).keys.revoke(known, actor(request, caller), careful=True):
        raise _no_such_key()
    return JSONResponse({"code": 200, "data": await _found(request, known)})


async def _found(request: Request, key_id: str) -> dict[str, Any]:
    key = await services(request).keys.get(key_id)
    if key is None:
        raise _no_such_key()
    return _shown(key)


def _shown(key: KeyInfo) -> dict[str, Any]:
    return {
        "id": key.id,
        "object": "key",
        "name": key.name,
        "account": key.account_id,
        "prefix": f"rt_{key.prefix}",
        "admin": key.admin,
        "disabled": key.disabled,
        "expires_at": _unix(key.expires_at),
        "models": None if key.models is None else list(key.models),
        "addresses": None if key.addresses is None else list(key.addresses),
        "quota": None if key.balance is None else _quota(key.balance),
        "requests_per_minute": key.requests_per_minute,
        "max_tasks_at_once": key.max_tasks_at_once,
        "created": _unix(key.created_at),
        "revoked": _unix(key.revoked_at),
    }


def _quota(balance: Balance) -> dict[str, Any] | None:
    quota, remaining = balance.quota, balance.remaining
    if quota is None or remaining is None:
        return None
    return {
        "limit": number(quota.limit),
        "unit": quota.unit,
        "per": quota.period,
        "used": number(balance.used),
        "reserved": number(balance.reserved),
        "remaining": number(remaining),
        "renews_at": _unix(balance.renews_at),
    }


def _line(change: KeyChange) -> dict[str, Any]:
    return {
        "id": change.id,
        "at": _unix(change.at),
        "key": change.key_id,
        "account": change.account_id,
        "action": change.action,
        "actor": change.actor,
        "request_id": change.request_id,
        "address": change.address,
        "changes": dict(change.changes),
    }


def _checked(key_id: str, param: str) -> str:
    if not _ID.fullmatch(key_id):
        raise InvalidRequest("A key's id reads key_ and 26 letters and digits.", param=param)
    return key_id


def _no_such_key() -> NotFound:
    return NotFound("There is no such key, or it is revoked.")


def _unix(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
