"""Where lines may end, and which ends make them equally long.

Of the Unicode Line Breaking Algorithm (UAX #14) what posters need: after spaces and hyphens, and between
Chinese and Japanese characters except where a line may not begin or end (JIS X 4051, "kinsoku"). A word wider
than the line is never cut: the text is set smaller.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_NOT_FIRST: Final = frozenset(
    "、。，．・：；？！‼⁇⁈⁉）］｝〕〉》」』】〙〗’”»ー々ゝゞヽヾぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
    ",.:;?!)]}%…‥〜～"
)
_NOT_LAST: Final = frozenset("（［｛〔〈《「『【〘〖‘“«([{")
_WIDE: Final = frozenset({"W", "F"})
_SHORT: Final = (
    8  # characters of a Chinese or Japanese word that is not cut where there are blanks to break at
)
_STEPS: Final = 24  # of the search for the narrowest measure: 1 / 2^24 of the widest


@dataclass(frozen=True, slots=True)
class Piece:
    """What a line break may not cut: ``text`` without the space after it, widths in em.

    ``ends`` is true where the writer broke the line.
    """

    text: str
    width: float
    space: float  # of the blank after it, when it does not end its line
    ends: bool


def pieces(text: str, measure: Callable[[str], float]) -> tuple[Piece, ...]:
    """``text`` cut wherever a line may end. ``measure`` gives the width of a string."""
    found: list[Piece] = []
    for line in text.split("\n"):
        start, spaced = 0, " " in line and all(len(word) <= _SHORT for word in line.split())
        for end in range(1, len(line) + 1):
            if end == len(line) or _may_break(line, end, spaced=spaced):
                word = line[start:end].rstrip(" ")
                blank = " " * (end - start - len(word))
                found.append(Piece(word, measure(word), measure(blank) if blank else 0.0, end == len(line)))
                start = end
        if not line:
            found.append(Piece("", 0.0, 0.0, ends=True))
    return tuple(found)


def _may_break(line: str, at: int, *, spaced: bool) -> bool:
    """Whether a line may end before ``line[at]``; ``spaced``: the writer has parted short words by blanks."""
    before, after = line[at - 1], line[at]
    if after == " ":
        return False
    if before == " ":
        return True
    if before == "-":
        return after.isalpha() and line[at - 2 : at - 1].isalpha()
    if spaced or not (_is_square(before) or _is_square(after)):
        return False
    return after not in _NOT_FIRST and before not in _NOT_LAST and not unicodedata.combining(after)


def _is_square(char: str) -> bool:
    """Chinese, Japanese; Korean is broken between words, as signs and headlines are."""
    hangul = "\uac00" <= char <= "\ud7a3" or "\u3131" <= char <= "\u318e"
    return unicodedata.east_asian_width(char) in _WIDE and not hangul


def filled(parts: Sequence[Piece], measure: float) -> list[tuple[int, int]]:
    """Lines as ranges of ``parts``, each as full as ``measure`` em allow."""
    lines: list[tuple[int, int]] = []
    start, width, blank = 0, 0.0, 0.0
    for at, part in enumerate(parts):
        if at > start and (parts[at - 1].ends or width + blank + part.width > measure + 1e-6):
            lines.append((start, at))
            start, width, blank = at, 0.0, 0.0
        width += blank + part.width
        blank = part.space
    return [*lines, (start, len(parts))]


def narrowest(parts: Sequence[Piece], count: int) -> float | None:
    """The smallest measure, in em, that sets ``parts`` in at most ``count`` lines: they are then balanced.

    None where the writer's own breaks ask for more lines.
    """
    low = max(part.width for part in parts)
    high = sum(part.width + part.space for part in parts)
    if len(filled(parts, high)) > count:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if len(filled(parts, middle)) <= count else (middle, high)
    return high


def joined(parts: Sequence[Piece], line: tuple[int, int]) -> str:
    """The text of one line."""
    inside = parts[line[0] : line[1]]
    return "".join(
        part.text + (" " if part.space and at + 1 < len(inside) else "") for at, part in enumerate(inside)
    )
