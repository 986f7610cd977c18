"""An instruction's clauses: where they end, and which of them ask for something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.cautions import as_complaint
from retouch.engines.planner.contexts import PURPOSE, as_topic, is_statement, lacks_words, set_aside
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.replacing import without_instead
from retouch.engines.planner.text import Token

_HANGUL = "가"


def clauses(
    tokens: Sequence[Token], marks: Sequence[Mark], *, head_last: bool
) -> tuple[list[Bag], list[Bag]]:
    """The clauses that may ask for something, and the unlisted words that do not, each in order."""
    asked: list[Bag] = []
    aside: list[Bag] = []
    for bag in _with_then(_cut(tokens, marks, head_last=head_last)):
        if bag.families - {"break"}:
            bag = as_topic(bag)  # noqa: PLW2901 - what is left of it
            parts, told = ([], [bag]) if is_statement(bag) else set_aside(bag)
            asked += [as_complaint(part) for part in parts]
            aside += [part for part in told if lacks_words(part)]
    return asked, aside


def _cut(tokens: Sequence[Token], marks: Sequence[Mark], *, head_last: bool) -> list[Bag]:
    """Cut at punctuation and at words like "and", where they stand in no quotation."""
    parts: list[Bag] = []
    current: list[Mark] = []
    for mark in _whole_words(without_instead(marks), tokens):
        shortened = (
            mark.family == "break"
            and tokens[mark.first].key == "."
            and current
            and current[-1].label == PURPOSE
        )
        if shortened:  # "wg. Datenschutz"
            continue
        if mark.family in {"and", "break"} and not tokens[mark.first].quoted:
            parts.append(Bag(tuple(current), head_last))
            current = []
        else:
            current.append(mark)
    return [*parts, Bag(tuple(current), head_last)]


def _whole_words(marks: Sequence[Mark], tokens: Sequence[Token]) -> list[Mark]:
    """``marks`` without an "and" that is a syllable of an unlisted Korean word: 서 in 엽서집."""
    whole = list(marks)
    for at, mark in enumerate(marks[1:-1], 1):
        syllable = mark.family == "and" and mark.last - mark.first == 1 and mark.text >= _HANGUL
        inside = syllable and marks[at - 1].family == marks[at + 1].family == "unknown"
        if inside and tokens[mark.first].end == tokens[mark.last].start:
            whole[at] = replace(mark, label="unknown")
    return whole


def _with_then(clauses: list[Bag]) -> list[Bag]:
    """A "then" that a comma has cut off belongs to the clause before it."""
    kept: list[Bag] = []
    for bag in clauses:
        if kept and bag.marks and all(mark.label == "filler:then" for mark in bag.marks):
            kept[-1] = replace(kept[-1], marks=(*kept[-1].marks, *bag.marks))
        elif bag.marks:
            kept.append(bag)
    return kept
