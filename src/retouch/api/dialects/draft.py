"""What a dialect makes of a submit: the request, and pictures that are still as the client sent them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retouch.task import EditRequest, Ignored, Source

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Draft:
    """A validated submit before its pictures are taken in.

    ``request`` has no sources yet. ``pictures`` and ``mask`` are URLs or data URIs; ``names`` are the
    fields that they came in, for error answers. ``seeded``: the client gave the seed, nobody drew it.
    """

    request: EditRequest
    pictures: tuple[str, ...]
    names: tuple[str, ...]
    mask: str | None = None
    strict: bool = False
    seeded: bool = False

    def filled(self, sources: Sequence[Source], mask: Source | None) -> EditRequest:
        """The request with its pictures in place."""
        return replace(self.request, sources=tuple(sources), mask=mask)


def ignore(names: Sequence[str]) -> tuple[Ignored, ...]:
    """Fields that nobody here knows, said so."""
    return tuple(Ignored(name, "unknown parameter") for name in names)
