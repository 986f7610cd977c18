"""GET, list, cancel and delete tasks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from retouch.api import messages, wire
from retouch.api.auth import Caller
from retouch.api.body import read_object
from retouch.api.dialects import apimart
from retouch.api.openapi import json_body, problems_of
from retouch.api.problems import method_not_allowed
from retouch.api.services import services
from retouch.api.waiting import MAX_WAIT_S, until_ended
from retouch.errors import Conflict, InvalidRequest, NotFound
from retouch.task import Status
from retouch.task_object import task_object
from retouch.tasks import erase

if TYPE_CHECKING:
    from retouch.task import StoredPicture, Task

router = APIRouter(tags=["tasks"])

_TASK_ID = re.compile(wire.TASK_ID, re.ASCII)
_MAX_BATCH = 100

LANGUAGES = "Language of error.message: zh en ko ja es fr de pt ru ar hi; others mean en."
Language = Annotated[str, Query(description=LANGUAGES)]
# Only told, not judged here: checked_id says in our words what is wrong.
_WAIT = f"Seconds that the answer may wait for the task's end, 1 to {MAX_WAIT_S}."
Wait = Annotated[int | None, Query(ge=1, le=MAX_WAIT_S, description=_WAIT)]
_ID_PATTERN: dict[str, Any] = {"pattern": wire.TASK_ID}
TaskId = Annotated[str, Path(json_schema_extra=_ID_PATTERN)]


# Before the route of one task, which would take the word for an id.
@router.post(
    "/v1/tasks/batch",
    response_model=wire.BatchAnswer,
    responses=problems_of(400, 401, 415, 503),
    openapi_extra=json_body(wire.TaskIds),
)
async def get_tasks(request: Request, caller: Caller, language: Language = "en") -> JSONResponse:
    """Many tasks at once, in the order asked for."""
    ids = _batch(await read_object(request))
    found = await services(request).tasks.get_many(ids, caller.account_id)
    data = [
        show(request, found[task_id], language) if task_id in found else apimart.missing(task_id)
        for task_id in ids
    ]
    return JSONResponse({"code": 200, "data": data})


@router.api_route("/v1/tasks/batch", methods=["GET", "DELETE"], include_in_schema=False)
async def refuse_batch() -> None:
    """The batch is asked for by POST; without this, the word would be taken for a task's id."""
    raise method_not_allowed("POST")


@router.get("/v1/tasks/{task_id}", response_model=wire.TaskAnswer, responses=problems_of(400, 401, 404, 503))
async def get_task(
    request: Request, task_id: TaskId, caller: Caller, language: Language = "en", wait: Wait = None
) -> JSONResponse:
    """How a task stands, and its pictures once it is completed. `wait` holds the answer until it ends."""
    house = services(request)
    task = await house.tasks.get(checked_id(task_id), caller.account_id)
    if task is None:
        raise no_such_task()
    if wait is not None:
        task = await until_ended(house, task, wait)
    return JSONResponse({"code": 200, "data": show(request, task, language)})


class Page(BaseModel):
    """Which part of the list is asked for."""

    status: Status | None = Field(default=None, description="Only tasks that stand so.")
    limit: int = Field(default=20, ge=1, le=100, description="Most tasks of one page.")
    cursor: str | None = Field(
        default=None, description="next_cursor of the page before.", json_schema_extra=_ID_PATTERN
    )
    language: str = Field(default="en", description=LANGUAGES)


@router.get("/v1/tasks", response_model=wire.TaskPage, responses=problems_of(400, 401, 503))
async def list_tasks(request: Request, caller: Caller, page: Annotated[Page, Query()]) -> JSONResponse:
    """The account's tasks, newest first."""
    before = None if page.cursor is None else checked_id(page.cursor, "cursor")
    found = await services(request).tasks.list(
        caller.account_id, status=page.status, limit=page.limit + 1, before=before
    )
    shown = [show(request, task, page.language) for task in found[: page.limit]]
    following = found[page.limit - 1].id if len(found) > page.limit else None
    return JSONResponse({"code": 200, "data": shown, "next_cursor": following})


@router.post(
    "/v1/tasks/{task_id}/cancel",
    response_model=wire.TaskAnswer,
    responses=problems_of(400, 401, 404, 409, 503),
)
async def cancel_task(request: Request, task_id: TaskId, caller: Caller) -> JSONResponse:
    """Cancel a task that has not ended."""
    store = services(request).tasks
    before = await store.get(checked_id(task_id), caller.account_id)
    status = await store.cancel(task_id, caller.account_id)
    after = await store.get(task_id, caller.account_id)
    if before is None or after is None:
        raise no_such_task()
    if before.status.ended or status is not Status.CANCELLED:
        raise Conflict(f"The task has ended already: it is {after.status.value}.")
    return JSONResponse({"code": 200, "data": show(request, after, "en")})


@router.delete(
    "/v1/tasks/{task_id}", response_model=wire.DeletedAnswer, responses=problems_of(400, 401, 404, 503)
)
async def delete_task(request: Request, task_id: TaskId, caller: Caller) -> JSONResponse:
    """Delete a task and its pictures. One that has not ended is cancelled first."""
    house = services(request)
    if not await erase.delete_task(house.tasks, house.objects, checked_id(task_id), caller.account_id):
        raise no_such_task()
    return JSONResponse({"code": 200, "data": {"id": task_id, "status": "deleted"}})


def show(request: Request, task: Task, language: str) -> dict[str, Any]:
    """The task object, with addresses that fit this request."""
    links = services(request).links
    base = links.base(request)

    def url_of(picture: StoredPicture, expires: int) -> str:
        return links.sign(base, picture.key, expires)

    return task_object(task, url_of, lambda failure: messages.say(failure, language))


def checked_id(task_id: str, param: str = "task_id") -> str:
    """The id if it could be one of ours; InvalidRequest otherwise."""
    if not _TASK_ID.fullmatch(task_id):
        raise InvalidRequest("A task id reads task_ and 26 letters and digits.", param=param)
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
    return [checked_id(task_id, "task_ids") for task_id in ids]
