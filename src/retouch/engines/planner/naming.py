"""Which picture of the request is meant: "the second image", "picture 2", 第二张图 become one mark each.

An ordinal beside a word for picture names one, and so does a number right after such a word, where it
counts nothing else ("the picture 2 times larger"). What a name is introduced by ("with", "avec", с) divides
no clause then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retouch.engines.planner.matching import Mark

MOST = 10  # "the tenth picture" is the last that has a word here
_WITH = frozenset(["with", "con", "avec", "mit", "com", "с", "со", "مع"])
_BETWEEN = frozenset(["の", "的", "번", "장의", "번의"])  # between an ordinal and its noun
_COUNTS = frozenset(
    {"times", "px", "number", "symbol", "size", "unknown", "colour", "ratio", "width", "height"}
)
_COUNTED = frozenset({"filler:percent", "filler:degrees"})
_SIGNS = "#＃"
_SENT = "filler:sent"
_RELATIVES = frozenset(
    ["that", "which", "que", "qu", "das", "die", "что", "которую", "которое", "التي", "जो", "jo"]
)


def named(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """``marks`` with every name of a picture as one mark ``picture:1`` .. ``picture:10``."""
    found: list[Mark] = []
    at = 0
    while at < len(marks):
        length, place = _name_at(marks, at)
        if not place:
            found.append(marks[at])
        else:
            if found and found[-1].family == "and" and found[-1].text in _WITH:
                found[-1] = replace(found[-1], label="filler")
            while found and found[-1].label == _SENT:  # 我发的第二张图
                found.pop()
            length += _sent_after(marks[at + length :])
            found.append(_joined(marks[at : at + length], place))
        at += length
    if not any(mark.family == "picture" for mark in found):
        return tuple(found)
    return tuple(_elided(mark) for mark in found)


def _elided(mark: Mark) -> Mark:
    """An ordinal whose noun was said before: "the style of the second on the first picture"."""
    return (
        replace(mark, label=f"picture:{mark.name}")
        if mark.family == "ordinal" and mark.name != "other"
        else mark
    )


def _sent_after(marks: Sequence[Mark]) -> int:
    """How many of ``marks`` say that somebody sent it: "that I uploaded", ", das ich geschickt habe,"."""
    comma = bool(marks) and marks[0].family == "break"
    sent = 0
    for mark in marks[comma:]:
        if mark.label != _SENT and not (mark.family == "filler" and mark.text in _RELATIVES):
            break
        sent += 1
    if not any(mark.label == _SENT for mark in marks[comma : comma + sent]):
        return 0
    closed = comma and comma + sent < len(marks) and marks[comma + sent].family == "break"
    return comma + sent + closed


def _name_at(marks: Sequence[Mark], at: int) -> tuple[int, str]:
    """How many marks from ``at`` on name a picture, and which; 1 and "" where they name none."""
    mark = marks[at]
    if mark.family in {"picture", "ordinal"}:
        noun = _noun_after(marks, at)
        place = "2" if mark.name == "other" else mark.name
        if noun:
            return noun - at + 1, place
        return 1, place if mark.family == "picture" else ""
    if mark.label == "image":
        return _numbered(marks, at)
    return 1, ""


def _noun_after(marks: Sequence[Mark], at: int) -> int:
    """Where the word for picture stands that belongs to the ordinal at ``at``; 0 where there is none."""
    after = at + 1
    if after < len(marks) and marks[after].family == "filler" and marks[after].phrase in _BETWEEN:
        after += 1
    return after if after < len(marks) and marks[after].label == "image" else 0


def _numbered(marks: Sequence[Mark], at: int) -> tuple[int, str]:
    """A word for picture and then its number, as in "image no. 2", or its ordinal, as in الصورة الثانية."""
    after = at + 1
    while after < len(marks) and (marks[after].label == "filler:nth" or _is_sign(marks[after])):
        after += 1
    if after == len(marks):
        return 1, ""
    mark = marks[after]
    if mark.family == "ordinal" and mark.name != "other" and after == at + 1:
        return (1, "") if after + 1 < len(marks) and marks[after + 1].family == "image" else (2, mark.name)
    counts = after + 1 < len(marks) and (
        marks[after + 1].family in _COUNTS or marks[after + 1].label in _COUNTED
    )
    if mark.family == "number" and mark.text.isdecimal() and 1 <= int(mark.text) <= MOST and not counts:
        return after - at + 1, str(int(mark.text))
    return 1, ""


def _is_sign(mark: Mark) -> bool:
    return mark.family == "symbol" and mark.text in _SIGNS


def _joined(marks: Sequence[Mark], place: str) -> Mark:
    first, last = marks[0], marks[-1]
    phrase = "".join(mark.phrase or mark.text for mark in marks)
    return Mark(f"picture:{place}", first.first, last.last, 0.0, first.text, phrase)
