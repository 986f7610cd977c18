"""Cancelling a running task ends the process that works on it; that is what a client cancels for.

The event is awaited, not timed: the promise is a second, the ceiling ten.
"""

from __future__ import annotations

import contextlib
import time

import psutil
from tests.scenarios.whole.client import Client, data_uri, photo

from retouch.testing.service import Service

CEILING_S = 10.0


def children(service: Service) -> set[psutil.Process]:
    """The child processes that work on pixels; a process is told from a later one with its pid."""
    found = set()
    for process in psutil.Process(service.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "retouch.worker.child" in " ".join(process.cmdline()):
                found.add(process)
    return found


def works(child: psutil.Process) -> bool:
    """Whether it still does; one that ends between two looks is gone, not an error."""
    try:
        return child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_child_of_a_cancelled_task_is_gone(service: Service, client: Client) -> None:
    picture = data_uri(photo("astronaut.png"))
    task_id = client.submit("Convert the image to cyberpunk style", picture, n=10)
    until = time.monotonic() + 60
    while client.task(task_id)["progress"] < 15:  # it is with the child by then
        assert time.monotonic() < until
    before = children(service)
    assert before

    answer = client.http.post(f"/v1/tasks/{task_id}/cancel")

    assert answer.json()["data"]["status"] == "cancelled"
    until = time.monotonic() + CEILING_S
    while all(works(child) for child in before):
        assert time.monotonic() < until, "the child went on with a task that was cancelled"
    assert client.task(task_id)["status"] == "cancelled"
    assert client.edit("make it black and white", picture), "the next task has a child again"
