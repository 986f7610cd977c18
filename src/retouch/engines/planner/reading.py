"""What a clause came to, and the marks that may stand in a request of any kind."""

from __future__ import annotations

from dataclasses import dataclass

from retouch.engines.planner.plan import Operation

FRAME = frozenset({"image", "rest", "keep", "change", "put", "add"})
AMOUNT = frozenset({"amount", "number", "half"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What one clause came to: an operation, or constraints on things to be left as they are."""

    operation: Operation | None = None
    kept: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    isolates: bool = False  # "keep only the subject": a cut-out, or a constraint beside another operation
