"""Requests for more pixels with more detail: by a word for the technique, or of the resolution."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.quantities import in_pixels, numbers_of, says
from retouch.engines.planner.reading import Reading

_ALLOWED = frozenset({"image", "rest", "change", "put", "add", "upscale", "up", "more", "property", "size"})
_ALLOWED |= {"number", "times", "amount", "enhance", "fix", "resize"}
_PROPERTIES = {"resolution", "size", "quality"}
_FACTORS = (2, 4)
_UNSAID = 2
_BY = frozenset(["por", "par", "by", "um"])  # before a factor: "agrandis la résolution par 4"


def read_upscale(bag: Bag) -> Reading | None:
    """An ``upscale``, twice where no factor is said. Another factor, or a size in pixels, is none."""
    if not bag.only(_ALLOWED) or not _asked(bag) or in_pixels(bag):
        return None
    if set(bag.names("property")) - _PROPERTIES or "-" in bag.names("size") or "half" in bag.names("amount"):
        return None
    factor = _factor(bag)
    return Reading(Operation("upscale", {"factor": int(factor)})) if factor in _FACTORS else None


def _asked(bag: Bag) -> bool:
    """The technique, a resolution that is to grow, or a size that is to grow "with AI"."""
    grows = bag.has("up", "more", "times", "size")
    with_ai = says(bag, "ai") and bag.has("resize", "size", "times")
    return bag.has("upscale") or (grows and (with_ai or "resolution" in bag.names("property")))


def _factor(bag: Bag) -> float:
    """How many times, from a number or a word; 0 where it cannot be told."""
    numbers = [mark.value for mark in numbers_of(bag)]
    named = [float(name) for name in bag.names("times") if name]
    if not numbers:
        return named[0] if len(named) == 1 else _UNSAID * (not bag.has("times"))
    if len(numbers) > 1:
        return 0
    if says(bag, "percent"):  # "to 200 %" is twice; without the technique's own word it is a size
        return numbers[0] / 100 if bag.has("upscale") and says(bag, "to") else 0
    by = any(mark.family == "filler" and mark.text in _BY for mark in bag.marks)
    return numbers[0] if bag.has("times") or by or says(bag, "factor") else 0
