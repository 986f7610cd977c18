"""Webhooks as their owners see them: the secret, a test, the log of deliveries; and what receivers get."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from retouch.api import wire
from retouch.api.auth import Caller
from retouch.api.body import read_object
from retouch.api.dialects import fields
from retouch.api.openapi import json_body, problems_of
from retouch.api.services import Services, services
from retouch.api.tasks import checked_id
from retouch.errors import InvalidRequest, NotFound
from retouch.tasks.deliveries import DeliveryState
from retouch.webhooks import sign

if TYPE_CHECKING:
    from datetime import datetime

    from retouch.tasks.deliveries import Delivery
    from retouch.tasks.webhook_secrets import SigningSecret

router = APIRouter(tags=["webhooks"])
receivers = APIRouter()

_ID = re.compile(wire.DELIVERY_ID, re.ASCII)
_ID_PATTERN: dict[str, Any] = {"pattern": wire.DELIVERY_ID}
_HINT_CHARS = 4
_SECRETIVE = {"Cache-Control": "no-store"}
_TEST_LOOK_S = 0.1  # between two looks at how a test went
_TEST_SPARE_S = 5.0  # for a worker to take it up, over the time that a receiver has


@router.get(
    "/v1/webhooks/secret", response_model=wire.WebhookSecretAnswer, responses=problems_of(401, 404, 503)
)
async def get_webhook_secret(request: Request, caller: Caller) -> JSONResponse:
    """Which secret signs: a hint of it, and until when the one before does, too."""
    secret = await services(request).webhook_secrets.find(caller.account_id)
    if secret is None:
        raise NotFound("This account has no secret yet; POST here makes one.")
    return JSONResponse({"code": 200, "data": _hinted(secret)})


@router.post("/v1/webhooks/secret", response_model=wire.WebhookSecretAnswer, responses=problems_of(401, 503))
async def show_webhook_secret(request: Request, caller: Caller) -> JSONResponse:
    """The account's secret, whole; made on the first call, and the same ever after."""
    return _whole(await services(request).webhook_secrets.ensure(caller.account_id))


@router.post("/v1/webhooks/rotate", response_model=wire.WebhookSecretAnswer, responses=problems_of(401, 503))
async def rotate_webhook_secret(request: Request, caller: Caller) -> JSONResponse:
    """A new secret. For 24 hours messages carry a signature of the one before, too."""
    return _whole(await services(request).webhook_secrets.rotate(caller.account_id))


@router.post(
    "/v1/webhooks/test",
    response_model=wire.WebhookDeliveryAnswer,
    responses=problems_of(400, 401, 415, 503),
    openapi_extra=json_body(wire.WebhookTest),
)
async def test_webhook(request: Request, caller: Caller) -> JSONResponse:
    """Send a signed message of the event `webhook.test`, once, and answer how that went.

    Its body is a cancelled task that never was. A receiver that was disabled by 410 and takes it is enabled.
    """
    house = services(request)
    url = fields.webhook(await read_object(request), "url", house.settings)
    if url is None:
        raise InvalidRequest("url is required.", param="url")
    made = await house.deliveries.make_test(caller.account_id, url)
    return JSONResponse({"code": 200, "data": _shown(await _settled(house, made, caller.account_id))})


class Page(BaseModel):
    """Which part of the log is asked for."""

    task: str | None = Field(
        default=None, description="Only those of this task.", json_schema_extra={"pattern": wire.TASK_ID}
    )
    state: DeliveryState | None = Field(default=None, description="Only those that stand so.")
    limit: int = Field(default=20, ge=1, le=100, description="Most deliveries of one page.")
    cursor: str | None = Field(
        default=None, description="next_cursor of the page before.", json_schema_extra=_ID_PATTERN
    )


