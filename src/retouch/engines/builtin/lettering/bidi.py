"""In which direction each character runs: the Unicode Bidirectional Algorithm without its explicit marks.

UAX #9, "Unicode Bidirectional Algorithm", rules P2-P3, W1-W7, N1-N2, I1-I2, L1-L2. Marks that force a
direction (X1-X8) never get here: text is cleaned of them before. Paired brackets (N0) are neutrals like
others.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TypeVar

_STRONG = frozenset({"L", "R", "AL"})
_RIGHTWARD = {"L": "L", "R": "R", "EN": "R", "AN": "R"}  # N1: numbers count as R
_NEUTRAL = frozenset({"B", "S", "WS", "ON", "BN", "ES", "ET", "CS"})
_SPACE = frozenset({"B", "S", "WS", "BN"})

Item = TypeVar("Item")


def base_level(text: str) -> int:
    """0 where the first letter runs to the right or there is none, 1 where it runs to the left (P2-P3)."""
    first = next((kind for kind in map(unicodedata.bidirectional, text) if kind in _STRONG), "L")
    return int(first != "L")


def levels(text: str, base: int) -> list[int]:
    """The embedding level of each character of one paragraph; odd levels run to the left."""
    before = "R" if base else "L"
    kinds = _numbers(_weak(text, before), before)
    kinds = _neutrals(kinds, before)
    found = [_level(kind, base) for kind in kinds]
    for index in range(len(text) - 1, -1, -1):  # L1: space at the end stays with the paragraph
        if unicodedata.bidirectional(text[index]) not in _SPACE:
            break
        found[index] = base
    return found


def visual(items: Sequence[tuple[int, Item]]) -> list[Item]:
    """Items with their levels from logical order to that in which they stand from left to right (L2)."""
    order = list(items)
    lowest_odd = min((level for level, _ in order if level % 2), default=0)
    for threshold in range(max((level for level, _ in order), default=0), max(lowest_odd, 1) - 1, -1):
        turned: list[tuple[int, Item]] = []
        for start, end in runs([level >= threshold for level, _ in order]):
            part = order[start:end]
            turned += reversed(part) if part[0][0] >= threshold else part
        order = turned
    return [item for _, item in order]


def _weak(text: str, before: str) -> list[str]:
    """W1-W3: marks go with their letter, European digits after Arabic letters are Arabic numbers."""
    kinds: list[str] = []
    last, strong = before, before
    for char in text:
        kind = unicodedata.bidirectional(char) or "L"
        kind = last if kind == "NSM" else kind
        strong = kind if kind in _STRONG else strong
        last = kind
        kinds.append("AN" if kind == "EN" and strong == "AL" else kind)
    return ["R" if kind == "AL" else kind for kind in kinds]


def _numbers(kinds: list[str], before: str) -> list[str]:
    """W4-W7: separators within numbers, signs beside them, digits after Latin letters."""
    out = list(kinds)
    for index in range(1, len(out) - 1):
        near = {out[index - 1], out[index + 1]}
        if near == {"EN"} and out[index] in {"ES", "CS"}:
            out[index] = "EN"
        elif near == {"AN"} and out[index] == "CS":
            out[index] = "AN"
    for direction in (range(1, len(out)), range(len(out) - 2, -1, -1)):
        for index in direction:
            if out[index] == "ET" and out[index - direction.step] == "EN":
                out[index] = "EN"
    strong = before
    for index, kind in enumerate(out):
        strong = kind if kind in _STRONG else strong
        if kind == "EN" and strong == "L":
            out[index] = "L"
    return out


def _neutrals(kinds: list[str], before: str) -> list[str]:
    """N1-N2: neutrals between letters of one direction take it, others that of the paragraph."""
    out: list[str] = []
    groups = [(neutral, list(group)) for neutral, group in groupby(kinds, lambda kind: kind in _NEUTRAL)]
    ends = [before, *(_RIGHTWARD.get(group[-1], before) for _, group in groups)]
    starts = [*(_RIGHTWARD.get(group[0], before) for _, group in groups[1:]), before]
    for (neutral, group), left, right in zip(groups, ends, starts, strict=False):
        out += [left if left == right else before] * len(group) if neutral else group
    return out


def _level(kind: str, base: int) -> int:
    """I1-I2."""
    if base % 2:
        return base + (kind != "R")
    return base + {"L": 0, "R": 1}.get(kind, 2)


def runs(values: Sequence[object]) -> list[tuple[int, int]]:
    """Start and end of each stretch of equal neighbours."""
    cuts = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(values)) if a != b), len(values)]
    return [(start, end) for start, end in pairwise(cuts) if end > start]
