"""Whether this process lives, whether it can work, what it counts, and how it is spoken to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse, JSONResponse, Response

from retouch.api import wire
from retouch.api.auth import authenticate_from_outside
from retouch.api.edits import refuse_when_full
from retouch.api.openapi import KEY_IS_OPTIONAL, problems_of
from retouch.api.page import CONTENT_SECURITY_POLICY, render
from retouch.api.services import Services, services
from retouch.errors import ServiceUnavailable
from retouch.task import Status
from retouch.tasks.deliveries import DeliveryState
from retouch.telemetry import OLDEST_PENDING, OLDEST_WEBHOOK, REGISTRY, TASKS, WEBHOOKS

router = APIRouter(tags=["system"])
_PROBE_S = 2.0
_UNKNOWN = float("nan")


@router.get("/healthz", response_model=wire.Health)
@router.head("/healthz", include_in_schema=False)
async def healthz() -> JSONResponse:
    """This process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=wire.Health, responses=problems_of(503))
@router.head("/readyz", include_in_schema=False)
async def readyz(request: Request) -> JSONResponse:
    """A submit would be taken: the database answers, and there is room on the disk."""
    house = services(request)
    refuse_when_full(house)
    async with house.pool.connection(timeout=_PROBE_S) as connection:
        await connection.execute("SELECT 1")
    return JSONResponse({"status": "ready"})


@router.get(
    "/metrics",
    response_class=Response,
    responses=problems_of(401) | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    dependencies=[Depends(authenticate_from_outside)],
    openapi_extra=KEY_IS_OPTIONAL,
)
async def metrics(request: Request) -> Response:
    """Counters for Prometheus. From outside this machine, a key is wanted."""
    await _refresh(services(request))
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json", response_class=JSONResponse)
async def openapi_json(request: Request) -> JSONResponse:
    """This description."""
    described: dict[str, Any] = request.app.openapi()
    return JSONResponse(described)


@router.get(
    "/docs",
    response_class=HTMLResponse,
    responses=problems_of(401),
    dependencies=[Depends(authenticate_from_outside)],
    openapi_extra=KEY_IS_OPTIONAL,
)
async def docs(request: Request) -> HTMLResponse:
    """This description, for reading. From outside this machine, a key is wanted."""
    return HTMLResponse(
        render(request.app.openapi()), headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    )


async def _refresh(house: Services) -> None:
    """Bring the gauges up to date. While the database is away they say that nothing is known."""
    try:
        counts: Mapping[Status, float] = await house.tasks.counts()
        oldest = await house.tasks.oldest_pending_age()
        hooks: Mapping[DeliveryState, float] = await house.deliveries.counts()
        oldest_hook = await house.deliveries.oldest_due_age()
    except ServiceUnavailable:
        counts, oldest = dict.fromkeys(Status, _UNKNOWN), _UNKNOWN
        hooks, oldest_hook = dict.fromkeys(DeliveryState, _UNKNOWN), _UNKNOWN
    for status, number in counts.items():
        TASKS.labels(status.value).set(number)
    OLDEST_PENDING.set(oldest)
    for state, number in hooks.items():
        WEBHOOKS.labels(state.value).set(number)
    OLDEST_WEBHOOK.set(oldest_hook)
