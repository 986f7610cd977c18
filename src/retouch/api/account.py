"""Models, balance."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from retouch.api.auth import Caller
from retouch.api.services import services

router = APIRouter()


@router.get("/v1/models")
async def list_models(request: Request, caller: Caller) -> JSONResponse:  # noqa: ARG001 - asked for so that a key is wanted
    """The models that this key may use."""
    models = [_model(name) for name in sorted(services(request).settings.models)]
    return JSONResponse({"object": "list", "data": models})


@router.get("/v1/balance")
@router.get("/v1/user/balance")
async def get_balance(caller: Caller) -> JSONResponse:  # noqa: ARG001 - as above
    """What is left of the key's quota; -1 where there is none."""
    return JSONResponse({"success": True, "remain_balance": -1, "used_balance": 0, "unlimited_quota": True})


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "retouch"}
