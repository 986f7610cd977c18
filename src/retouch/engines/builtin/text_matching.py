"""Which of the lines that were read is meant: by letters and digits alone, with a few misread.

Sellers, "The theory and computation of evolutionary distances: pattern recognition" (1980): the part of a
text with the smallest edit distance to a pattern, in one pass.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from retouch.engines.builtin.ocr import TextLine

_LETTERS_AN_ERROR = 5  # so many letters may have one that is wrong, twice as many two
_ANYWHERE = 6  # letters from which a text may begin or end within a word: blanks are not always read


@dataclass(frozen=True, slots=True)
class Match:
    """A place where the text was found: the parts of lines that hold it, in reading order."""

    parts: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter as it is compared, and where it stands."""

    key: str
    line: int
    at: int
    starts: bool  # a word begins here
    ends: bool


def matches(lines: Sequence[TextLine], wanted: str) -> tuple[Match, ...]:
    """All places of ``wanted`` in ``lines``, none overlapping: exact ones if there are any, or near ones."""
    pattern = [char for char in _folded(wanted) if char.isalnum()] or [*_folded(wanted).replace(" ", "")]
    if not pattern:
        return ()
    letters = _letters(lines, words=pattern[0].isalnum())
    for allowed in range(len(pattern) // _LETTERS_AN_ERROR + 1):
        found = _places(letters, pattern, allowed)
        if found:
            return tuple(_match(lines, letters[first:last]) for first, last in found)
    return ()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _letters(lines: Sequence[TextLine], *, words: bool) -> list[_Letter]:
    """The letters of all lines in a row; a line's end parts words."""
    found: list[_Letter] = []
    for number, line in enumerate(lines):
        for at, char in enumerate(line.text):
            before, after = line.text[at - 1 : at] if at else "", line.text[at + 1 : at + 2]
            ends = _parts(before, char), _parts(char, after)
            keys = [key for key in _folded(char) if key.isalnum() or not (words or key.isspace())]
            found += [_Letter(key, number, at, *ends) for key in keys]
    return found


def _parts(before: str, after: str) -> bool:
    """Whether one word ends and another begins between two characters; Chinese and Japanese part none."""
    square = any(unicodedata.east_asian_width(char) in "WF" for char in (before, after) if char)
    return square or not (before.isalnum() and after.isalnum())


def _places(letters: Sequence[_Letter], pattern: Sequence[str], allowed: int) -> list[tuple[int, int]]:
    """Ranges of ``letters`` at the edit distance ``allowed``, the first of those that overlap."""
    # For each length of the pattern's beginning: its distance to what ends here, and where that starts.
    column = [(length, 0) for length in range(len(pattern) + 1)]
    found: list[tuple[int, int]] = []
    for at, letter in enumerate(letters):
        diagonal, column[0] = column[0], (0, at + 1)
        for length, char in enumerate(pattern, 1):
            here = min(
                (diagonal[0] + (char != letter.key), diagonal[1]),
                (column[length][0] + 1, column[length][1]),
                (column[length - 1][0] + 1, column[length - 1][1]),
            )
            diagonal, column[length] = column[length], here
        cost, start = column[-1]
        free = not found or start >= found[-1][1]
        if cost <= allowed and start <= at and free and _whole(letters, start, at, len(pattern)):
            found.append((start, at + 1))
    return found


def _whole(letters: Sequence[_Letter], first: int, last: int, length: int) -> bool:
    return length >= _ANYWHERE or (letters[first].starts and letters[last].ends)


def _match(lines: Sequence[TextLine], letters: Sequence[_Letter]) -> Match:
    parts = []
    for number in dict.fromkeys(letter.line for letter in letters):
        inside = [letter.at for letter in letters if letter.line == number]
        parts.append(lines[number].part(*_with_signs(lines[number].text, inside[0], inside[-1] + 1)))
    return Match(tuple(parts))


def _with_signs(text: str, first: int, last: int) -> tuple[int, int]:
    """The range with the signs at the line's ends that no other word claims."""
    if not any(char.isalnum() for char in text[:first]):
        first = 0
    if not any(char.isalnum() for char in text[last:]):
        last = len(text)
    return first, last
