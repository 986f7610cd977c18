"""What a client gets: frozen values, made from the server's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ENDED: Final = frozenset({"completed", "failed", "cancelled"})
_ENDINGS: Final = {"image/jpeg": ".jpg", "image/webp": ".webp", "image/avif": ".avif"}


@dataclass(frozen=True, slots=True)
class Ignored:
    """A parameter that was not honoured, and why."""

    param: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed; ``message`` is in the client's language."""

    code: str
    message: str
    type: str


@dataclass(frozen=True, slots=True)
class ResultLink:
    """Where a result lies. The URL needs no key; who has it may read until it expires (Unix seconds)."""

    url: str
    seed: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands. Times are Unix seconds, ``progress`` is 0 to 100 and never goes back.

    ``status`` is pending, processing, completed, failed or cancelled. ``raw`` has all that the server said.
    """

    id: str
    status: str
    progress: int
    created: int | None
    completed: int | None
    model: str | None
    engine: str | None
    n: int | None
    seed: int | None
    cost: float
    images: tuple[ResultLink, ...]
    ignored: tuple[Ignored, ...]
    warnings: tuple[str, ...]
    revised_prompt: str | None
    metadata: Mapping[str, str]
    error: Failure | None
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Picture:
    """One edited picture."""

    data: bytes = field(repr=False)
    media_type: str
    url: str
    seed: int | None

    def save(self, path: str | Path) -> Path:
        """Write the file, and the folders above it; without an ending it gets the one of its format."""
        target = Path(path)
        if not target.suffix:
            target = target.with_suffix(_ENDINGS.get(self.media_type, ".png"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.data)
        return target


@dataclass(frozen=True, slots=True)
class EditResult:
    """What came of an edit."""

    task_id: str
    pictures: tuple[Picture, ...]
    engine: str | None
    model: str | None
    cost: float
    ignored: tuple[Ignored, ...]
    warnings: tuple[str, ...]
    revised_prompt: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a task.

    ``kind`` is status, progress, preview, completed, failed or cancelled; ``url`` is that of a preview,
    ``task`` stands in the last event.
    """

    kind: str
    status: str | None = None
    progress: int | None = None
    url: str | None = None
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Tasks, newest first; ``next_cursor`` is None on the last page."""

    tasks: tuple[Task, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an instruction would do: operations in order, and what was not understood.

    ``message`` says the latter in words, as the failed task would.
    """

    language: str
    operations: tuple[Mapping[str, Any], ...]
    unsupported: tuple[str, ...]
    message: str | None
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that the server keeps for a while; ``url`` goes wherever a picture does."""

    url: str
    filename: str
    content_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the key may use, and the engines that serve it, in order."""

    id: str
    engines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """What the key may still spend; None where it has no limit."""

    remaining: float | None
    used: float
