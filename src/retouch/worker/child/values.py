"""What a session with the child takes and gives; plain values for both sides of the border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from retouch.errors import EngineFailed, TaskError
from retouch.task import Ignored


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """One decoded input: its size after orientation, in pixels, and what it came as."""

    width: int
    height: int
    format: str  # png jpeg webp gif avif heic
    alpha: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """What ``prepare`` found. ``width`` and ``height`` are those of the picture to be edited."""

    width: int
    height: int
    images: tuple[ImageInfo, ...]
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Fields of the wire's answer."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Prepared:
        """Inverse of :meth:`to_json`."""
        images = tuple(ImageInfo(**image) for image in row["images"])
        return cls(row["width"], row["height"], images, tuple(row["warnings"]))


@dataclass(frozen=True, slots=True)
class EditSummary:
    """What an engine did, without the pixels: those stay in the child until ``finish``."""

    seeds: tuple[int, ...]
    applied: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    warnings: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)  # seconds by name

    def to_json(self) -> dict[str, Any]:
        """Fields of the wire's answer."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> EditSummary:
        """Inverse of :meth:`to_json`."""
        return cls(
            seeds=tuple(row["seeds"]),
            applied=row["applied"],
            ignored=tuple(Ignored(**each) for each in row["ignored"]),
            warnings=tuple(row["warnings"]),
            timings=row["timings"],
        )


@dataclass(frozen=True, slots=True)
class ChildSetup:
    """All that a child is told when it starts: no secret, no address, nothing from the environment."""

    engines: tuple[str, ...]
    weights_dir: str
    cache_dir: str | None
    scenes_dir: str | None
    threads: int
    max_pixels: int
    address_space_bytes: int
    user: str
    bytes_max: int  # bound of one message's blobs
    parent: int  # pid; the child ends with it
    gate_model: str | None = None  # the file that judges pictures; None: nobody judges
    gate_threshold: float = 1.0


def _error_classes(root: type[TaskError]) -> dict[str, type[TaskError]]:
    found = {} if root is TaskError else {root.code: root}
    for each in root.__subclasses__():
        found |= _error_classes(each)
    return found


ERRORS: Mapping[str, type[TaskError]] = _error_classes(TaskError)


def error_from(row: Mapping[str, Any]) -> TaskError:
    """The error that the child reported as ``{"code", "message"}``; an unknown code is the engine's fault."""
    return ERRORS.get(str(row.get("code")), EngineFailed)(str(row.get("message", ""))[:2000])
