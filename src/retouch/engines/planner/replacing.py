"""The old thing and the new one: "from white to black", "replace the starry sky with a plain white one".

What is named only because it goes away is no wish. Where verbs come first, it stands between the verb and a
word like "with" or "to"; where they come last, before a particle like を, 를 or को; in Chinese, before 换成.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.quantities import says

_DESCRIBES = frozenset({"colour", "scene", "part", "night", "sky", "bokeh", "style", "look", "adj"})
_STEMS = (
    "change",
    "changing",
    "switch",
    "swap",
    "replac",
    "turn",
    "convert",
    "transform",
    "exchang",
    "substitut",
    "cambi",
    "reempla",
    "sustit",
    "conviert",
    "convert",
    "troc",
    "troqu",
    "mud",
    "alter",
    "chang",
    "remplac",
    "passe",
    "ander",
    "aender",
    "verander",
    "wechs",
    "ersetz",
    "tausch",
    "verwand",
    "wandl",
    "umwand",
    "измен",
    "помен",
    "смен",
    "замен",
    "меня",
    "преврат",
    "преобраз",
    "конверт",
    "передел",
    "غير",
    "استبدل",
    "استبدال",
    "بدل",
    "تبديل",
    "حول",
    "تغيير",
    "تحويل",
)
_PIVOTS = frozenset(
    [
        "with",
        "by",
        "to",
        "into",
        "for",
        "a",
        "al",
        "por",
        "con",
        "par",
        "en",
        "contre",
        "durch",
        "gegen",
        "zu",
        "zur",
        "zum",
        "in",
        "para",
        "pelo",
        "pela",
        "por",
        "em",
        "num",
        "numa",
        "на",
        "в",
        "во",
        "الي",
    ]
)
# They may say where it is as well, or be an article: no sign yet that the new thing begins.
_PLACES = frozenset(["in", "en", "em", "a", "на", "в", "во"])
_REPLACES = ("replac", "swap", "reempla", "sustit", "substitu", "remplac", "ersetz", "замен", "troc", "troqu")
_INSTEAD = (
    "instead",
    "en",
    "em",
    "ao",
    "au",
    "a",
    "no",
    "statt",
    "anstatt",
    "anstelle",
    "вместо",
    "بدل",
    "عوض",
)
_SKIES = frozenset(["sky", "ciel", "cielo", "himmel", "ceu", "небо", "неба", "سماء", "السماء"])
_HEAD_LAST = "\u0900"  # from Devanagari on, scripts of languages in which "instead of" comes after its noun
_ENDS = frozenset({"break", "and"})
_REPLACEABLE = _DESCRIBES | {"background"}
_PARTICLES = frozenset(["を", "か", "를", "을", "에", "에서", "को", "से"])
_MEANS = frozenset(
    [
        "with",
        "instead",
        "to",
        "into",
        "durch",
        "statt",
        "anstatt",
        "au",
        "par",
        "por",
        "で",
        "に",
        "로",
        "으",
        "से",
    ]
)
_CHINESE_INTO = ("成", "为", "作", "到", "上")
_CHINESE_VERBS = frozenset("换改变替转更切")
_ARABIC_WITH = "ب"


def without_the_old(bag: Bag) -> Bag:
    """``bag`` without what describes the thing that is replaced, where both the old and the new are named."""
    if bag.has("gradient") or says(bag, "then") or (bag.has("sky") and not bag.has("background", "behind")):
        return bag
    for at in _pivots(bag):
        before = any(mark.family in _DESCRIBES for mark in bag.marks[:at])
        after = any(mark.family in _DESCRIBES for mark in bag.marks[at:])
        if after and not before and not bag.head_last and bag.marks[at].text not in _PLACES:
            return bag  # the new thing begins here: "to a beach in the sunset"
        if before and after:
            kept = (mark for mark in bag.marks[:at] if mark.family not in _DESCRIBES)
            return replace(bag, marks=(*kept, *bag.marks[at:]))
    return bag


def without_instead(marks: Sequence[Mark]) -> Sequence[Mark]:
    """``marks`` with what stands after "instead of" as the thing that is replaced: the sky, the background.

    "Northern lights instead of that dull sky" is read as "the sky, northern lights". Where it is another
    thing, it is one that is not wanted; texts have a reader of their own.
    """
    if any(mark.family == "quote" for mark in marks):
        return marks
    marks = [part for mark in marks for part in _apart(mark)]
    for at, (mark, after) in enumerate(pairwise(marks)):
        instead = (mark.family, after.family) == ("and", "neg") and mark.text.startswith(_INSTEAD)
        moved = _moved(marks, at) if instead and mark.first == after.first else None
        if moved:
            return moved
    return marks


def _apart(mark: Mark) -> tuple[Mark, ...]:
    if mark.family != "instead":
        return (mark,)
    if mark.text >= _HEAD_LAST:
        return (replace(mark, label="filler:instead"),)
    return replace(mark, label="and"), replace(mark, label="neg")


def _moved(marks: Sequence[Mark], at: int) -> Sequence[Mark] | None:
    """The thing after the "instead of" at ``at`` put before what comes in its place."""
    end = next((i for i in range(at + 2, len(marks)) if marks[i].family in _ENDS), len(marks))
    old = [each for each in marks[at + 2 : end] if each.family != "filler"]
    old = [replace(each, label="sky") if _is_a_sky(each) else each for each in old]
    things = [each for each in old if each.family in {"sky", "background"}]
    start = next((i + 1 for i in range(at - 1, -1, -1) if marks[i].family in _ENDS), 0)
    if len(things) != 1 or start == at or any(each.family not in _REPLACEABLE for each in old):
        return None
    thing = replace(things[0], first=marks[start].first, last=marks[start].first)
    said = any(each.family in {"change", "put"} for each in marks[start:at])
    verb = () if said else (replace(thing, label="change"),)
    return (*marks[:start], *verb, thing, *marks[start:at], *marks[end:])


def _is_a_sky(mark: Mark) -> bool:
    """Whether a scene names the sky that is there: "à la place de ce ciel gris"."""
    return mark.family == "scene" and mark.text in _SKIES


def undoes(bag: Bag) -> bool:
    """Whether a style or look is what it is to be no longer: "turn the oil painting into a photo"."""
    for at in _pivots(bag)[:1]:
        before, after = Bag(bag.marks[:at]), Bag(bag.marks[at:])
        plain = after.has("image") or {"color", "colour"} & {mark.text for mark in after.marks}
        if before.has("style", "look") and plain and not after.has(*_DESCRIBES):
            return True
    return False


def apart(bag: Bag) -> bool:
    """Whether a colour and a scene are two things of which one replaces the other: 用白色替换星空背景."""
    named = [at for at, mark in enumerate(bag.marks) if mark.family in {"colour", "scene", "part"}]
    between = bag.marks[named[0] : named[-1]] if named else ()
    return any(
        mark.family == "change" or mark.text in _MEANS or mark.phrase.endswith("로") for mark in between
    )


def _pivots(bag: Bag) -> list[int]:
    """Places in ``bag.marks`` between the old thing and the new one, the most telling first."""
    if bag.head_last:
        return [at for at, mark in enumerate(bag.marks) if _divides(mark)] if bag.has("change") else []
    verbs = [at for at, mark in enumerate(bag.marks) if mark.text.startswith(_STEMS)]
    rest = range(verbs[0] + 1, len(bag.marks)) if verbs else range(0)
    said = [at for at in rest if bag.marks[at].family == "filler" and bag.marks[at].text in _PIVOTS]
    joined = [at for at in rest if bag.marks[at].family == "and" and not bag.marks[at].text]
    if not any(bag.marks[at].text.startswith(_REPLACES) for at in verbs):
        joined = []
    return said or [at for at in rest if _with_prefix(bag.marks[at])] or joined


def _divides(mark: Mark) -> bool:
    if mark.family == "filler":
        return mark.text in _PARTICLES
    return (
        mark.family == "change" and mark.phrase[:1] in _CHINESE_VERBS and mark.phrase.endswith(_CHINESE_INTO)
    )


def _with_prefix(mark: Mark) -> bool:
    return mark.family in _DESCRIBES and mark.text.startswith(_ARABIC_WITH)
