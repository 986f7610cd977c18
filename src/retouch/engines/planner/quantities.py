"""Numbers of a clause and what they count: percent, degrees, pixels."""

from __future__ import annotations

import re
from itertools import pairwise

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark

_SIGNS = {"degrees": "°º˚", "percent": "%％٪"}
_WORD_FOR_PIXELS = "style:pixel art"  # the style's name is also the unit
_THOUSANDS = re.compile(r"\d{1,3}[.,]\d{3}")
_EXACT = 1e-9


def numbers_of(bag: Bag) -> list[Mark]:
    """The numbers of the clause, in order."""
    return [mark for mark in bag.content if mark.family == "number"]


def says(bag: Bag, what: str) -> bool:
    """Whether a silent word or sign of that kind ("percent", "degrees", "to") stands in the clause."""
    signs = _SIGNS.get(what, "")
    return any(
        mark.label == f"filler:{what}" or (mark.family == "symbol" and mark.text in signs)
        for mark in bag.marks
    )


def in_pixels(bag: Bag) -> bool:
    """Whether a number counts pixels."""
    pairs = pairwise(bag.content)
    return bag.has("px") or any(
        mark.family == "number" and after.label == _WORD_FOR_PIXELS for mark, after in pairs
    )


def up_to(bag: Bag, number: Mark) -> bool:
    """Whether it says "to 50 %" and not "by 50 %": before the number, or, where verbs come last, after it."""
    at = bag.marks.index(number)
    before = bag.marks[max(at - 1, 0) : at]
    after = [
        mark for mark in bag.marks[at + 1 : at + 4] if mark.family == "filler" and mark.name != "percent"
    ]
    near = (*before, *after[:1]) if bag.head_last else before
    return any(mark.label == "filler:to" for mark in near)


def pixels(number: Mark) -> int:
    """A count of pixels, in which 1,920 and 1.920 are thousands; 0 for what is no whole number."""
    if _THOUSANDS.fullmatch(number.text):
        return round(number.value * 1000)
    return round(number.value) if number.value == round(number.value) else 0


def tidy(value: float) -> int | float:
    """An integer where it is one, else two decimals."""
    return round(value) if abs(value - round(value)) < _EXACT else round(value, 2)
