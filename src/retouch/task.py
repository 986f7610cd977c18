"""The nouns of the house: what is asked, how it stands, what came of it. Pure values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias

DEFAULT_MODEL = "grok-imagine-1.0-edit-apimart"

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
OutputFormat: TypeAlias = Literal["png", "jpeg", "webp", "avif"]
Background: TypeAlias = Literal["opaque", "transparent"]


class Status(StrEnum):
    """Where a task stands; ``submitted`` exists only in the answer to a submit."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True for the three states that nothing leaves."""
        return not TRANSITIONS[self]


# Drawn in docs/explanation/task-life.md; a test compares the drawing with this table and the table with
# what the SQL lets happen.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PROCESSING, Status.CANCELLED}),
    Status.PROCESSING: frozenset({Status.PENDING, Status.COMPLETED, Status.FAILED, Status.CANCELLED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class SourceKind(StrEnum):
    """Where the bytes of an input picture come from."""

    URL = "url"  # value: an https URL, fetched by the worker under the address guard
    OBJECT = "object"  # value: a key in our object store (a data URI, stored at the door)
    UPLOAD = "upload"  # value: the id of an upload


@dataclass(frozen=True, slots=True)
class Source:
    """One input picture, as the row keeps it: a reference, never the bytes."""

    kind: SourceKind
    value: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A parameter that was not honoured, and why."""

    param: str
    reason: str


@dataclass(frozen=True, slots=True)
class EditRequest:
    """What is asked for, in one shape for all dialects. Validated at the door, then never changed.

    ``prompt`` is NFC-normalised and trimmed; ``sources[0]`` is the picture to be edited. ``seed`` is
    always set (drawn at submit when the client gave none), so every attempt gives the same pictures.
    ``previews``: how many intermediate pictures may be shown. ``webhook`` is the URL that is told of the
    task's end. ``ignored`` holds what the door already knows nobody will honour (unknown fields).
    """

    model: str
    prompt: str
    sources: tuple[Source, ...]
    n: int = 1
    seed: int = 0
    size: str | None = None
    mask: Source | None = None
    negative_prompt: str | None = None
    strength: float | None = None
    steps: int | None = None
    guidance: float | None = None
    output_format: OutputFormat = "png"
    output_compression: int | None = None
    background: Background | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    previews: int = 0
    webhook: str | None = None
    ignored: tuple[Ignored, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The row's form of this request.

        ``webhook`` only where there is one: fingerprints of submits stay what they were before it was known.
        """
        told = {} if self.webhook is None else {"webhook": self.webhook}
        return told | {
            "model": self.model,
            "prompt": self.prompt,
            "sources": [_source_json(s) for s in self.sources],
            "n": self.n,
            "seed": self.seed,
            "size": self.size,
            "mask": _source_json(self.mask) if self.mask else None,
            "negative_prompt": self.negative_prompt,
            "strength": self.strength,
            "steps": self.steps,
            "guidance": self.guidance,
            "output_format": self.output_format,
            "output_compression": self.output_compression,
            "background": self.background,
            "metadata": dict(self.metadata),
            "previews": self.previews,
            "ignored": [{"param": i.param, "reason": i.reason} for i in self.ignored],
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> EditRequest:
        """Inverse of :meth:`to_json`."""
        values = dict(row)
        values["sources"] = tuple(_source(s) for s in row["sources"])
        values["mask"] = _source(row["mask"]) if row.get("mask") else None
        values["ignored"] = tuple(Ignored(**i) for i in row.get("ignored", ()))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """One delivered picture: a key in the object store, never a path or a URL."""

    key: str
    content_type: str
    width: int
    height: int
    bytes: int
    seed: int


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What a completed task delivers; committed once, in the transaction that ends the task."""

    engine: str
    pictures: tuple[StoredPicture, ...]
    ignored: tuple[Ignored, ...] = ()
    warnings: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)  # seconds by step name
    plan: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed, in public words. ``code`` and ``type`` are those of the error tree."""

    code: str
    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the store knows it. ``attempt`` is the fencing token of the running attempt."""

    id: str
    account_id: str
    status: Status
    request: EditRequest
    request_id: str
    progress: int
    attempt: int
    child_crashed: int
    worker_lost: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None  # when the pictures are deleted
    outcome: TaskOutcome | None = None
    failure: Failure | None = None
    checkpoint: Mapping[str, Any] | None = None
    cost: float = 0.0


def _source(row: Mapping[str, str]) -> Source:
    return Source(SourceKind(row["kind"]), row["value"])


def _source_json(source: Source) -> dict[str, str]:
    return {"kind": source.kind.value, "value": source.value}
