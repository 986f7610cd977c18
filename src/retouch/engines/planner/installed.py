"""Requests for operations of other packages: their word, an everyday verb, an amount where they take one."""

from __future__ import annotations

from retouch.engines.planner import vocabulary
from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import AMOUNT, Reading
from retouch.engines.planner.slots import fill, strength_of

_EVERYDAY = frozenset({"operation", "image", "change", "put", "add"})
_STRONG = 80


def read_installed(bag: Bag) -> Reading | None:
    """One word that only they have: "add scanlines", "apply strong scanlines", "a bit of scanlines"."""
    kinds = bag.names("operation")
    if len(kinds) != 1:
        return None
    extension = vocabulary.added_operations()[kinds[0]]
    if not bag.only(_EVERYDAY | AMOUNT | {"more", "up"} if extension.strength else _EVERYDAY):
        return None
    strength = strength_of(bag, "restore")
    if strength is None and bag.has("more", "up"):
        strength = _STRONG
    return Reading(Operation(extension.name, fill({}, "strength", strength)))
