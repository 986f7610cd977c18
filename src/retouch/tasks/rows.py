"""Between rows and the nouns of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from retouch.task import EditRequest, Failure, Ignored, Status, StoredPicture, Task, TaskOutcome


def task_from_row(row: Mapping[str, Any]) -> Task:
    """A row of ``tasks``, with ``outcome`` where the query joined the result."""
    outcome, failure = row.get("outcome"), row["failure"]
    return Task(
        id=row["id"],
        account_id=row["account_id"],
        status=Status(row["status"]),
        request=EditRequest.from_json(row["request"]),
        request_id=row["request_id"],
        progress=row["progress"],
        attempt=row["attempt"],
        child_crashed=row["child_crashed"],
        worker_lost=row["worker_lost"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        expires_at=row["expires_at"],
        outcome=_outcome(outcome) if outcome else None,
        failure=Failure(**failure) if failure else None,
        checkpoint=row["checkpoint"],
        cost=row["cost"],
    )


def outcome_to_row(outcome: TaskOutcome) -> dict[str, Any]:
    """The JSON form of an outcome; inverse of what :func:`task_from_row` reads."""
    return asdict(outcome) | {"timings": dict(outcome.timings)}


def storable(value: Any) -> Any:
    """A JSON value without the characters that PostgreSQL cannot keep: zero bytes, halves of surrogate pairs.

    For what a worker writes: an attempt must be able to end whatever text an engine or a server gave it.
    """
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value


def _outcome(row: Mapping[str, Any]) -> TaskOutcome:
    return TaskOutcome(
        engine=row["engine"],
        pictures=tuple(StoredPicture(**p) for p in row["pictures"]),
        ignored=tuple(Ignored(**i) for i in row["ignored"]),
        warnings=tuple(row["warnings"]),
        timings=row["timings"],
        plan=row["plan"],
    )
