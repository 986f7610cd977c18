"""Requests to repair a picture or to give it another colour."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import AMOUNT, FRAME, Reading
from retouch.engines.planner.slots import colours_of, fill, strength_of

_LESS = ("remove", "down", "less", "fix", "too", "enhance")
_VERBS = {"denoise": "denoise", "deblock": "deblock", "dehaze": "dehaze", "sharpen": "sharpen"}
_NUISANCES = (("noise", "denoise"), ("artefact", "deblock"), ("haze", "dehaze"))
_PLAIN = (FRAME | AMOUNT | {"up", "more", "fix", "property"}) - {"keep"}


def read_restore(bag: Bag) -> Reading | None:
    """Less noise, fewer traces of compression, less haze, a sharper picture, or what the picture needs."""
    mode = _by_verb(bag) or _nuisance(bag) or _sharper(bag) or _better(bag)
    if not mode:
        return None
    strength = (
        None if bag.has("too") else strength_of(bag, "restore")
    )  # "too heavy" is no amount to restore by
    return Reading(Operation("restore", fill({"mode": mode}, "strength", strength)))


def _by_verb(bag: Bag) -> str:
    modes = [mode for family, mode in _VERBS.items() if bag.has(family)]
    fits = bag.only(_PLAIN | set(_VERBS)) and set(bag.names("property")) <= {"sharp", "quality", "edges"}
    return modes[0] if len(modes) == 1 and fits else ""


def _nuisance(bag: Bag) -> str:
    """Noise, blocks or haze, and a word that takes it away; grain and fog may be meant so as well."""
    found = [mode for family, mode in _NUISANCES if bag.has(family)]
    if not found and bag.names("frame") == ["grain"]:
        found = ["denoise"]
    if not found and bag.names("scene") == ["fog"]:
        found = ["dehaze"]
    allowed = (_PLAIN - {"property"}) | {"noise", "artefact", "haze", "frame", "scene", *_LESS}
    return found[0] if len(found) == 1 and bag.has(*_LESS) and bag.only(allowed) else ""


def _sharper(bag: Bag) -> str:
    asked = bag.has("up", "more", "change", "add", "put", "fix", "image") or bag.only({"property", "amount"})
    return "sharpen" if bag.names("property") == ["sharp"] and asked and bag.only(_PLAIN) else ""


def _better(bag: Bag) -> str:
    """Improve the picture or its quality; restore an old one."""
    if set(bag.names("property")) - {"quality"} or set(bag.names("look")) - {"vintage"}:
        return ""
    restored = bag.has("enhance")
    if bag.has("look") and not restored:
        return ""
    improved = "better" in bag.names("up") or bag.all("fix", "image") or bag.all("up", "property")
    return "auto" if (restored or improved) and bag.only(_PLAIN | {"enhance", "look"}) else ""


def read_recolor(bag: Bag) -> Reading | None:
    """Another colour for the subject, the background or the whole picture.

    "Make the background blue" replaces it: only a word like "tint" or "recolor" colours what is there.
    """
    allowed = FRAME | AMOUNT | {"tint", "colour", "subject", "background", "adj", "property"}
    if not bag.only(allowed - {"keep"}) or set(bag.names("property")) - {"colour"}:
        return None
    target, colours = _target(bag), colours_of(bag)
    if not target or len(colours) != 1 or set(bag.names("adj")) - {"light", "dark"}:
        return None
    arguments = {"target": target, "color": colours[0]}
    return Reading(Operation("recolor", fill(arguments, "strength", strength_of(bag, "style"))))


def _target(bag: Bag) -> str:
    """What is to be coloured, "" where it is in doubt; only what is called a subject is one here."""
    if "frame" in bag.names("image"):
        return ""
    begins = bag.marks[0].label
    tint = bag.has("tint") or begins == "filler:tint"
    asked = tint or bag.has("change") or begins == "filler:paint"
    if bag.has("subject"):
        plain = bag.names("subject") == ["main"] and not bag.has("background", "image", "rest")
        return "subject" if plain and asked else ""
    if bag.has("background"):
        return "background" if tint and not bag.has("rest") else ""
    whole = tint or bag.all("image", "rest") or (asked and bag.has("image", "rest"))
    return "whole" if whole else ""
