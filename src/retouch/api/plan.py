"""POST /v1/plan: what the builtin engine would do with an instruction; nothing is submitted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from retouch.api import wire
from retouch.api.auth import Caller
from retouch.api.body import read_object
from retouch.api.dialects import common
from retouch.api.openapi import json_body, problems_of
from retouch.api.services import services

if TYPE_CHECKING:
    from retouch.engines.planner.plan import Plan

router = APIRouter(tags=["plan"])


@router.post(
    "/v1/plan",
    response_model=wire.PlanAnswer,
    responses=problems_of(400, 401, 415),
    openapi_extra=json_body(wire.PlanQuestion),
)
async def plan_edit(request: Request, caller: Caller) -> JSONResponse:  # noqa: ARG001 - asked for so that a key is wanted
    """The plan for an instruction: operations in order, or what was not understood."""
    settings = services(request).settings
    body = await read_object(request)
    model, prompt = common.model(body, settings), common.prompt(body, settings)
    made = await asyncio.to_thread(_plan, prompt)
    return JSONResponse({"code": 200, "data": {"model": model, **made.to_json()}})


def _plan(prompt: str) -> Plan:
    # Loaded late: the lexicon is big, and most processes never plan.
    from retouch.engines.planner import plan_instruction  # noqa: PLC0415

    return plan_instruction(prompt)
