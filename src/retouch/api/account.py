"""What a key may use: models and balance."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from retouch.api import wire
from retouch.api.auth import Caller, usable_models
from retouch.api.openapi import problems_of
from retouch.api.services import services
from retouch.settings import ModelRoute
from retouch.tasks.key_fields import number

router = APIRouter(tags=["account"])


@router.get("/v1/models", response_model=wire.ModelList, responses=problems_of(401, 403))
async def list_models(request: Request, caller: Caller) -> JSONResponse:
    """The models that this key may use."""
    usable = usable_models(caller, services(request).settings)
    return JSONResponse({"object": "list", "data": [_model(*item) for item in sorted(usable.items())]})


@router.get("/v1/balance", response_model=wire.Balance, responses=problems_of(401, 403, 503))
async def get_balance(request: Request, caller: Caller) -> JSONResponse:
    """What is left of the key's quota, and what is used; -1 and the credits spent where there is none."""
    balance = await services(request).keys.balance(caller.key_id)
    quota, left = balance.quota, balance.remaining
    shown: dict[str, Any] = {
        "success": True,
        "remain_balance": -1 if left is None else number(left),
        "used_balance": number(balance.used),
        "unlimited_quota": left is None,
    }
    if quota is not None:
        renews = None if balance.renews_at is None else int(balance.renews_at.timestamp())
        shown |= {"unit": quota.unit, "per": quota.period, "renews_at": renews}
        shown["reserved_balance"] = number(balance.reserved)
    return JSONResponse(shown)


@router.get("/v1/user/balance", response_model=wire.Balance, responses=problems_of(401, 403, 503))
async def get_user_balance(request: Request, caller: Caller) -> JSONResponse:
    """The same under the hosted API's other name."""
    return await get_balance(request, caller)


def _model(name: str, route: ModelRoute) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "retouch",
        "engines": list(route.engines),
        "price": number(route.price),
    }
