"""OpenAI's stream: intermediate pictures as the edit makes them, then the final ones.

event: image_edit.partial_image    as many as partial_images asks for, small WebP
event: image_edit.completed        one for each picture
event: error                       instead of those, where the task fails
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from retouch.api import problems, sync
from retouch.api.context import request_id
from retouch.api.events import HEADERS, news
from retouch.api.waiting import require_room
from retouch.errors import RequestError, ServiceUnavailable
from retouch.storage import ObjectMissing
from retouch.tasks.watch import is_end

if TYPE_CHECKING:
    from starlette.requests import Request

    from retouch.api.services import Services
    from retouch.task import Task
    from retouch.tasks.store import TaskEvent


def stream(request: Request, house: Services, task: Task) -> StreamingResponse:
    """The answer to ``stream: true``.

    Raises:
        ServiceUnavailable: too many follow tasks in this process already.
    """
    require_room(house)
    return StreamingResponse(_told(request, house, task), media_type="text/event-stream", headers=HEADERS)


async def _told(request: Request, house: Services, task: Task) -> AsyncIterator[bytes]:
    try:
        async for name, data in _events(house, task, sync.language_of(request)):
            yield _frame(name, data) if name else b": waiting\n\n"
    except RequestError as error:
        document = problems.document(error, request_id(request.scope))
        yield _frame("error", {"type": "error", **document})


async def _events(house: Services, task: Task, language: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Names and data; no name where only the line is to be kept alive."""
    deadline = asyncio.get_running_loop().time() + house.settings.sync_wait_s
    seen = 0
    async with house.watch.feed(task.id) as feed:
        while not (feed.ended and seen >= feed.last):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                sync.delivered(task, language)  # raises, as it has not ended
            events = await news(feed, seen, min(left, house.settings.stream_heartbeat_s))
            if events is None:
                yield "", {}
                continue
            if not events:
                raise ServiceUnavailable("This server is stopping; the task goes on.")
            for event in events:
                seen = event.seq
                if event.kind == "preview" and (shown := await _partial(house, task, event)):
                    yield "image_edit.partial_image", shown
                elif is_end(event):
                    async for each in _final(house, task, language):
                        yield "image_edit.completed", each


async def _partial(house: Services, task: Task, event: TaskEvent) -> dict[str, Any] | None:
    try:
        picture = await house.objects.get(event.data["key"])
    except ObjectMissing:
        return None
    return {
        "type": "image_edit.partial_image",
        "b64_json": base64.b64encode(picture).decode(),
        "partial_image_index": event.data["index"],
        "created_at": int(event.at.timestamp()),
        **sync.look(task),
        "output_format": "webp",
    }


async def _final(house: Services, task: Task, language: str) -> AsyncIterator[dict[str, Any]]:
    ended = await house.tasks.get(task.id, task.account_id) or task
    outcome = sync.delivered(ended, language)
    for picture in outcome.pictures:
        yield {
            "type": "image_edit.completed",
            "b64_json": await sync.encoded(house, picture),
            "created_at": int(ended.created_at.timestamp()),
            **sync.look(ended),
            **sync.said(outcome),
            "usage": sync.USAGE,
        }


def _frame(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
