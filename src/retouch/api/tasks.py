"""GET, list and cancel tasks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse

from retouch.api import messages
from retouch.api.auth import Caller
from retouch.api.body import read_object
from retouch.api.dialects import apimart
from retouch.api.services import services
from retouch.errors import Conflict, InvalidRequest, NotFound

if TYPE_CHECKING:
    from retouch.task import StoredPicture, Task

router = APIRouter()

_TASK_ID = re.compile(r"task_[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)
_MAX_BATCH = 100

Language = Annotated[
    str, Query(description="Language of error.message: zh en ko ja es fr de pt ru ar hi; others mean en.")
]


@router.get("/v1/tasks/{task_id}")
async def get_task(request: Request, task_id: str, caller: Caller, language: Language = "en") -> JSONResponse:
    """How a task stands, and its pictures once it is completed."""
    task = await services(request).tasks.get(checked_id(task_id), caller.account_id)
    if task is None:
        raise no_such_task()
    return JSONResponse({"code": 200, "data": show(request, task, language)})


@router.post("/v1/tasks/batch")
async def get_tasks(request: Request, caller: Caller, language: Language = "en") -> JSONResponse:
    """Many tasks at once, in the order asked for."""
    ids = _batch(await read_object(request))
    found = await services(request).tasks.get_many(ids, caller.account_id)
    data = [
        show(request, found[task_id], language) if task_id in found else apimart.missing(task_id)
        for task_id in ids
    ]
    return JSONResponse({"code": 200, "data": data})


@router.post("/v1/tasks/{task_id}/cancel")
async def cancel_task(request: Request, task_id: str, caller: Caller) -> JSONResponse:
    """Cancel a task that has not ended."""
    store = services(request).tasks
    before = await store.get(checked_id(task_id), caller.account_id)
    if before is None:
        raise no_such_task()
    await store.cancel(task_id, caller.account_id)
    task = await store.get(task_id, caller.account_id)
    if task is None:
        raise no_such_task()
    if before.status.ended:
        raise Conflict(f"The task has ended already: it is {task.status.value}.")
    return JSONResponse({"code": 200, "data": show(request, task, "en")})


def show(request: Request, task: Task, language: str) -> dict[str, Any]:
    """The task object, with addresses that fit this request."""
    links = services(request).links
    base = links.base(request)

    def url_of(picture: StoredPicture, expires: int) -> str:
        return links.sign(base, picture.key, expires)

    return apimart.task_object(task, url_of, lambda failure: messages.say(failure, language))


def checked_id(task_id: str) -> str:
    """The id if it could be one of ours; InvalidRequest otherwise."""
    if not _TASK_ID.fullmatch(task_id):
        raise InvalidRequest("A task id reads task_ and 26 letters and digits.", param="task_id")
    return task_id


def no_such_task() -> NotFound:
    """The same words for a task that never was and one of somebody else."""
    return NotFound("There is no such task.")


def _batch(body: dict[str, Any]) -> list[str]:
    ids = body.get("task_ids")
    if not isinstance(ids, list) or not all(isinstance(task_id, str) for task_id in ids):
        raise InvalidRequest("task_ids must be a list of strings.", param="task_ids")
    if not 1 <= len(ids) <= _MAX_BATCH:
        raise InvalidRequest(f"task_ids must have 1 to {_MAX_BATCH} entries.", param="task_ids")
    return [checked_id(task_id) for task_id in ids]
