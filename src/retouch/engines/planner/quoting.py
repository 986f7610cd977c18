"""Whether what is quoted is text for the picture, or a name with marks about it: to "cyberpunk" style."""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.planner.language import detect, latin_languages
from retouch.engines.planner.matching import Mark, Matcher
from retouch.engines.planner.quotations import (
    Quotation,
    after_colon,
    in_sentences,
    with_quotations,
    without_quotations,
)
from retouch.engines.planner.words import load

_TEXT = frozenset({"text", "caption", "write"})
_VERBS = frozenset(
    {"change", "put", "add", "remove", "cutout", "blur", "crop", "flip", "rotate", "turn", "keep"}
)
_VERBS |= {"resize", "extend", "straighten", "write", "privacy", "enhance", "denoise", "sharpen", "neg"}
_EDITS = frozenset(
    {"extend", "crop", "resize", "blur", "remove", "cutout", "straighten", "sharpen", "denoise"}
)
_DETAILS = frozenset({"side", "middle", "colour", "lettering", "corner"})


def speaks_of_text(text: str, quoted: Sequence[Quotation]) -> bool:
    """Whether ``text`` names text or writing outside of what it quotes."""
    return any(mark.family in _TEXT for mark in _marks(without_quotations(text, quoted)))


def holds_a_request(text: str, quoted: Sequence[Quotation]) -> bool:
    """Whether a quotation that is not the whole ``text`` could be taken for an instruction."""
    if not without_quotations(text, quoted).strip(" .!。！"):
        return False
    return any(mark.family in _VERBS for quotation in quoted for mark in _marks(quotation.words))


def unmarked(text: str) -> Quotation | None:
    """The text after a colon, where what stands before asks for text and what follows is nothing else.

    "Add the text: Hello at the top" may mean either, and so may "Add the text: Hello. Make it darker".
    """
    quotation = after_colon(text)
    if quotation is None or not speaks_of_text(text[: quotation.start], ()):
        return None
    first, *further = in_sentences(quotation.words) or [""]
    if _begins_with_a_verb(_marks(first)):  # "I need room for a headline: extend it at the top"
        return None
    if any(mark.family in _VERBS for part in further for mark in _marks(part)):
        return None
    marks = _marks(quotation.words)
    last = next((mark for mark in reversed(marks) if mark.family != "filler"), None)
    return None if len(marks) > 1 and last and last.family in _DETAILS else quotation


def _begins_with_a_verb(marks: Sequence[Mark]) -> bool:
    words = [mark for mark in marks if mark.family != "filler"]
    known = all(mark.family != "unknown" for mark in marks)
    return known and len(words) > 1 and words[0].family in _EDITS


def _marks(text: str) -> tuple[Mark, ...]:
    tokens, lexicon = with_quotations(text, ()), load(quoting=True)
    latin = latin_languages(tokens, lexicon)[0]
    return Matcher(lexicon, latin, detect(tokens, latin)).match(tokens).marks
