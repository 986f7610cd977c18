"""Requests about text in the picture: add it, replace it, take it away."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import Reading
from retouch.engines.planner.slots import colours_of, fill

_GIVEN = frozenset({"write", "add", "put"})
_PLACED = frozenset({"side", "middle", "corner", "property", "lettering", "colour", "adj", "image"})
_POSITIONS = {
    frozenset({"top"}): "top",
    frozenset({"bottom"}): "bottom",
    frozenset({"left"}): "left",
    frozenset({"right"}): "right",
    frozenset({"top", "left"}): "top left",
    frozenset({"top", "right"}): "top right",
    frozenset({"bottom", "left"}): "bottom left",
    frozenset({"bottom", "right"}): "bottom right",
}
_NEW_FIRST_VERBS = ("替换", "代替", "取代", "替代", "换掉", "覆盖")
_CHINESE_WITH = frozenset(["用", "以"])
_OBJECTS = {"を": "に", "를": "로", "을": "로"}


# Verbs that only carry the noun before them ("삭제해줘": do the deleting), or the colour after them.
_LIGHT_VERBS = ("し", "す", "해", "하", "कर", "用", "使", "use", "using", "usa", "utili", "verwend")


def read_text(bag: Bag) -> Reading | None:
    """The one request about text that the clause makes."""
    if bag.has("add", "write", "put", "remove") and bag.has("change"):
        marks = (m for m in bag.marks if m.family != "change" or not m.phrase.startswith(_LIGHT_VERBS))
        bag = replace(bag, marks=tuple(marks))
    readers = (_add, _replace, _remove)
    return next((reading for reader in readers if (reading := reader(bag))), None)


def _quotes(bag: Bag) -> list[str]:
    return [mark.text for mark in bag.marks if mark.family == "quote"]


def _add(bag: Bag) -> Reading | None:
    """Exactly one quotation, something that says that it is to be there, where, and how it looks."""
    quotes = _quotes(bag)
    if len(quotes) != 1 or not bag.only(_GIVEN | _PLACED | {"quote", "text", "caption"}):
        return None
    asked = bag.has(*_GIVEN, "side", "middle")  # 'at the top "Sale" in white' leaves out the verb
    position = _position(bag)
    colours = colours_of(bag)
    sizes = bag.names("lettering")
    if not asked or position is None or len(colours) > 1 or len(sizes) > 1:
        return None
    if set(bag.names("property")) - {"edges", "colour"} or (bag.has("adj") and not colours):
        return None
    arguments = fill({"text": quotes[0]}, "position", position or None)
    arguments = fill(arguments, "color", colours[0] if colours else None)
    return Reading(Operation("text.add", fill(arguments, "size", sizes[0] if sizes else None)))


def _position(bag: Bag) -> str | None:
    """The place that is named, "" where none is, None where there is no such place."""
    sides = frozenset(bag.names("side"))
    if not bag.has("middle"):
        return _POSITIONS.get(sides) if sides else ("" if not bag.has("corner") else None)
    if len(sides) > 1 or bag.has("corner"):
        return None
    return next(iter(sides), "center")  # the middle of a side is that side


def _replace(bag: Bag) -> Reading | None:
    """Two quotations, of which one takes the other's place."""
    quotes = _quotes(bag)
    allowed = {"quote", "text", "caption", "change", "put", "write", "add", "instead", "image", "remove"}
    if len(quotes) != 2 or not bag.only(allowed):  # noqa: PLR2004 - the old and the new
        return None
    if not bag.has("change", "instead") or (
        bag.has("remove", "add", "write", "put") and not _is_exchange(bag)
    ):
        return None
    old, new = reversed(quotes) if _new_comes_first(bag) else quotes
    return Reading(Operation("text.replace", {"old": old, "new": new}))


def _is_exchange(bag: Bag) -> bool:
    """Whether a verb of adding belongs to an exchange: "write X instead of Y"."""
    return bag.has("instead") or (bag.has("change") and not bag.has("remove", "add"))


def _new_comes_first(bag: Bag) -> bool:
    """Whether the new text is named before the old: "X instead of Y", 用X替换Y, 「X」に「Y」を変えて."""
    marks = bag.marks
    first, second = [at for at, mark in enumerate(marks) if mark.family == "quote"]
    between, after = marks[first + 1 : second], marks[second + 1 :]
    if any(mark.family == "instead" for mark in between):
        return not bag.head_last or any(mark.phrase in _NEW_FIRST_VERBS for mark in between)
    with_it = any(mark.text in _CHINESE_WITH for mark in marks[:first])
    if with_it and any(mark.phrase.startswith(_NEW_FIRST_VERBS) for mark in between):
        return True
    return _particle(after) in _OBJECTS and _particle(between) == _OBJECTS[_particle(after)]


def _particle(marks: tuple[Mark, ...]) -> str:
    """The word right after a quotation: in some languages it says what is changed, and into what."""
    return marks[0].text if marks else ""


def _remove(bag: Bag) -> Reading | None:
    """All text, or one quotation of it. A caption that is not quoted is one text among others: which?"""
    quotes = _quotes(bag)
    if not bag.has("remove") or not bag.only({"remove", "quote", "text", "caption", "image", "rest"}):
        return None
    if bag.has("rest") and (quotes or not bag.has("text")):
        return None
    if len(quotes) > 1 or not (quotes or bag.has("text")) or (bag.has("caption") and not quotes):
        return None
    return Reading(Operation("text.remove", fill({}, "text", quotes[0] if quotes else None)))
