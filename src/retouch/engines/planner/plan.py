"""The Plan: what an instruction means, as data. Made from text only; no pixel is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One typed step of an edit: ``kind`` names it, ``arguments`` are JSON values it understands.

    Printed flat: ``{"kind": "background.replace", "scene": "starry sky", "keep": "subject"}``.
    """

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The flat form."""
        return {"kind": self.kind, **self.arguments}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Operation:
        """Inverse of :meth:`to_json`."""
        return cls(row["kind"], {k: v for k, v in row.items() if k != "kind"})


@dataclass(frozen=True, slots=True)
class Plan:
    """Operations in the order in which they are carried out.

    ``language`` is an ISO 639-1 code, ``confidence`` is 0..1. A plan that cannot be carried out has no
    operations and quotes in ``unsupported`` what was not understood. ``warnings`` say what was read
    generously (an unknown scene taken for its nearest known one).
    """

    language: str
    operations: tuple[Operation, ...]
    confidence: float
    unsupported: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def pictures(self) -> int:
        """How many of the request's pictures it looks at: the one that is edited, and any it names."""
        named = [each.arguments.get("image") for each in self.operations]
        return 1 + max((place for place in named if isinstance(place, int)), default=0)

    def to_json(self) -> dict[str, Any]:
        """The form that ``retouch plan --json`` prints; ``warnings`` only where there are any."""
        row: dict[str, Any] = {
            "language": self.language,
            "operations": [operation.to_json() for operation in self.operations],
            "confidence": round(self.confidence, 3),
            "unsupported": list(self.unsupported),
        }
        if self.warnings:
            row["warnings"] = list(self.warnings)
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Plan:
        """Inverse of :meth:`to_json`."""
        return cls(
            language=row["language"],
            operations=tuple(Operation.from_json(o) for o in row["operations"]),
            confidence=float(row["confidence"]),
            unsupported=tuple(row.get("unsupported", ())),
            warnings=tuple(row.get("warnings", ())),
        )
