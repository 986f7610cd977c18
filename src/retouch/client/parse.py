"""From the server's JSON to values. Fields that only Retouch has may be missing: the hosted API has none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from retouch.client.errors import ServerError
from retouch.client.values import (
    ENDED,
    Balance,
    Event,
    Failure,
    Ignored,
    Model,
    Plan,
    ResultLink,
    Task,
    TaskPage,
    Upload,
)

if TYPE_CHECKING:
    from retouch.client.steps import Reply

T = TypeVar("T")


def read(reply: Reply, of: Callable[[Any], T]) -> T:
    """What ``of`` makes of the reply's JSON; ServerError where that is not what it should be."""
    try:
        return of(json.loads(reply.content))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise ServerError(
            "the answer is not one of this API's; is the address right?",
            reply.status,
            request_id=reply.header("x-request-id"),
        ) from None


def task_id(answer: Any) -> str:
    """The id in the answer to a submit, in either of its forms."""
    data = answer["data"]
    return str(data[0]["task_id"] if isinstance(data, list) else data["id"])


def one_task(answer: Any) -> Task:
    """The task in ``{"code", "data"}``."""
    return task(answer["data"])


def task(data: Mapping[str, Any]) -> Task:
    """A task object."""
    error = data.get("error")
    return Task(
        id=str(data["id"]),
        status=str(data["status"]),
        progress=int(data.get("progress") or 0),
        created=data.get("created"),
        completed=data.get("completed"),
        model=data.get("model"),
        engine=data.get("engine"),
        n=data.get("n"),
        seed=data.get("seed"),
        cost=float(data.get("cost") or 0),
        images=tuple(_link(image) for image in (data.get("result") or {}).get("images", ())),
        ignored=tuple(Ignored(str(i["param"]), str(i["reason"])) for i in data.get("ignored") or ()),
        warnings=tuple(str(warning) for warning in data.get("warnings") or ()),
        revised_prompt=data.get("revised_prompt"),
        metadata=dict(data.get("metadata") or {}),
        error=_failure(error) if error else None,
        raw=data,
    )


def page(answer: Any) -> TaskPage:
    """One page of the list."""
    return TaskPage(tuple(task(each) for each in answer["data"]), answer.get("next_cursor"))


def batch(answer: Any) -> list[Task | None]:
    """Many tasks; None where there is none."""
    return [None if each["status"] == "not_found" else task(each) for each in answer["data"]]


def plan(answer: Any) -> Plan:
    """A plan."""
    data = answer["data"]
    return Plan(
        str(data["language"]),
        tuple(data["operations"]),
        tuple(data["unsupported"]),
        data.get("message"),
        data,
    )


def upload(answer: Any) -> Upload:
    """A kept picture."""
    return Upload(
        str(answer["url"]), str(answer["filename"]), str(answer["content_type"]), int(answer["bytes"])
    )


def models(answer: Any) -> tuple[Model, ...]:
    """The models of a key."""
    return tuple(Model(str(each["id"]), tuple(each.get("engines") or ())) for each in answer["data"])


def balance(answer: Any) -> Balance:
    """What is left."""
    unlimited = bool(answer.get("unlimited_quota"))
    return Balance(
        None if unlimited else float(answer["remain_balance"]), float(answer.get("used_balance") or 0)
    )


def event(kind: str, data: Mapping[str, Any]) -> Event:
    """One server-sent event; kinds that are not known here keep their name."""
    if kind in ENDED:
        ended = task(data)
        return Event(kind, ended.status, ended.progress, task=ended)
    return Event(kind, data.get("status"), data.get("progress"), data.get("url"))


def _link(image: Mapping[str, Any]) -> ResultLink:
    url = image["url"]
    return ResultLink(
        str(url if isinstance(url, str) else url[0]), image.get("seed"), image.get("expires_at")
    )


def _failure(error: Mapping[str, Any]) -> Failure:
    return Failure(str(error.get("code", "")), str(error.get("message", "")), str(error.get("type", "")))
