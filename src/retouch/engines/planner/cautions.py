"""What sounds like a request and is none: questions, statements, file formats, a style that is to be real."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.text import Token

_SENTENCE = re.compile(r"[^.!?;？！。;\n]+[?？؟]?")
_QUESTION = re.compile(
    r"^\s*[¿]?\s*(?:"
    r"(?:is|are|was|were|does|did)\b"
    r"|(?:what|which|who|where|when|why|how|has)\b.*\?"
    r"|(?:cómo se|como se|como faz|como fa[çc]o|comment (?:on|faire|je))\b.*\?"
    r"|wie (?:stellt|kann|geht|macht|schneidet)\b.*\?"
    r"|(?:怎么|如何|どうやって|어떻게|كيف|कैसे|как)\b.*[?？؟]"
    r"|(?:es|está|esta|son|est|c['’]est|est-ce|ist|sind|hat|é|são|tem)\b.*\?"
    r"|это\b.*\?|\w+ ли\b.*\?"
    r"|هل\b"
    r"|क्या\b.*(?:है|हैं)\s*[?？]"
    r"|.*是不是|.*是.*[吗嗎嘛]"
    r"|.*(?:ですか|なのか|でしょうか)\s*[?？]?$"
    r"|.*(?:인가요|입니까|인가|일까요?)\s*[?？]?$"
    r")",
    re.IGNORECASE | re.DOTALL,
)
# A question that is a polite request.
_POLITE = re.compile(
    r"possible|\bway\b|\bok|\bfine\b|\babout\b|\bnot\b|\bif\b|\bpeu|\bpouv|\bpourr|\bposib|\bpued|\bpod|möglich|"
    r"moeglich|\bkann|\bkönn|possível|мож|мог|يمكن|ممكن|مكان|تستطيع|सक|能|可以|可否|行|好|でき|もらえ|いただけ|"
    r"くれ|可能|たい|どう|いい|수 있",
    re.IGNORECASE,
)
_CASTS = {
    **dict.fromkeys(("colour:yellow", "colour:orange", "colour:red"), "adj:warm"),
    **dict.fromkeys(("colour:blue", "colour:cyan"), "adj:cool"),
    "colour:black": "adj:dark",
    "colour:white": "adj:bright",
}
_CYRILLIC, _DEVANAGARI = "\u0400", "\u0900"
_NUISANCES = frozenset({"noise", "artefact"})
_HOW_NOISY = frozenset(
    {"amount", "too", "more", "scene", "part", "night", "person"}
)  # and where it was taken
_FORMATS = frozenset(["png", "jpg", "jpeg", "webp", "avif", "tiff", "heic", "bmp"])
_POINTING = frozenset(
    ["the", "this", "my", "that", "these", "el", "la", "este", "le", "ce", "das", "dieses", "o"]
)
_DESCRIBING = frozenset({"scene", "part", "night", "sky", "colour"})


def asks(text: str) -> bool:
    """Whether a sentence of ``text`` asks what is there instead of asking for something."""
    return any(
        _QUESTION.match(sentence) is not None and _POLITE.search(sentence) is None
        for sentence in _SENTENCE.findall(text)
    )


def states(bag: Bag) -> bool:
    """Whether a clause begins by saying what the background is: "the background is a beach, brighten it"."""
    marks = [mark for mark in bag.marks if mark.label not in {"filler:the", "and"}]
    if len(marks) < 3 or marks[0].family != "background" or marks[1].label != "filler:is":  # noqa: PLR2004 - noun, verb, what it is
        return False
    described = next((mark for mark in marks[2:] if mark.family != "filler"), None)
    taken = bag.has("remove", "cutout", "transparent")
    return described is not None and described.family in _DESCRIBING and not taken


def as_complaint(bag: Bag) -> Bag:
    """``bag`` with "too" where it says that the picture is dark: "it is very dark", "es zu dunkel", "偏黄".

    How dark it is said to be is no amount by which to brighten it.
    """
    families = {mark.family for mark in bag.content} - {"image", "and", "rest"}
    remedy = _remedied(bag)
    if remedy:
        return remedy
    bag, families = _with_noise(bag, families)
    nuisance = families & _NUISANCES
    if nuisance and families <= nuisance | _HOW_NOISY and not says_a_number(bag):
        kept = tuple(mark for mark in bag.marks if mark.family not in _HOW_NOISY | {"image"})
        return replace(bag, marks=(Mark("too", bag.marks[0].first, bag.marks[0].first), *kept))
    described = {"adj"} <= families <= {"adj", "amount", "too"} or {"colour"} <= families <= {
        "colour",
        "amount",
        "too",
    }
    stated = bag.has("too") or any(mark.label == "filler:is" for mark in bag.marks) or _without_copula(bag)
    if not described or not stated:
        return bag
    kept = tuple(_cast(mark) for mark in bag.marks if mark.family != "amount")
    if any(mark.family == "colour" for mark in kept) or (bag.has("too") and len(kept) == len(bag.marks)):
        return replace(bag, marks=kept)
    too = () if bag.has("too") else (Mark("too", bag.marks[0].first, bag.marks[0].first),)
    return replace(bag, marks=(*too, *kept))


def _with_noise(bag: Bag, families: set[str]) -> tuple[Bag, set[str]]:
    """Grain that a picture is said to have as what it is: noise."""
    stated = any(mark.label == "filler:is" for mark in bag.marks) or bag.has("too")
    if not stated or bag.names("frame") != ["grain"] or not families <= {"frame", "amount", "too", "more"}:
        return bag, families
    marks = tuple(replace(mark, label="noise") if mark.family == "frame" else mark for mark in bag.marks)
    return replace(bag, marks=marks), families - {"frame"} | {"noise"}


def _remedied(bag: Bag) -> Bag | None:
    """Without the complaint, where it and its remedy are one clause: 暗すぎるので明るく."""
    adjectives = [mark for mark in bag.content if mark.family == "adj"]
    if not bag.has("too") or len(adjectives) != len(("complaint", "remedy")):
        return None
    if {mark.name for mark in adjectives} not in ({"dark", "bright"}, {"dark", "light"}, {"warm", "cool"}):
        return None
    kept = (mark for mark in bag.marks if mark.family != "too" and mark is not adjectives[0])
    return replace(bag, marks=tuple(kept))


def _without_copula(bag: Bag) -> bool:
    """Whether the picture is said to be so in a language that needs no "is" for it: "الصورة مظلمة جدا"."""
    marks = [mark for mark in bag.content if mark.family in {"image", "adj"}]
    if [mark.family for mark in marks] != ["image", "adj"] or "much" not in bag.names("amount"):
        return False
    return _CYRILLIC <= marks[0].text < _DEVANAGARI


def says_a_number(bag: Bag) -> bool:
    """Whether an amount is a number and no complaint: "noise 20"."""
    return bag.has("number")


def _cast(mark: Mark) -> Mark:
    """A colour that the whole picture has too much of, as what it is: too warm, too cool, too dark."""
    meant = _CASTS.get(mark.label)
    return replace(mark, label=meant) if meant else mark


def formats(tokens: Sequence[Token], marks: Sequence[Mark]) -> tuple[str, ...]:
    """Warnings for file formats that are asked for; "this jpg" only names the picture."""
    asked = [
        mark.text
        for mark in marks
        if mark.family == "image"
        and mark.text in _FORMATS
        and not (mark.first and tokens[mark.first - 1].key in _POINTING)
    ]
    return tuple(f"{name}: the file format is chosen by output_format" for name in dict.fromkeys(asked))


def wants_it_real(marks: Sequence[Mark]) -> Mark | None:
    """The word that asks for something realistic, which no style is."""
    return next((mark for mark in marks if mark.label == "filler:real"), None)
