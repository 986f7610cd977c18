"""The hosted asynchronous API's wire: a JSON submit in, task objects out. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from retouch.api.dialects import common, fields
from retouch.api.dialects.draft import Draft
from retouch.errors import InvalidRequest
from retouch.task import Status, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from retouch.settings import Settings
    from retouch.task import Failure, StoredPicture

VERSION_HEADER = "X-APIMart-Response-Version"
VERSION = "2026-07-27"

_KNOWN = frozenset({"model", "prompt", "image_urls", "n", *fields.EXTENSIONS})
# Shown while a task waits or works. A first guess on two CPU cores; nothing is promised by it.
_FIRST_PICTURE_S, _FURTHER_PICTURE_S = 4, 3


def parse(body: Mapping[str, Any], settings: Settings) -> Draft:
    """The submit that ``body`` asks for; raises InvalidRequest naming the first field at fault."""
    strict = fields.flag(body, "strict")
    pictures = _image_urls(body, settings.images_max)
    request = common.request(body, settings, common.unknown(body, _KNOWN, strict=strict))
    names = tuple(f"image_urls[{index}]" for index in range(len(pictures)))
    mask = fields.string(body, "mask_url")
    return Draft(request, pictures, names, mask, strict=strict, seeded=body.get("seed") is not None)


def submitted(task_id: str) -> dict[str, Any]:
    """The answer to a submit."""
    return {"code": 200, "data": [{"status": "submitted", "task_id": task_id}]}


def queued(task_id: str, poll_url: str, request_id: str) -> dict[str, Any]:
    """The answer to a submit that asked for the 2026-07-27 form."""
    data = {"id": task_id, "status": "queued", "poll_url": poll_url}
    return {"code": 202, "data": data, "request_id": request_id}


def task_object(
    task: Task, url_of: Callable[[StoredPicture, int], str], say: Callable[[Failure], str]
) -> dict[str, Any]:
    """A task as clients see it.

    ``url_of`` gives the address of a picture that expires at a Unix time, ``say`` a failure's message in
    the reader's language.
    """
    shown: dict[str, Any] = {
        "id": task.id,
        "status": task.status.value,
        "progress": 100 if task.status is Status.COMPLETED else task.progress,
        "created": _unix(task.created_at),
        "estimated_time": _FIRST_PICTURE_S + _FURTHER_PICTURE_S * (task.request.n - 1),
        "cost": task.cost,
        "credits_cost": task.cost,
    }
    if task.ended_at is not None:
        shown["completed"] = _unix(task.ended_at)
        shown["actual_time"] = max(0, _unix(task.ended_at) - _unix(task.created_at))
    if task.status is Status.COMPLETED:
        shown["result"] = {"images": _pictures(task, url_of)}
    if task.status is Status.FAILED and task.failure is not None:
        failure = task.failure
        shown["error"] = {"code": failure.code, "message": say(failure), "type": failure.type}
    return shown | _additions(task)


def missing(task_id: str) -> dict[str, Any]:
    """What a batch says of an id that is nobody's, or somebody else's."""
    return {"id": task_id, "status": "not_found"}


def _additions(task: Task) -> dict[str, Any]:
    """What the hosted API does not have; a client written for it never looks."""
    outcome, request = task.outcome, task.request
    added: dict[str, Any] = {
        "model": request.model,
        "engine": outcome.engine if outcome else None,
        "n": request.n,
        "seed": request.seed,
        "ignored": [asdict(i) for i in (outcome.ignored if outcome else request.ignored)],
        "warnings": list(outcome.warnings) if outcome else [],
        "attempts": task.attempt,
        "metadata": dict(request.metadata),
        "request_id": task.request_id,
    }
    if task.expires_at is not None:
        added["expires_at"] = _unix(task.expires_at)
    return added


def _pictures(task: Task, url_of: Callable[[StoredPicture, int], str]) -> list[dict[str, Any]]:
    if task.outcome is None or task.expires_at is None:
        return []
    expires = _unix(task.expires_at)
    return [
        {"url": [url_of(picture, expires)], "expires_at": expires, "seed": picture.seed}
        for picture in task.outcome.pictures
    ]


def _image_urls(body: Mapping[str, Any], most: int) -> tuple[str, ...]:
    urls = body.get("image_urls")
    if urls is None:
        raise InvalidRequest("image_urls is required: a list with one picture or more.", param="image_urls")
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise InvalidRequest("image_urls must be a list of strings.", param="image_urls")
    if not 1 <= len(urls) <= most:
        raise InvalidRequest(f"image_urls must have 1 to {most} entries.", param="image_urls")
    return tuple(urls)


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
