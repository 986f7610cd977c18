"""The answer of a synchronous dialect: the client waits, the task is as durable as any other.

A client that lost its connection has lost nothing: the task goes on (edits.py names it in every answer).
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response

from retouch.api import messages
from retouch.api.waiting import until_ended
from retouch.errors import (
    Conflict,
    Gone,
    InternalError,
    InvalidRequest,
    RequestError,
    ServiceUnavailable,
    TaskError,
    WaitTimeout,
)
from retouch.storage import ObjectMissing
from retouch.task import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from retouch.api.dialects.draft import Reply
    from retouch.api.services import Services
    from retouch.task import StoredPicture, Task, TaskOutcome

# No tokens are counted here; the field is there because clients read it.
USAGE: Final = {
    "total_tokens": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
}
# Failures that another request would meet as well, because they are about what was sent.
_ASKED_WRONGLY: Final = ("source_", "image_", "instruction_", "target_", "content_")


async def answer(request: Request, house: Services, task: Task, reply: Reply) -> Response:
    """Wait for the task and give its pictures.

    Raises:
        WaitTimeout: it has not ended in time; it goes on.
        RequestError: it has failed or was cancelled.
    """
    ended = await until_ended(house, task, house.settings.sync_wait_s)
    return JSONResponse(await pictures(request, house, ended, reply))


async def pictures(request: Request, house: Services, task: Task, reply: Reply) -> dict[str, Any]:
    """What a completed task delivers, in the dialect's shape; raises for every other end."""
    outcome = delivered(task, language_of(request))
    data = [await _one(request, house, task, picture, reply) for picture in outcome.pictures]
    shown: dict[str, Any] = {
        "created": int(task.created_at.timestamp()),
        "data": data,
        **said(outcome),
    }
    return shown | look(task) | {"usage": USAGE} if reply.dialect == "openai" else shown


def language_of(request: Request) -> str:
    """The language that the query asks for; English where it asks for none."""
    return request.query_params.get("language", "en")


def said(outcome: TaskOutcome) -> dict[str, Any]:
    """What there is to say about the pictures; a client written for the foreign APIs never looks."""
    return {"ignored": [asdict(each) for each in outcome.ignored], "warnings": list(outcome.warnings)}


def look(task: Task) -> dict[str, Any]:
    """How the pictures are made, in OpenAI's words."""
    first = task.outcome.pictures[0] if task.outcome else None
    return {
        "output_format": task.request.output_format,
        "size": f"{first.width}x{first.height}" if first else "auto",
        "background": _background(task),
        "quality": "auto",
    }


def _background(task: Task) -> str:
    """``auto`` where a picture has transparency only if the one that was sent had some."""
    if task.request.background == "opaque" or task.request.output_format == "jpeg":
        return "opaque"
    planned = (task.outcome and task.outcome.plan) or {}
    cut = any(operation["kind"] == "background.remove" for operation in planned.get("operations", ()))
    return "transparent" if cut else "auto"


def delivered(task: Task, language: str) -> TaskOutcome:
    """The outcome of a completed task; raises a RequestError, in ``language``, for every other state."""
    if task.status is Status.COMPLETED and task.outcome is not None:
        return task.outcome
    if task.status is Status.CANCELLED:
        raise Conflict("The task was cancelled.")
    if task.failure is None:
        raise WaitTimeout(f"The task has not ended yet; it goes on. Ask for it: GET /v1/tasks/{task.id}")
    message = f"{task.failure.code}: {messages.say(task.failure, language)}"
    raise _failure_class(task.failure.code)(message)


async def encoded(house: Services, picture: StoredPicture) -> str:
    """A picture as base64; raises Gone where it has expired."""
    try:
        data = await house.objects.get(picture.key)
    except ObjectMissing:
        raise Gone("The pictures of this task have expired.") from None
    return (await asyncio.to_thread(base64.b64encode, data)).decode()


async def _one(
    request: Request, house: Services, task: Task, picture: StoredPicture, reply: Reply
) -> Mapping[str, Any]:
    if reply.form == "b64_json":
        return {"b64_json": await encoded(house, picture)}
    expires = int(task.expires_at.timestamp()) if task.expires_at else 0
    return {"url": house.links.sign(house.links.base(request), picture.key, expires)}


def _failure_class(code: str) -> type[RequestError]:
    if code.startswith(_ASKED_WRONGLY):
        return InvalidRequest
    retryable = any(kind.code == code and kind.retryable for kind in TaskError.__subclasses__())
    return ServiceUnavailable if retryable or code == "weights_missing" else InternalError
