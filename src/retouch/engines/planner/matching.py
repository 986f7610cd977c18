"""From tokens to marks: the reading that covers most of the text with the fewest pieces.

A mark is a word or phrase of the lexicon found in the text. Tokens that no mark covers are *unknown*, and
an unknown word is never skipped: it decides that its clause is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retouch.engines.planner.romanised import devanagari
from retouch.engines.planner.spelling import guess
from retouch.engines.planner.text import Token, script_of
from retouch.engines.planner.words import LATIN, Lexicon, Node

_PIECE = 10
_UNKNOWN = {"word": 200, "cjk": 120, "number": 4, "symbol": 0, "colour": 0, "ratio": 0, "quote": 0}
_GRAMMAR = frozenset(
    {"filler", "and", "neg", "more", "less", "too", "only", "except", "keep", "change", "put"}
)
_CONTENT = frozenset({"scene", "part", "style", "look", "weather", "frame", "colour", "subject", "image"})
_FOREIGN_LETTERS = 5  # a word of another Latin language counts only from this length on
_MOST_TYPOS = 6
_MOST_STATES = 24  # partial phrases followed at once from one token


@dataclass(frozen=True, slots=True)
class Mark:
    """A label at tokens ``first`` up to ``last`` (exclusive). ``unknown`` is a label of its own."""

    label: str
    first: int
    last: int
    value: float = 0.0
    text: str = ""  # its first token
    phrase: str = ""  # all of its tokens

    @property
    def family(self) -> str:
        """The part of the label before its colon."""
        return self.label.partition(":")[0]

    @property
    def name(self) -> str:
        """The part of the label after its colon."""
        return self.label.partition(":")[2]


@dataclass(frozen=True, slots=True)
class _Match:
    length: int
    labels: tuple[str, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Matched:
    """All marks of a text in order, breaks included, and how many words were read as typing errors."""

    marks: tuple[Mark, ...]
    typos: int


class Matcher:
    """Finds marks; ``latin`` is the language that words in Latin letters are first looked up in.

    ``spoken`` is that of most of the text: it decides what a character means that two languages write.
    """

    def __init__(self, lexicon: Lexicon, latin: str, spoken: str) -> None:
        self.lexicon = lexicon
        self.latin = latin
        self.spoken = spoken
        self.typos = 0

    def match(self, tokens: Sequence[Token]) -> Matched:
        """Marks of the whole text. Linear in the number of tokens."""
        keys = [self._keys(token) for token in tokens]
        marks: list[Mark] = []
        start = 0
        for index in range(len(tokens) + 1):
            if index == len(tokens) or tokens[index].kind == "break":
                marks += self._cover(tokens, keys, start, index)
                if index < len(tokens):
                    marks.append(Mark("break", index, index + 1))
                start = index + 1
        return Matched(tuple(marks), self.typos)

    def _keys(self, token: Token) -> list[tuple[str, str]]:
        keys = self.lexicon.keys_of(token)
        if token.kind != "word" or script_of(token) != "latin":
            return keys
        hindi = devanagari(token.key) if self.latin == "hi" else ()
        for word in hindi:
            keys += self.lexicon.keys_of(replace(token, key=word))
        if not hindi and self.typos < _MOST_TYPOS:
            better = guess(token.key, self.latin)
            if better:
                self.typos += 1
                keys += self.lexicon.keys_of(Token(better, "word", token.start, token.end))
        return keys

    def _cover(
        self, tokens: Sequence[Token], keys: list[list[tuple[str, str]]], start: int, end: int
    ) -> list[Mark]:
        cost = [0] * (end - start + 1)
        choice: list[_Match] = [_Match(1, ("unknown",), 0)] * (end - start)
        for at in range(end - 1, start - 1, -1):
            best = _Match(1, ("unknown",), _UNKNOWN[tokens[at].kind])
            total = best.cost + cost[at - start + 1]
            for found in self._matches(tokens, keys, at, end):
                candidate = found.cost + cost[at - start + found.length]
                if candidate < total:
                    best, total = found, candidate
            cost[at - start], choice[at - start] = total, best
        return _walk(tokens, choice, start, end)

    def _matches(
        self, tokens: Sequence[Token], keys: list[list[tuple[str, str]]], at: int, end: int
    ) -> list[_Match]:
        found: list[_Match] = []
        states: list[tuple[Node, bool]] = [(self.lexicon.root, False)]
        for position in range(at, end):
            states = _step(states, keys[position], first=position == at)[:_MOST_STATES]
            if not states:
                break
            for node, joined in states:
                match = self._best_meaning(node, tokens, at, position + 1)
                if match:
                    labels = ("and", *match.labels) if joined and match.labels != ("and",) else match.labels
                    found.append(_Match(match.length, labels, match.cost))
        return found

    def _best_meaning(self, node: Node, tokens: Sequence[Token], at: int, end: int) -> _Match | None:
        latin = script_of(tokens[at]) == "latin"
        letters = sum(len(token.key) for token in tokens[at:end])
        best: _Match | None = None
        alone = end - at == 1 and self._is_part_of_a_word(tokens, at)
        for language, labels in node.meanings.items():
            if (
                alone
                and (labels[0].partition(":")[0] in _CONTENT)
                and language in {"ko", "zh", "ja"}
                and (language == "ko" or language != self.spoken)
            ):
                continue
            penalty = self._penalty(language, labels, letters) if latin else int(language != self.spoken)
            if penalty is not None and (best is None or _PIECE + penalty < best.cost):
                best = _Match(end - at, labels, _PIECE + penalty)
        return best

    def _is_part_of_a_word(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a character may be no word: 机 is a desk in Japanese only, 산 in 우산 is no mountain."""
        if tokens[at].kind != "cjk":
            return False
        inside = at > 0 and tokens[at - 1].kind == "cjk" and tokens[at - 1].end == tokens[at].start
        return inside or script_of(tokens[at]) == "han"

    def _penalty(self, language: str, labels: tuple[str, ...], letters: int) -> int | None:
        if language == self.latin:
            return 0
        if language == "en" or language not in LATIN:
            return 1
        if letters < _FOREIGN_LETTERS or labels[0].partition(":")[0] in _GRAMMAR:
            return None
        return 3


def _step(
    states: list[tuple[Node, bool]], keys: list[tuple[str, str]], *, first: bool
) -> list[tuple[Node, bool]]:
    after: list[tuple[Node, bool]] = []
    for node, joined in states:
        for key, prefix in keys:
            if not first and prefix[:1] in {"و", "ف"} and prefix:
                continue
            child = node.children.get(key)
            if child is not None:
                after.append((child, joined or (first and prefix[:1] in {"و", "ف"})))
    return after


def _walk(tokens: Sequence[Token], choice: list[_Match], start: int, end: int) -> list[Mark]:
    marks: list[Mark] = []
    at = start
    while at < end:
        match = choice[at - start]
        last = at + match.length
        token = tokens[at]
        if match.labels == ("unknown",) and token.kind in {"number", "colour", "symbol", "ratio", "quote"}:
            value = _number(token.key) if token.kind == "number" else 0.0
            marks.append(Mark(token.kind, at, last, value, token.key))
        else:
            phrase = "".join(each.key for each in tokens[at:last])
            marks += [Mark(label, at, last, 0.0, token.key, phrase) for label in match.labels]
        at = last
    return marks


def _number(key: str) -> float:
    try:
        return float(key.replace(",", "."))
    except ValueError:
        return 0.0
