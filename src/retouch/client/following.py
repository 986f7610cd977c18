"""Following a task to its end: by server-sent events, and where they do not come through, by long polls."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from retouch.client import parse, sse
from retouch.client.errors import ClientError, ConnectionLost, NotFound, ServerError, TimedOut
from retouch.client.flows import Manners, download, get, submit, task_path
from retouch.client.retrying import delay_s, fault_of
from retouch.client.steps import Call, Deadline, Flow, Listen, Open, Pause, Reply, Tell
from retouch.client.values import EditResult, Event, Task

if TYPE_CHECKING:
    from retouch.client.orders import Order

_SILENCE_S: Final = 45.0  # the server says something three times as often
_SLACK_S: Final = 1.0
_BARREN_MAX: Final = 2  # connections without news, after which events are given up
_LONG_POLL_S: Final = 30
_BETWEEN_POLLS_S: Final = 2.0
_NO_CONTENT: Final = 204


class _NoEvents(Exception):
    """Events do not come through here: polls have to do."""


def follow(task_id: str, manners: Manners, deadline: Deadline) -> Flow[Task]:
    """Tell every event; the task once it has ended. Raises TimedOut when ``deadline`` has passed."""
    try:
        return (yield from _streamed(task_id, manners, deadline))
    except _NoEvents:
        return (yield from _polled(task_id, manners, deadline))


def edit(order: Order, manners: Manners, deadline: Deadline) -> Flow[EditResult]:
    """Submit, follow, download."""
    task_id = yield from submit(order, manners, deadline)
    try:
        task = yield from follow(task_id, manners, deadline)
        return (yield from download(task, manners, deadline))
    except ClientError as error:
        error.task_id = task_id
        raise


def _streamed(task_id: str, manners: Manners, deadline: Deadline) -> Flow[Task]:
    reader, barren = sse.Reader(), 0
    while True:
        seen = reader.last_id
        try:
            ended = yield from _connection(task_id, reader, manners, deadline)
        except ConnectionLost as lost:
            barren = 0 if reader.last_id != seen else barren + 1
            delay = delay_s(lost, barren, manners.retries)
            if barren > _BARREN_MAX or delay is None:
                raise _NoEvents from None
            yield Pause(min(delay, deadline.left))
        else:
            if ended is not None:
                return ended
        _still(task_id, deadline)


def _connection(task_id: str, reader: sse.Reader, manners: Manners, deadline: Deadline) -> Flow[Task | None]:
    """One connection: the task if it ended, None where the connection should be made anew."""
    patience = max(0.1, min(_SILENCE_S, deadline.left))
    reply: Reply = yield Open(_call(task_id, reader, manners, patience))
    if reply.status == _NO_CONTENT:
        return (yield from get(task_id, manners, deadline))
    _require_stream(reply)
    reader.restart()
    while True:
        line: str | None = yield Listen()
        if line is None:
            raise ConnectionLost("the stream ended before the task")
        event = _event(reader.feed(line))
        if event is not None:
            yield Tell(event)
            if event.task is not None:
                return event.task
        if deadline.left + _SLACK_S < patience:
            return None  # the next connection's patience ends with the deadline


def _polled(task_id: str, manners: Manners, deadline: Deadline) -> Flow[Task]:
    told: tuple[str, int] | None = None
    patient = replace(manners, retries=sys.maxsize)  # reading costs nothing: until the deadline
    while True:
        wait_s = min(_LONG_POLL_S, math.ceil(deadline.left))
        asked_with = deadline.left
        task = yield from get(task_id, patient, deadline, wait_s=max(1, wait_s))
        if task.ended:
            yield Tell(Event(task.status, task.status, task.progress, task=task))
            return task
        if told != (task.status, task.progress):
            told = (task.status, task.progress)
            yield Tell(Event("progress", *told))
        _still(task_id, deadline)
        if asked_with - deadline.left < _BETWEEN_POLLS_S:  # a server that does not know long polls
            yield Pause(min(_BETWEEN_POLLS_S, deadline.left))


def _call(task_id: str, reader: sse.Reader, manners: Manners, patience_s: float) -> Call:
    resume = {"Last-Event-ID": reader.last_id} if reader.last_id else {}
    return Call(
        "GET",
        f"{task_path(task_id)}/events",
        params=manners.params,
        headers={"Accept": "text/event-stream", **resume},
        patience_s=patience_s,
    )


def _require_stream(reply: Reply) -> None:
    fault: ClientError | None = fault_of(reply)
    if fault is None and (reply.header("content-type") or "").startswith("text/event-stream"):
        return
    # A server without this route says 404, as for a task that is not there; the poll tells them apart.
    if fault is None or isinstance(fault, NotFound | ServerError) or delay_s(fault, 0, 1) is not None:
        raise _NoEvents
    raise fault


def _event(frame: sse.Frame | None) -> Event | None:
    if frame is None:
        return None
    try:
        return parse.event(frame.kind, json.loads(frame.data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _NoEvents from None  # something between here and the server writes into the stream


def _still(task_id: str, deadline: Deadline) -> None:
    if deadline.left <= 0:
        raise TimedOut(task_id, deadline.seconds)
