"""Typing errors in words of Latin letters: the one known word that is an edit or two away, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from retouch.engines.planner.vocabulary import forgotten
from retouch.engines.planner.words import LATIN, Lexicon, Node, load

_ONE_EDIT_FROM = 5
_TWO_EDITS_FROM = 8
_EXCHANGE_FROM = 8
_LONGEST = 24


@forgotten
@lru_cache(maxsize=2048)
def guess(word: str, language: str) -> str:
    """The known word that ``word`` is a typing error of, or "" where it is known, too short or in doubt.

    First letters must agree (people rarely mistype them, and "older" is not "colder"). One edit (a letter
    more, fewer, other, or two swapped) from five letters on, two from eight on.
    """
    if not _ONE_EDIT_FROM <= len(word) <= _LONGEST or _is_known(word):
        return ""
    allowed = 2 if len(word) >= _TWO_EDITS_FROM else 1
    for code in dict.fromkeys((language, "en")):
        near: dict[int, set[str]] = defaultdict(set)
        for known in _by_first_letter(code).get(word[0], ()):
            if abs(len(known) - len(word)) <= allowed and not _another_word(word, known):
                near[distance(word, known, allowed)].add(known)
        for edits in range(1, allowed + 1):
            if near[edits]:
                return _the_one(word, near[edits])
    return ""


def _another_word(word: str, known: str) -> bool:
    """A word with letters exchanged is more often another word: "money" is not "Monet"."""
    exchanged = sum(a != b for a, b in zip(word, known, strict=False))
    others = len(word) == len(known) and sorted(word) != sorted(known)
    return others and (len(known) < _EXCHANGE_FROM or exchanged > 1)


def _the_one(word: str, near: set[str]) -> str:
    """The only candidate, or the only one of the same letters (one doubled, or two swapped).

    Where there is none such, the only one that has a letter more: leaving one out is the commonest slip.
    """
    same = {known for known in near if set(known) == set(word)}
    longer = {known for known in near if len(known) > len(word)}
    chosen = near if len(near) == 1 else same or longer
    return next(iter(chosen)) if len(chosen) == 1 else ""


def distance(one: str, other: str, limit: int) -> int:
    """Optimal string alignment distance (Damerau-Levenshtein without overlaps); limit + 1 when larger."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        after = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        if min(after) > limit:
            return limit + 1
        before, row = row, after
    return row[-1]


def _is_known(word: str) -> bool:
    return any(word in _spellings(code) for code in (*LATIN, "hi"))


@forgotten
@lru_cache(maxsize=8)
def _spellings(language: str) -> frozenset[str]:
    words: set[str] = set()
    _collect(load(), load().root, language, words)
    return frozenset(words)


def _collect(lexicon: Lexicon, node: Node, language: str, words: set[str]) -> bool:
    used = language in node.meanings
    for key, child in node.children.items():
        if _collect(lexicon, child, language, words):
            used = True
            stem, _, of = key.partition("~")
            words.add(stem)
            if of == language:
                words.update(stem + ending for ending in lexicon.endings[language])
    return used


@forgotten
@lru_cache(maxsize=8)
def _by_first_letter(language: str) -> Mapping[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for word in sorted(_spellings(language)):
        if len(word) >= _ONE_EDIT_FROM - 1 and word.isascii():
            groups[word[0]].append(word)
    return {letter: tuple(words) for letter, words in groups.items()}
