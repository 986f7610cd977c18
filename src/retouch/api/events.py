"""GET /v1/tasks/{id}/events: what happens to a task, as server-sent events.

    event: status     it waits, or an attempt has begun        {"status", "progress", "attempt"}
    event: progress   it goes forward                          the same
    event: preview    an intermediate picture, if asked for    {"index", "url"}
    event: completed | failed | cancelled    the end           the task object; nothing comes after it

Each has the number of the task's event as its id; a client that reconnects with ``Last-Event-ID`` goes on
behind it (HTML Living Standard, section 9.2). A comment is sent when nothing happens, so that proxies do not
take the stream for dead. Who listens costs no query: see tasks/watch.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from retouch.api.auth import Caller
from retouch.api.openapi import SSE_EVENT, header, headers, problems_of
from retouch.api.services import Services, services
from retouch.api.tasks import Language, TaskId, checked_id, no_such_task, show
from retouch.api.waiting import require_room
from retouch.errors import InvalidRequest, ServiceUnavailable
from retouch.tasks.watch import is_end

if TYPE_CHECKING:
    from retouch.task import Task
    from retouch.tasks.store import TaskEvent
    from retouch.tasks.watch import Feed

router = APIRouter(tags=["tasks"])

_MAX_DIGITS: Final = 9
_RETRY_MS: Final = 2000  # after which a browser connects again
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events until the task has ended.",
        "content": {"text/event-stream": {"schema": SSE_EVENT}},
    },
    204: {"description": "The task has ended, and Last-Event-ID names its last event: connect no more."},
}


@router.get(
    "/v1/tasks/{task_id}/events",
    response_class=StreamingResponse,
    responses=_STREAM | problems_of(400, 401, 404, 503),
    openapi_extra=headers(header("Last-Event-ID", "Go on behind this event.", pattern="^[0-9]{0,9}$")),
)
async def stream_events(
    request: Request, task_id: TaskId, caller: Caller, language: Language = "en"
) -> Response:
    """Follow a task. `Last-Event-ID` goes on behind an event that was seen."""
    house = services(request)
    task = await house.tasks.get(checked_id(task_id), caller.account_id)
    if task is None:
        raise no_such_task()
    seen = _seen(request)
    if task.status.ended and seen >= (await house.tasks.events(task.id))[-1].seq:
        return Response(status_code=204)
    require_room(house)
    told = _told(request, house, task, seen, language)
    return StreamingResponse(told, media_type="text/event-stream", headers=HEADERS)


async def _told(
    request: Request, house: Services, task: Task, seen: int, language: str
) -> AsyncIterator[bytes]:
    """The stream. A database that goes away ends it, as does the end of this process: clients come back."""
    yield f"retry: {_RETRY_MS}\n\n".encode()
    with contextlib.suppress(ServiceUnavailable):
        async with house.watch.feed(task.id) as feed:
            while not (feed.ended and seen >= feed.last):
                events = await news(feed, seen, house.settings.stream_heartbeat_s)
                if events is None:
                    yield b": waiting\n\n"
                    continue
                if not events:
                    return
                for event in events:
                    yield _frame(event, await _data(request, house, task, event, language))
                    seen = event.seq


async def news(feed: Feed, seen: int, patience_s: float) -> Sequence[TaskEvent] | None:
    """What happened after event ``seen``; None where nothing did for a while."""
    try:
        return await asyncio.wait_for(feed.after(seen), patience_s)
    except TimeoutError:
        return None


async def _data(
    request: Request, house: Services, task: Task, event: TaskEvent, language: str
) -> dict[str, Any]:
    if is_end(event):
        ended = await house.tasks.get(task.id, task.account_id)
        return show(request, ended or task, language)
    if event.kind == "preview":
        expires = int(event.at.timestamp() + house.settings.orphan_age_s)
        url = house.links.sign(house.links.base(request), event.data["key"], expires)
        return {"index": event.data["index"], "url": url}
    return {name: event.data[name] for name in ("status", "progress", "attempt")}


def _frame(event: TaskEvent, data: dict[str, Any]) -> bytes:
    """One event; JSON has no line breaks of its own, so one data line holds it."""
    name = event.kind if is_end(event) or event.kind in {"progress", "preview"} else "status"
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.seq}\nevent: {name}\ndata: {text}\n\n".encode()


def _seen(request: Request) -> int:
    """The number in ``Last-Event-ID``; 0 where there is none."""
    text = request.headers.get("last-event-id", "").strip()
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
        raise InvalidRequest("Last-Event-ID is a number that this stream gave.", param="Last-Event-ID")
    return int(text)
