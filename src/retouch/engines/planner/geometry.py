"""Requests about shape and direction: flip, rotate, straighten, crop, extend; resizing.py has the size."""

from __future__ import annotations

from typing import Any

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.quantities import numbers_of, pixels, says, tidy
from retouch.engines.planner.reading import Reading
from retouch.engines.planner.resizing import read_resize

_PICTURE = frozenset({"image", "rest", "change", "put", "property", "person"})
_LONGEST_RATIO = 50  # "16 by 9" is a ratio, "800 by 600" a size
_EXTENSION = range(1, 101)  # percent
_ONTO = frozenset(["on", "по", "sur", "auf", "en", "sobre", "no", "na", "на", "علي"])
_SIDES = ("left", "right", "top", "bottom")
_AXES = {"horizontal": {"left", "right"}, "vertical": {"top", "bottom"}}


def read_geometry(bag: Bag) -> Reading | None:
    """The one change of geometry that the clause asks for."""
    if set(bag.names("property")) - {"size", "resolution", "ratio", "edges", "colour"}:
        return None
    readers = (_flip, _rotate, _straighten, _crop, _extend, read_resize)
    return next((reading for reader in readers if (reading := reader(bag))), None)


def _geometry(action: str, warning: str = "", **arguments: Any) -> Reading:
    said = (warning,) if warning else ()
    return Reading(Operation("geometry", {"action": action, **arguments}), warnings=said)


def _flip(bag: Bag) -> Reading | None:
    """Left and right change places, or top and bottom; without a word about it, left and right."""
    allowed = _PICTURE | {"flip", "turn", "mirror", "side", "upside", "rotate"}
    if not bag.has("flip", "turn", "rotate") or not bag.only(allowed):
        return None
    axes = set(bag.names("mirror")) or set(bag.names("flip")) - {""}
    sides = set(bag.names("side"))
    axes |= {axis for axis, ends in _AXES.items() if sides == ends}
    if bag.all("flip", "upside"):
        axes |= {"vertical"}
    if len(axes) > 1 or (sides and sides not in _AXES.values()):
        return None
    if axes:
        return _geometry("flip", axis=axes.pop())
    return _geometry("flip", "flip: read as left to right", axis="horizontal") if bag.has("flip") else None


def _rotate(bag: Bag) -> Reading | None:
    """By so many degrees; a bare "to the right" is a quarter turn."""
    allowed = _PICTURE | {"rotate", "turn", "flip", "angle", "number", "side", "spin", "upside"}
    if not bag.only(allowed) or any(bag.names("flip")) or says(bag, "percent"):
        return None
    if bag.has("upside"):
        turned = bag.has("rotate", "turn", "change", "put") or bag.only({"upside", "image"})
        return _geometry("rotate", degrees=180) if turned and not bag.has("number", "flip") else None
    degrees = [mark.value for mark in numbers_of(bag)] + [float(name) for name in bag.names("angle")]
    directions = _directions(bag)
    if len(degrees) > 1 or len(directions) > 1 or not (degrees or directions) or not _turns(bag):
        return None
    warning = "" if degrees else "no angle: read as a quarter turn"
    value = (degrees or [90.0])[0] * (directions or {1}).pop()
    return _geometry("rotate", warning, degrees=tidy(value))


def _turns(bag: Bag) -> bool:
    """Whether the verb is to rotate, or a wider one ("turn", "flip") beside an angle."""
    if bag.has("rotate") or (bag.has("angle") and bag.only({"angle", "side", "spin"})):
        return True
    angle = bag.has("angle") or says(bag, "degrees") or (bag.has("number") and bag.has("side", "spin"))
    return angle and bag.has("turn", "flip", "change")


def _directions(bag: Bag) -> set[int]:
    """+1 clockwise, -1 counterclockwise; there is no turning to the top: 0."""
    signs = {"cw": 1, "ccw": -1, "right": 1, "left": -1}
    return {signs.get(name, 0) for name in bag.names("spin") or bag.names("side")}


def _straighten(bag: Bag) -> Reading | None:
    allowed = _PICTURE | {"straighten", "horizon", "lean", "fix", "remove", "mirror", "around"}
    mended = (bag.has("lean", "horizon") and bag.has("fix", "around")) or bag.all("lean", "horizon")
    if not (bag.has("straighten") or mended or bag.all("lean", "remove")) or not bag.only(allowed):
        return None
    return _geometry("straighten")


def _crop(bag: Bag) -> Reading | None:
    """To a ratio, to a square, to the subject."""
    allowed = _PICTURE | {"crop", "cutout", "remove", "ratio", "number", "subject", "around", "keep"}
    if not bag.only(allowed) or not bag.has("crop", "ratio") or bag.has("person"):
        return None
    ratios = _ratios(bag)
    about = bag.all("subject", "crop") and (bag.has("around") or says(bag, "to") or _onto(bag))
    if len(ratios) > 1 or (bag.has("subject") and not about) or not (ratios or about):
        return None
    if bag.has("number") and not (ratios and len(numbers_of(bag)) == len("WH")):
        return None
    cut = not ratios or bag.has("crop", "cutout", "remove") or ratios == ["square"]
    arguments = ({"ratio": ratios[0]} if ratios else {}) | ({"to": "subject"} if about else {})
    return _geometry("crop", "" if cut else f"{ratios[0]}: read as a crop", **arguments)


def _onto(bag: Bag) -> bool:
    """Whether the subject is what is cropped to, not what is cut: "recadre sur le sujet"."""
    at = next(at for at, mark in enumerate(bag.marks) if mark.family == "subject")
    return any(mark.text in _ONTO for mark in bag.marks[max(0, at - 2) : at])


def _ratios(bag: Bag) -> list[str]:
    found = [mark.name or mark.text for mark in bag.content if mark.family == "ratio"]
    sides = [pixels(mark) for mark in numbers_of(bag)]
    if len(sides) == len("WH") and all(0 < side <= _LONGEST_RATIO for side in sides):
        found.append(f"{sides[0]}:{sides[1]}")
    return list(dict.fromkeys(found))


def _extend(bag: Bag) -> Reading | None:
    """More picture at its sides."""
    allowed = _PICTURE | {"extend", "up", "size", "background", "number", "side", "mirror", "amount"}
    if not (bag.has("extend") or _outward(bag)) or not bag.only(allowed | {"frame", "add"}):
        return None
    if bag.all("extend", "up"):  # it would be a side, unheard
        return None
    if bag.names("frame") not in ([], ["border"]) or "-" in bag.names("size"):
        return None
    percent = [round(mark.value) for mark in numbers_of(bag)]
    percent += [50 for name in bag.names("amount") if name == "half"]
    if len(percent) > 1 or any(value not in _EXTENSION for value in percent):
        return None
    if (bag.has("number") and not says(bag, "percent")) or (bag.has("amount") and not percent):
        return None
    arguments: dict[str, Any] = {"percent": percent[0]} if percent else {}
    return _geometry("extend", **(arguments | _sides(bag)))


def _outward(bag: Bag) -> bool:
    """Larger, but at its sides or edges."""
    larger = bag.has("up") or bag.names("size") == ["+"]
    return larger and (bag.has("side") or "edges" in bag.names("property"))


def _sides(bag: Bag) -> dict[str, list[str]]:
    """The named ones of left, right, top, bottom; nothing where all are meant."""
    named = set(bag.names("side")).union(*(_AXES[name] for name in bag.names("mirror")))
    sides = [side for side in _SIDES if side in named]
    return {"sides": sides} if sides and "all" not in named else {}
