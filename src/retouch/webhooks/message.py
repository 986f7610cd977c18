"""What a receiver is told: the task object, as GET /v1/tasks/{id} has it under ``data``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from retouch.task import EditRequest, Status, StoredPicture, Task
from retouch.task_object import task_object

if TYPE_CHECKING:
    from retouch.links import Links
    from retouch.tasks.deliveries import Claim

_TEST_ID = "task_00000000000000000000000000"


def write(task: Task, links: Links, base: str) -> bytes:
    """The body: JSON of an ended task. The same for every attempt, since nothing about an end changes."""

    def url_of(picture: StoredPicture, expires: int) -> str:
        return links.sign(base, picture.key, expires)

    shown: dict[str, Any] = task_object(task, url_of, lambda failure: failure.message)
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


def sample_task(claim: Claim) -> Task:
    """A made-up task for a test: cancelled, since there are no pictures of it. Its metadata says ``test``."""
    return Task(
        id=_TEST_ID,
        account_id=claim.account_id,
        status=Status.CANCELLED,
        request=EditRequest("test", "a test of your webhook", (), metadata={"test": "true"}),
        request_id="test",
        progress=0,
        attempt=0,
        child_crashed=0,
        worker_lost=0,
        created_at=claim.created_at,
        ended_at=claim.created_at,
    )
