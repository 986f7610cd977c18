"""Requests for what lies on a picture or around it: frames, weather."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import AMOUNT, FRAME, Reading
from retouch.engines.planner.slots import colours_of, fill, strength_of

_COLOURED = frozenset({"border", "polaroid", "sticker outline", "drop shadow", "vignette"})
_ABOUT_A_SUBJECT = frozenset({"sticker outline", "drop shadow"})
_THICK, _THIN, _DENSE = 80, 25, 90


def read_frame(bag: Bag) -> Reading | None:
    """A border, a polaroid, a vignette, round corners, a sticker's outline, a shadow, grain."""
    frame = _frame_of(bag)
    allowed = FRAME | AMOUNT | {"frame", "colour", "adj", "thick", "thin", "around", "more", "up"}
    allowed |= {"mirror", "side"}
    if frame in _ABOUT_A_SUBJECT:
        allowed |= {"subject", "person", "behind"}
    if frame == "drop shadow":
        allowed |= {"axis"}
    if frame == "grain":
        allowed |= {"look"}
    if frame in {"border", "vignette"} and set(bag.names("property")) <= {"edges"}:
        allowed |= {"corner", "property", "cmp"}
    if not frame or not bag.only(allowed):
        return None
    if set(bag.names("side")) - {"all"} or set(bag.names("look")) - {"film"}:
        return None
    return _framed(bag, frame)


def _frame_of(bag: Bag) -> str:
    """The one frame that is named, "" where it is none or two."""
    frames = bag.names("frame")
    if len(frames) > 1 and "border" in frames:
        frames.remove("border")  # "a polaroid border", "a sticker's border"
    if not frames and "frame" in bag.names("image") and bag.has("add", "put", "thick", "thin", "around"):
        frames = ["border"]
    if not frames and _darkens_the_corners(bag):
        frames = ["vignette"]
    if not frames and _casts_a_shadow(bag):
        frames = ["drop shadow"]
    if frames == ["border"] and bag.has("subject"):
        frames = ["sticker outline"]
    return frames[0] if len(frames) == 1 else ""


def _casts_a_shadow(bag: Bag) -> bool:
    """A shadow is added: "more shadows" is a matter of tone."""
    return (
        bag.names("axis") == ["shadows"]
        and bag.has("add", "put")
        and not bag.has("more", "up", "amount", "number")
    )


def _darkens_the_corners(bag: Bag) -> bool:
    where = bag.has("corner") or bag.names("property") == ["edges"]
    return where and (bag.names("cmp") == ["brightness-"] or bag.names("adj") == ["dark"])


def _framed(bag: Bag, frame: str) -> Reading | None:
    colours = colours_of(bag)
    if len(colours) > 1 or (colours and frame not in _COLOURED):
        return None
    if not colours and set(bag.names("adj")) - {"light", "dark", "warm", "vivid"}:
        return None
    strength = strength_of(bag, "frame")
    if strength is None and (bag.has("thick", "thin") or "vivid" in bag.names("adj")):
        strength = _THIN if bag.has("thin") else _THICK
    arguments = fill({"frame": frame}, "color", colours[0] if colours else None)
    warnings = ("shadow: read as a drop shadow",) if bag.has("axis") else ()
    return Reading(Operation("frame", fill(arguments, "strength", strength)), warnings=warnings)


def read_weather(bag: Bag) -> Reading | None:
    """Rain, snow, sunbeams, and fog where it is not said to be the background or the scene."""
    allowed = FRAME | AMOUNT | {"weather", "falling", "adj", "more", "up", "part", "thick", "scene"}
    kinds = {*bag.names("weather"), *bag.names("scene")} - {""}
    if len(kinds) != 1 or set(bag.names("scene")) - {"fog"} or not bag.only(allowed):
        return None
    if any(mark.label == "filler:scene" for mark in bag.marks):
        return None
    if set(bag.names("part")) - {"light"} or set(bag.names("adj")) - {"light", "dark"}:
        return None
    strength = strength_of(bag, "weather")
    if bag.has("thick") or "dark" in bag.names("adj") or (strength is None and bag.has("up", "more")):
        strength = _DENSE
    return Reading(Operation("weather", fill({"weather": kinds.pop()}, "strength", strength)))
