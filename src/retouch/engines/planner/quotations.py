"""Quoted text: it is to be set or found in a picture, and is never read as an instruction.

A quotation is one token; what stands in it, commas and verbs included, no lexicon ever sees. All marks that
the eleven languages quote with are known, an apostrophe only where it does not stand between letters. Without
any, what follows a colon is the text: "add the text: Hello".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from retouch.engines.planner.text import Token, tokenise

_CLOSERS: Final = {
    '"': '"”“',
    "“": '”"“',
    "„": '“”"',
    "”": "”",
    "«": "»",
    "»": "«",
    "‹": "›",
    "「": "」",
    "『": "』",
    "｢": "｣",
    "﹁": "﹂",
    "＂": "＂",
    "‘": "’",
    "‚": "‘’",
    "'": "'’",
    "`": "`'",
}
_APOSTROPHES: Final = "'‘’‚`"
_COLON: Final = re.compile(r"[:：]\s*")
_SENTENCE: Final = re.compile(r"[,.;!?，。；！？、،؛।\n]+")
LONGEST_COLON: Final = 300  # characters after a colon


@dataclass(frozen=True, slots=True)
class Quotation:
    """``text[start:end]`` with its marks is a quotation of ``words``."""

    start: int
    end: int
    words: str


def quotations(text: str) -> tuple[Quotation, ...]:
    """What ``text`` quotes, in order."""
    found: list[Quotation] = []
    at, hopeless = 0, set[str]()
    while at < len(text):
        end = _closing(text, at, hopeless) if text[at] in _CLOSERS else -1
        words = text[at + 1 : end].strip() if end > 0 else ""
        if words:
            found.append(Quotation(at, end + 1, words))
            at = end
        at += 1
    return tuple(found)


def _closing(text: str, at: int, hopeless: set[str]) -> int:
    """Where the quotation ends that opens at ``at``, -1 where none does."""
    mark = text[at]
    single = mark in _APOSTROPHES
    if mark in hopeless or (single and _inside_a_word(text, at - 1, at + 1)):
        return -1
    for end in range(at + 1, len(text)):
        if text[end] in _CLOSERS[mark] and not (
            single and text[end + 1 : end + 2].isalnum() and _is_latin(text[end + 1])
        ):
            return end
    hopeless.add(mark)
    return -1


def _inside_a_word(text: str, before: int, after: int) -> bool:
    """Whether an apostrophe follows a letter that it belongs to, or stands before a blank."""
    follows = before >= 0 and text[before].isalnum() and _is_latin(text[before])
    return follows or not text[after : after + 1].strip()


def _is_latin(char: str) -> bool:
    return char < "\u0500"  # Latin, Greek, Cyrillic: other scripts write no apostrophes


def after_colon(text: str) -> Quotation | None:
    """What follows the first colon that is not a ratio's, up to the end of ``text``."""
    for colon in _COLON.finditer(text):
        words = text[colon.end() :].strip()
        ratio = text[: colon.start()][-1:].isdecimal() and words[:1].isdecimal()
        if words and not ratio:
            ends = colon.end() + len(text[colon.end() :].rstrip())
            return Quotation(colon.end(), ends, words) if len(words) <= LONGEST_COLON else None
    return None


def in_sentences(words: str) -> list[str]:
    """The parts of an unmarked quotation that might be requests of their own."""
    return [part.strip() for part in _SENTENCE.split(words) if part.strip()]


def with_quotations(text: str, quoted: Sequence[Quotation]) -> list[Token]:
    """The tokens of ``text``, each quotation one of kind ``quote``, whose key is its words as they stand."""
    tokens: list[Token] = []
    at = 0
    for quotation in quoted:
        tokens += _shifted(text, at, quotation.start)
        tokens.append(Token(quotation.words, "quote", quotation.start, quotation.end))
        at = quotation.end
    return tokens + _shifted(text, at, len(text))


def _shifted(text: str, start: int, end: int) -> list[Token]:
    return [
        replace(token, start=token.start + start, end=token.end + start)
        for token in tokenise(text[start:end])
    ]


def without_quotations(text: str, quoted: Sequence[Quotation]) -> str:
    """``text`` with each quotation blank."""
    return _blanked(text, [(quotation.start, quotation.end) for quotation in quoted])


def unquoted(text: str, tokens: Sequence[Token]) -> str:
    """``text`` with each token that is a quotation blank."""
    return _blanked(text, [(token.start, token.end) for token in tokens if token.kind == "quote"])


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
