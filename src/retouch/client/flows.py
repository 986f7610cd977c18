"""The conversations, each written once for both clients: submit, follow, download. See steps.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from retouch.client import parse
from retouch.client.errors import (
    ClientError,
    ConfigurationError,
    Conflict,
    ConnectionLost,
    NotFound,
    ServerError,
    TaskCancelled,
    TaskFailed,
)
from retouch.client.pictures import Blob, Given
from retouch.client.retrying import delay_s, fault_of
from retouch.client.steps import Ask, Call, Deadline, File, Flow, Pause, Reply
from retouch.client.values import EditResult
from retouch.client.values import Picture as Made

if TYPE_CHECKING:
    from retouch.client.orders import Order
    from retouch.client.values import ResultLink, Task, Upload

T = TypeVar("T")

_UPLOAD_PATIENCE_S: Final = 120.0
_SHORTEST_S: Final = 1.0
BATCH_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Manners:
    """How often to ask again, and in which language to be told of failures."""

    retries: int
    language: str | None

    @property
    def params(self) -> dict[str, str]:
        """The query of calls whose answer has a failure in it."""
        return {} if self.language is None else {"language": self.language}


def asked(call: Call, manners: Manners, deadline: Deadline) -> Flow[Reply]:
    """Send ``call`` until it is answered; raises the error of the last try."""
    call = replace(call, patience_s=max(_SHORTEST_S, min(call.patience_s, deadline.left)))
    attempt = 0
    while True:
        fault: ClientError | None
        try:
            reply: Reply = yield Ask(call)
            fault = fault_of(reply)
            if fault is None:
                return reply
        except ConnectionLost as lost:
            fault = lost
        delay = delay_s(fault, attempt, manners.retries)
        if delay is None or delay >= deadline.left:
            raise fault
        yield Pause(delay)
        attempt += 1


def answered(call: Call, of: Callable[[Any], T], manners: Manners, deadline: Deadline) -> Flow[T]:
    """What ``of`` reads in the answer."""
    return parse.read((yield from asked(call, manners, deadline)), of)


def submit(order: Order, manners: Manners, deadline: Deadline) -> Flow[str]:
    """The id of the task. However often it has to be sent, it is one task: the key stays the same."""
    urls = []
    for picture in order.pictures:
        urls.append((yield from _url(picture, manners, deadline)))  # noqa: PERF401 - a comprehension cannot yield
    mask = None if order.mask is None else (yield from _url(order.mask, manners, deadline))
    call = Call(
        "POST",
        "/v1/images/edits",
        headers={"Idempotency-Key": order.idempotency_key},
        json=order.body(urls, mask),
        patience_s=_UPLOAD_PATIENCE_S,
    )
    return (yield from answered(call, parse.task_id, manners, deadline))


def upload(picture: Given, manners: Manners, deadline: Deadline) -> Flow[Upload]:
    """Keep a picture on the server."""
    if not isinstance(picture, Blob):
        raise ConfigurationError("a picture that has a URL needs no upload")
    file = File(picture.name, picture.data, picture.media_type)
    call = Call("POST", "/v1/uploads/images", file=file, patience_s=_UPLOAD_PATIENCE_S)
    return (yield from answered(call, parse.upload, manners, deadline))


def get(task_id: str, manners: Manners, deadline: Deadline, *, wait_s: int = 0) -> Flow[Task]:
    """The task; with ``wait_s`` (1 to 60) as soon as it has ended, at the latest after that many seconds."""
    params = {**manners.params, **({"wait": str(wait_s)} if wait_s else {})}
    call = Call("GET", task_path(task_id), params=params, patience_s=30.0 + wait_s)
    return (yield from answered(call, parse.one_task, manners, deadline))


def cancel(task_id: str, manners: Manners, deadline: Deadline) -> Flow[Task]:
    """The task, cancelled. One that has ended otherwise is a Conflict."""
    call = Call("POST", f"{task_path(task_id)}/cancel")
    try:
        return (yield from answered(call, parse.one_task, manners, deadline))
    except Conflict:
        # Where the answer to the first try was lost, the second one finds the work of the first.
        task = yield from get(task_id, manners, deadline)
        if task.status != "cancelled":
            raise
        return task


def delete(task_id: str, manners: Manners, deadline: Deadline) -> Flow[bool]:
    """Whether there was anything to delete: pictures and row are gone in either case."""
    try:
        yield from asked(Call("DELETE", task_path(task_id)), manners, deadline)
    except NotFound:
        return False
    return True


def batch(task_ids: tuple[str, ...], manners: Manners, deadline: Deadline) -> Flow[list[Task | None]]:
    """Many tasks, in the order asked for; None where there is none. More than 100 are several requests."""
    found: list[Task | None] = []
    for start in range(0, len(task_ids), BATCH_MAX):
        ids = list(task_ids[start : start + BATCH_MAX])
        call = Call("POST", "/v1/tasks/batch", params=manners.params, json={"task_ids": ids})
        found += yield from answered(call, parse.batch, manners, deadline)
    return found


def download(task: Task, manners: Manners, deadline: Deadline) -> Flow[EditResult]:
    """The pictures of a task that has ended; raises for every other end than completed."""
    if task.status == "cancelled":
        raise TaskCancelled(task.id)
    if task.error is not None or task.status != "completed":
        raise _failure(task)
    made = []
    for link in task.images:
        made.append((yield from _picture(link, manners, deadline)))  # noqa: PERF401 - as above
    return EditResult(
        task_id=task.id,
        pictures=tuple(made),
        engine=task.engine,
        model=task.model,
        cost=task.cost,
        ignored=task.ignored,
        warnings=task.warnings,
        revised_prompt=task.revised_prompt,
    )


def task_path(task_id: str) -> str:
    """The path of a task. Raises ConfigurationError for what would lead somewhere else."""
    if not task_id.isascii() or not task_id.replace("_", "").replace("-", "").isalnum():
        raise ConfigurationError("a task id has letters, digits, _ and - only")
    return f"/v1/tasks/{task_id}"


def _url(picture: Given, manners: Manners, deadline: Deadline) -> Flow[str]:
    if not isinstance(picture, Blob):
        return picture
    if picture.inline:
        return picture.data_uri
    return (yield from upload(picture, manners, deadline)).url


def _picture(link: ResultLink, manners: Manners, deadline: Deadline) -> Flow[Made]:
    """A result, fetched without the key: its URL is signed, and may be on another host."""
    if not link.url.startswith(("https://", "http://")):
        raise ServerError("a result has an address that is no URL")
    reply = yield from asked(Call("GET", link.url, keyed=False), manners, deadline)
    media_type = (reply.header("content-type") or "image/png").partition(";")[0].strip()
    return Made(reply.content, media_type, link.url, link.seed)


def _failure(task: Task) -> ClientError:
    if task.error is None:
        return ConfigurationError(f"the task {task.id} is {task.status}: wait for its end first")
    return TaskFailed(task.id, task.error.code, task.error.message, task.error.type)
