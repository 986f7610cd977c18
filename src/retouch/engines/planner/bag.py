"""A clause as its readers see it: its marks without filler, and questions about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from retouch.engines.planner.matching import Mark

_SILENT = frozenset({"filler", "symbol"})


@dataclass(frozen=True)
class Bag:
    """The marks of one clause in order; ``head_last`` says that in "X of Y" the last noun counts."""

    marks: tuple[Mark, ...]
    head_last: bool = False

    @cached_property
    def content(self) -> tuple[Mark, ...]:
        """The marks that carry meaning; ``and`` inside a clause stays, because it separates items."""
        return tuple(mark for mark in self.marks if mark.family not in _SILENT)

    @cached_property
    def families(self) -> frozenset[str]:
        """Families of the marks, without ``and``."""
        return frozenset(mark.family for mark in self.content) - {"and"}

    def has(self, *families: str) -> bool:
        """True where any of ``families`` occurs."""
        return not self.families.isdisjoint(families)

    def all(self, *families: str) -> bool:
        """True where each of ``families`` occurs."""
        return self.families.issuperset(families)

    def only(self, allowed: Iterable[str]) -> bool:
        """True where nothing but ``allowed`` occurs: a reader never skips what it does not know."""
        return self.families.issubset(allowed)

    def names(self, family: str) -> list[str]:
        """Names of the marks of ``family``, in order, each once."""
        return list(dict.fromkeys(mark.name for mark in self.content if mark.family == family))

    def joined(self, other: Bag) -> Bag:
        """This clause and a later one as one."""
        between = Mark("and", self.marks[-1].last, self.marks[-1].last) if self.marks else None
        return Bag((*self.marks, *([between] if between else ()), *other.marks), self.head_last)
