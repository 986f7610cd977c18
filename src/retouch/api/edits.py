"""POST /v1/images/edits: a picture and an instruction in, a task id out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from ulid import ULID

from retouch import telemetry
from retouch.api import partials, problems, sync, wire
from retouch.api.auth import MeteredCaller
from retouch.api.context import request_id
from retouch.api.dialects import apimart
from retouch.api.dispatch import read_draft
from retouch.api.idempotency import HEADER, REPLAYED, once_key
from retouch.api.inputs import Intake
from retouch.api.openapi import SSE_EVENT, edit_body, header, headers, problems_of
from retouch.api.services import Services, services
from retouch.api.tasks import Language, show
from retouch.api.waiting import has_room, preferred_wait, require_room, until_ended
from retouch.errors import InstructionNotSupported, InvalidRequest, RequestError, StorageUnavailable

if TYPE_CHECKING:
    from retouch.api.dialects.draft import Draft, Reply
    from retouch.engines.planner.plan import Plan
    from retouch.task import EditRequest, Task
    from retouch.tasks.keys import Principal
    from retouch.tasks.once import OnceKey

router = APIRouter(tags=["edits"])

TASK_ID = "X-Task-Id"
_log = telemetry.logger(__name__)

_STREAM: Final = {
    "description": "A task; with OpenAI's or xAI's form the pictures, or a stream of them.",
    "content": {"text/event-stream": {"schema": SSE_EVENT}},
}
_HEADERS: Final = headers(
    header(
        HEADER,
        "The same submit, sent again with the same key, is the same task.",
        pattern="^[!-~]{1,191}$",
    ),
    header("Prefer", "`wait=N`: the answer is the task once it has ended, at the latest after N seconds."),
    header(apimart.VERSION_HEADER, f"`{apimart.VERSION}` asks for the 202 form of that day."),
)
_DESCRIBED: Final = edit_body() | _HEADERS


@router.post(
    "/v1/images/edits",
    response_model=wire.SubmitAnswer | wire.TaskAnswer | wire.SyncAnswer,
    responses=problems_of(400, 401, 402, 403, 404, 408, 409, 410, 413, 415, 429, 500, 503, 504)
    | {200: _STREAM, 202: {"model": wire.QueuedAnswer, "description": "The form of 2026-07-27."}},
    openapi_extra=_DESCRIBED,
)
async def submit_edit(
    request: Request,
    caller: MeteredCaller,
    language: Language = "en",  # noqa: ARG001 - described here, read by whoever makes the answer
) -> Response:
    """Submit an edit. Answers at once with the id of a task that will end in exactly one outcome.

    OpenAI's and xAI's forms are told by their fields; they wait, and answer with the pictures (or a stream).
    With `Prefer: wait=N` the answer is the task, as soon as it has ended, at the latest after N seconds.
    """
    house = services(request)
    refuse_when_full(house)
    patience = preferred_wait(request)
    draft = await read_draft(request, house.settings, caller)
    if draft.reply is not None:
        require_room(house)
    task, replayed = await submit(house, draft, caller, request_id(request.scope), once_key(request, draft))
    answer = await _answer(request, house, task, draft.reply, patience)
    if replayed:
        answer.headers.update(REPLAYED)
    return answer


async def _answer(
    request: Request, house: Services, task: Task, reply: Reply | None, patience: int | None
) -> Response:
    """The answer, which names the task whatever goes wrong from here on.

    An SDK that knows ``x-should-retry: false`` will not post a second task for what befell the first one.
    """
    named = {TASK_ID: task.id}
    try:
        answer = await _shown(request, house, task, reply, patience)
    except (RequestError, StorageUnavailable) as error:
        public = problems.translate(error)
        public.headers = {**public.headers, **named, "x-should-retry": "false"}
        raise public from None
    answer.headers.update(named)
    return answer


async def _shown(
    request: Request, house: Services, task: Task, reply: Reply | None, patience: int | None
) -> Response:
    if reply is not None:
        return (
            partials.stream(request, house, task)
            if reply.stream
            else await sync.answer(request, house, task, reply)
        )
    # Where too many wait already, a preference is one that is not met: the answer says nothing of it.
    if patience is not None and has_room(house):
        task = await until_ended(house, task, patience)
        body = {"code": 200, "data": show(request, task, sync.language_of(request))}
        return JSONResponse(body, headers={"Preference-Applied": f"wait={patience}"})
    if request.headers.get(apimart.VERSION_HEADER) == apimart.VERSION:
        poll_url = f"{house.links.base(request)}/v1/tasks/{task.id}"
        body = apimart.queued(task.id, poll_url, task.request_id)
        return JSONResponse(body, 202, {apimart.VERSION_HEADER: apimart.VERSION})
    return JSONResponse(apimart.submitted(task.id))


def refuse_when_full(house: Services) -> None:
    """Raise ServiceUnavailable where there is no room left for pictures."""
    if house.objects.free_percent() < house.settings.disk_min_free_percent:
        raise problems.unavailable("The disk is nearly full.")


async def submit(
    house: Services, draft: Draft, caller: Principal, request: str, once: OnceKey | None = None
) -> tuple[Task, bool]:
    """Make the task: pictures first, then row and ticket in one transaction.

    The second value: ``once`` stood for a task already, and that one is the answer.
    """
    first = await house.tasks.replayed(caller.account_id, once) if once else None
    if first is not None:
        return first, True
    task_id = f"task_{ULID()}"
    intake = Intake(house, task_id, caller.account_id)
    try:
        filled = await intake.take(draft)
        if draft.strict:
            await asyncio.to_thread(_require_honoured, filled, house)
        task = await house.tasks.create(
            task_id=task_id,
            account_id=caller.account_id,
            key_id=caller.key_id,
            request_id=request,
            request=filled,
            once=once,
        )
    except RequestError as error:
        # With a cause it is a connection that died, maybe after the commit: then the task needs its pictures.
        if error.__cause__ is None:
            await intake.undo()
        raise
    if task.id != task_id:
        await intake.undo()
        return task, True
    _log.info("task submitted", task_id=task_id, model=filled.model, n=filled.n)
    return task, False


def _require_honoured(filled: EditRequest, house: Services) -> None:
    """Under ``strict``, refuse what no engine of the model would honour whole."""
    # Loaded late: reading capabilities imports the engines' frames, planning the lexicon.
    from retouch.engines import registry, routing  # noqa: PLC0415
    from retouch.engines.planner import plan_instruction  # noqa: PLC0415 - the same

    plan = plan_instruction(filled.prompt)
    _require_pictures(filled, plan, house)
    first = None
    for name in house.settings.models[filled.model].engines:
        unhonoured = routing.unhonoured(filled, registry.capabilities(name), plan)
        if not unhonoured:
            return
        first = first or unhonoured[0]
    if first is not None:
        raise InvalidRequest(
            f"{first.param} would be ignored ({first.reason}), and strict was asked for.", param=first.param
        )


def _require_pictures(filled: EditRequest, plan: Plan, house: Services) -> None:
    """Refuse an instruction that points to a picture which the request does not have."""
    from retouch.engines import registry, routing  # noqa: PLC0415 - loaded late, as above

    engines = house.settings.models[filled.model].engines
    if not all(registry.capabilities(name).needs_plan for name in engines):
        return
    try:
        routing.require_pictures(filled, plan)
    except InstructionNotSupported as error:
        raise InvalidRequest(error.message, param="image_urls") from None
