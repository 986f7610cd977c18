"""What a key may use: models and balance."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from retouch.api import wire
from retouch.api.auth import Caller
from retouch.api.openapi import problems_of
from retouch.api.services import services
from retouch.settings import ModelRoute

router = APIRouter(tags=["account"])


@router.get("/v1/models", response_model=wire.ModelList, responses=problems_of(401))
async def list_models(request: Request, caller: Caller) -> JSONResponse:  # noqa: ARG001 - asked for so that a key is wanted
    """The models that this key may use."""
    models = [_model(name, route) for name, route in sorted(services(request).settings.models.items())]
    return JSONResponse({"object": "list", "data": models})


@router.get("/v1/balance", response_model=wire.Balance, responses=problems_of(401))
async def get_balance(caller: Caller) -> JSONResponse:  # noqa: ARG001 - as above
    """What is left of the key's quota; -1 where there is no quota."""
    return JSONResponse({"success": True, "remain_balance": -1, "used_balance": 0, "unlimited_quota": True})


@router.get("/v1/user/balance", response_model=wire.Balance, responses=problems_of(401))
async def get_user_balance(caller: Caller) -> JSONResponse:
    """The same under the hosted API's other name."""
    return await get_balance(caller)


def _model(name: str, route: ModelRoute) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "retouch",
        "engines": list(route.engines),
    }
