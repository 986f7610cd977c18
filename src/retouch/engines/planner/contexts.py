"""Clauses that ask for nothing: why somebody asks, what for, how the picture came about.

"Remove the background because I'm printing stickers", "they are minors", 印刷するので: whatever words stand
in such a clause, none of them is a wish. It is known by the words that begin it or, where verbs come last, by
those that end it (lexicon/context.toml). A clause with a verb of editing is never one, nor is one with a
negation, a quotation, or something that may be a complaint ("it is too dark").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.steps import read_in_parts

PURPOSE = "filler:purpose"
_TELLS, _TOLD = "filler:tells", "filler:told"
_FOR = frozenset(["for", "para", "pour", "fur", "fuer", "furs", "pra", "pro", "для", "用来", "用于"])
_SWAPS = ("swap", "switch", "replac", "exchang", "chang", "cambi", "troc", "troqu", "trad", "substitu")
LIGHT = frozenset({"change", "put", "add"})  # verbs that mean little where they do not come first
EDITS = LIGHT | {"remove", "cutout", "blur", "crop", "flip", "rotate", "turn", "tint", "write", "resize"}
EDITS |= {"extend", "straighten", "sharpen", "denoise", "deblock", "dehaze", "enhance", "fix", "upscale"}
EDITS |= {"privacy", "retouch", "smooth"}
_WISHES = EDITS | {"neg", "quote", "ratio", "px", "picture", "cmp", "axis", "up", "down", "more", "less"}
_WISHES |= {"unchanged", "only", "except", "instead"}
_COMPLAINTS = frozenset({"adj", "too", "noise", "artefact", "haze", "lean", "size", "upside", "blur"})
_NAMED = frozenset({"subject", "background", "sky", "behind", "person"})
_CLOSERS = ("ので", "だから", "ですから", "ますから")
_SHOWN = frozenset({"unknown", "subject", "person", "image", "ordinal", "number", "part", "amount"})
_TOPICS = frozenset({"sky", "background", "picture"})
_FAULTS = frozenset({"unknown", "adj", "too", "remove", "haze", "amount", "person", "image", "noise"})
_PRONOUNS = frozenset(
    ["it", "its", "they", "this", "these", "he", "she", "son", "es", "sont", "ist", "sind", "sao"]
)
_PRONOUNS |= {"это", "там", "هذه", "هذا", "هي", "هو", "هم", "هذي", "ye", "yeh", "ये", "यह", "这是", "都是"}
_OF_A_PURPOSE = frozenset({"image", "text", "subject", "person"})
_PLAIN = frozenset({"unknown", "image", "person", "text", "caption", "rest"})


def set_aside(bag: Bag) -> tuple[list[Bag], list[Bag]]:
    """The parts of a clause that may ask for something, and those that do not, each in order."""
    told = [at for at, mark in enumerate(bag.marks) if _closes(mark)]
    parts = _cut(bag, [at + 1 for at in told])
    asked: list[Bag] = []
    aside: list[Bag] = []
    for part in parts:
        if _closes(part.marks[-1]) and _is_told(part, light=True):
            aside.append(part)
            continue
        tells = next((at for at, mark in enumerate(part.marks) if mark.label == _TELLS), None)
        if tells is not None and _ends(part, tells) and _is_told(replace(part, marks=part.marks[tells:])):
            aside.append(replace(part, marks=part.marks[tells:]))
            part = replace(part, marks=part.marks[:tells])  # noqa: PLW2901 - what is left of it
        rest, purpose = _without_purpose(part)
        aside += [purpose] if purpose.marks else []
        nothing = purpose.marks and rest.only({"subject", "person", "image"})  # "we want it for the party"
        asked += [rest] if rest.families and not nothing else []
    return asked, aside


def _closes(mark: Mark) -> bool:
    return mark.label == _TOLD or (mark.family == "filler" and mark.phrase.endswith(_CLOSERS))


def is_statement(bag: Bag) -> bool:
    """Whether a clause only says what the picture shows: "they are minors", "photo of the wedding"."""
    if not bag.only(_SHOWN) or any(mark.family == "unknown" and mark.name for mark in bag.marks):
        return False
    content = bag.content
    said = any(mark.label == "filler:is" or mark.text in _PRONOUNS for mark in bag.marks)
    named = content[0 if not bag.head_last else -1].family == "image" and lacks_words(bag)
    return (said and bag.has("unknown", "subject", "person", "image", "amount")) or named


def as_topic(bag: Bag) -> Bag:
    """Only the noun of a clause that finds fault with the sky or background, or says which picture it is.

    "The sky came out dull, swap it for a sunset": what to do about it comes with the next clause.
    """
    first = bag.content[0] if bag.content else None
    if first is None or first.family not in _TOPICS or not bag.only({first.family} | _FAULTS):
        return bag
    after = bag.marks[bag.marks.index(first) + 1 :]
    said = any(mark.label in {"filler:is", _TOLD} for mark in after)
    faulted = said and bag.has("unknown", "adj", "too", "remove", "haze", "amount")
    return replace(bag, marks=(first,)) if faulted else bag


def lacks_words(bag: Bag) -> bool:
    """Whether a part holds words that nobody has listed, or that can be no part of a request."""
    return bag.has("unknown")


def _cut(bag: Bag, cuts: Sequence[int]) -> list[Bag]:
    ends = [*cuts, len(bag.marks)]
    parts = (bag.marks[start:end] for start, end in zip([0, *cuts], ends, strict=True))
    return [replace(bag, marks=marks) for marks in parts if marks]


def _ends(bag: Bag, at: int) -> bool:
    """Whether a request may end at ``at``: not in "make it look like | it was taken at night"."""
    before = replace(bag, marks=bag.marks[:at])
    if any(mark.label == "filler:manner" for mark in before.marks):
        return False
    return not before.has(*EDITS) or lacks_words(before) or bool(read_in_parts(before))


def _is_told(bag: Bag, *, light: bool = False) -> bool:
    """Whether a part that says why or how holds no wish; ``light``: verbs that mean little are none."""
    if light and bag.has(*LIGHT):
        return bag.only(_PLAIN | LIGHT)
    if bag.has(*_WISHES):
        return False
    return not bag.has(*_COMPLAINTS) or (lacks_words(bag) and not bag.has(*_NAMED))


def _without_purpose(bag: Bag) -> tuple[Bag, Bag]:
    """A clause and the purpose in it: a word like "for" and the unlisted words that belong to it."""
    for at, mark in enumerate(bag.marks):
        if mark.label == PURPOSE and bag.head_last:
            start, end = _run(bag.marks[:at][::-1], at, -1), at + 1
        elif mark.label == PURPOSE or (mark.family == "filler" and mark.text in _FOR):
            start, end = at, _run(bag.marks[at + 1 :], at + 1, 1)
        else:
            continue
        purpose = replace(bag, marks=bag.marks[start:end])
        if lacks_words(purpose) and not _swapped(bag, mark):
            return replace(bag, marks=(*bag.marks[:start], *bag.marks[end:])), purpose
    return bag, replace(bag, marks=())


def _run(marks: Sequence[Mark], at: int, step: int) -> int:
    """The place that the unlisted words reach, with silent ones between them, from ``at`` on."""
    reached = at
    for away, mark in enumerate(marks, 1):
        if mark.family == "unknown" or (mark.family in _OF_A_PURPOSE and reached != at):
            reached = at + step * away
        elif mark.family not in {"subject", "person", "filler"} or mark.label == _TELLS:
            break
    return reached


def _swapped(bag: Bag, preposition: Mark) -> bool:
    """Whether "for" names what comes instead: "swap the background for my garden"."""
    return any(mark.text.startswith(_SWAPS) and mark.first < preposition.first for mark in bag.marks)
