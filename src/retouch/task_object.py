"""A task as clients see it, whether they ask for it or a webhook brings it. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from retouch.task import Status, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from retouch.task import Failure, StoredPicture

# Shown while a task waits or works. A first guess on two CPU cores; nothing is promised by it.
_FIRST_PICTURE_S, _FURTHER_PICTURE_S = 4, 3


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


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
