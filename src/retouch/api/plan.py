"""POST /v1/plan: what the builtin engine would do with an instruction; nothing is submitted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from retouch.api import messages, wire
from retouch.api.auth import Caller, narrowed
from retouch.api.body import read_object
from retouch.api.dialects import common
from retouch.api.openapi import json_body, problems_of
from retouch.api.services import services
from retouch.api.tasks import Language
from retouch.task import Failure

if TYPE_CHECKING:
    from retouch.engines.planner.plan import Plan

router = APIRouter(tags=["plan"])


@router.post(
    "/v1/plan",
    response_model=wire.PlanAnswer,
    responses=problems_of(400, 401, 403, 415),
    openapi_extra=json_body(wire.PlanQuestion),
)
async def plan_edit(request: Request, caller: Caller, language: Language = "en") -> JSONResponse:
    """The plan for an instruction: operations in order, or what was not understood.

    `message` says the latter as the failed task would, in the language asked for.
    """
    body = await read_object(request)
    settings = narrowed(caller, services(request).settings, body.get("model"))
    model, prompt = common.model(body, settings), common.prompt(body, settings)
    made, refusal = await asyncio.to_thread(_plan, prompt)
    told = {"message": messages.say(refusal, language)} if refusal else {}
    return JSONResponse({"code": 200, "data": {"model": model, **made.to_json(), **told}})


def _plan(prompt: str) -> tuple[Plan, Failure | None]:
    """The plan, and, where it cannot be carried out, the failure that a task would end in."""
    # Loaded late: the lexicon is big, and most processes never plan.
    from retouch.engines.planner import plan_instruction  # noqa: PLC0415
    from retouch.engines.routing import not_supported  # noqa: PLC0415 - the same

    plan = plan_instruction(prompt)
    if plan.operations:
        return plan, None
    error = not_supported(plan)
    return plan, Failure(error.code, error.type, error.message)