@router.get(
    "/v1/webhooks/deliveries", response_model=wire.WebhookDeliveryPage, responses=problems_of(400, 401, 503)
)
async def list_webhook_deliveries(
    request: Request, caller: Caller, page: Annotated[Page, Query()]
) -> JSONResponse:
    """What was sent to the account's receivers, newest first, with every attempt."""
    found = await services(request).deliveries.list(
        caller.account_id,
        task_id=None if page.task is None else checked_id(page.task, "task"),
        state=page.state,
        limit=page.limit + 1,
        before=None if page.cursor is None else _checked(page.cursor, "cursor"),
    )
    following = found[page.limit - 1].id if len(found) > page.limit else None
    shown = [_shown(delivery) for delivery in found[: page.limit]]
    return JSONResponse({"code": 200, "data": shown, "next_cursor": following})


@router.post(
    "/v1/webhooks/deliveries/{delivery_id}/redeliver",
    response_model=wire.WebhookDeliveryAnswer,
    responses=problems_of(400, 401, 404, 503),
)
async def redeliver_webhook(
    request: Request, delivery_id: Annotated[str, Path(json_schema_extra=_ID_PATTERN)], caller: Caller
) -> JSONResponse:
    """Send a message again, under its id, with all retries. One that is under way is left alone."""
    known = _checked(delivery_id, "delivery_id")
    delivery = await services(request).deliveries.again(known, caller.account_id)
    if delivery is None:
        raise NotFound("There is no such delivery.")
    return JSONResponse({"code": 200, "data": _shown(delivery)})


@receivers.post(
    "task-ended",
    response_class=Response,
    responses={
        200: {"description": "Any 2xx: taken. Everything else is tried again over about 27 hours."},
        410: {"description": "Nothing more is sent to this URL until a test is taken."},
    },
)
async def task_ended(
    body: wire.TaskObject,
    webhook_id: Annotated[str, Header(description="Of the event; the same for every attempt.")],
    webhook_timestamp: Annotated[int, Header(description="Unix seconds of this attempt.")],
    webhook_signature: Annotated[
        str, Header(description="`v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body`; once per secret.")
    ],
    retouch_event: Annotated[
        str, Header(description="task.completed, task.failed, task.cancelled or webhook.test.")
    ],
) -> None:
    """A task has ended. Sent to the `webhook` of its submit, signed as Standard Webhooks has it."""


async def _settled(house: Services, delivery_id: str, account_id: str) -> Delivery:
    """The test when it has ended, or as it stands when no worker took it up in time."""
    until = asyncio.get_running_loop().time() + house.settings.webhook_timeout_s + _TEST_SPARE_S
    while True:
        delivery = await house.deliveries.get(delivery_id, account_id)
        if delivery is None:
            raise NotFound("There is no such delivery.")  # its account was deleted meanwhile
        if delivery.ended_at is not None or asyncio.get_running_loop().time() > until:
            return delivery
        await asyncio.sleep(_TEST_LOOK_S)


def _whole(secret: SigningSecret) -> JSONResponse:
    data = {"secret": sign.write_secret(secret.current), **_hinted(secret)}
    return JSONResponse({"code": 200, "data": data}, headers=_SECRETIVE)


def _hinted(secret: SigningSecret) -> dict[str, Any]:
    return {
        "hint": f"whsec_…{sign.write_secret(secret.current)[-_HINT_CHARS:]}",
        "created": _unix(secret.made_at),
        "previous_expires_at": _unix(secret.previous_until),
    }


def _shown(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "task_id": delivery.task_id,
        "url": delivery.url,
        "state": delivery.state.value,
        "created": _unix(delivery.created_at),
        "ended": _unix(delivery.ended_at),
        "next_attempt": _unix(delivery.due_at),
        "attempts": [dict(attempt) for attempt in delivery.attempts],
    }


def _checked(delivery_id: str, param: str) -> str:
    if not _ID.fullmatch(delivery_id):
        raise InvalidRequest("A delivery's id reads msg_ and 26 letters and digits.", param=param)
    return delivery_id


def _unix(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
