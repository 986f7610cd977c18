"""Requests to retouch faces: smoother skin, a brighter face, no red eyes."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.quantities import says
from retouch.engines.planner.reading import AMOUNT, FRAME, Reading
from retouch.engines.planner.slots import fill, strength_of
from retouch.engines.planner.tones import axes_of

_PLAIN = (FRAME | AMOUNT | {"person", "up", "more", "property", "fix", "enhance"}) - {"keep"}
_AGAINST = ("remove", "down", "less", "fix", "enhance")
_LIGHTS = frozenset({"brightness", "exposure"})
_USUAL = 30  # what a tone is changed by where no amount is said
_ALL_FACES = "every face of the picture is retouched"


def read_retouch(bag: Bag) -> Reading | None:
    """One retouching of all faces; what is about anything but a face, its skin or its eyes is none."""
    if says(bag, "real") or set(bag.names("subject")) - {"face", "people"}:
        return None
    mode, strength = _smooth(bag) or _red_eye(bag) or _brighter(bag) or ("", None)
    if not mode:
        return None
    warnings = (_ALL_FACES,) if "people" in bag.names("subject") else ()
    return Reading(Operation("retouch", fill({"mode": mode}, "strength", strength)), warnings=warnings)


_Asked = tuple[str, int | None]


def _smooth(bag: Bag) -> _Asked | None:
    """Its word, or "smooth" with skin or a face; not what is smooth already, and not other than smooth."""
    named = bag.names("retouch") == ["smooth skin"]
    if not named and not (bag.has("smooth") and (bag.has("subject") or "skin" in bag.names("property"))):
        return None
    if not bag.only(_PLAIN | {"retouch", "smooth", "subject"}) or set(bag.names("property")) - {"skin"}:
        return None
    return ("smooth skin", strength_of(bag, "retouch")) if not says(bag, "is") else None


def _red_eye(bag: Bag) -> _Asked | None:
    """Red eyes and a word that takes them away: red eyes can be wanted, too."""
    if bag.names("retouch") != ["red eye"] or not bag.has(*_AGAINST) or bag.has("add", "put"):
        return None
    allowed = FRAME | {"retouch", "subject", "person", "fix", "enhance", "remove", "down", "less"}
    return ("red eye", None) if bag.only(allowed - {"keep"}) else None


def _brighter(bag: Bag) -> _Asked | None:
    """A face, and a change of tone that is light and nothing else."""
    if bag.names("subject") != ["face"] or bag.has("property", "sky", "background"):
        return None
    rest = tuple(mark for mark in bag.marks if mark.family not in {"subject", "person"})
    tone = replace(bag, marks=rest)
    allowed = FRAME | AMOUNT | {"axis", "cmp", "adj", "up", "down", "more", "less", "too", "symbol"}
    if not tone.has("axis", "cmp", "adj") or not tone.only(allowed - {"keep"}):
        return None
    axes = axes_of(tone)
    if not axes or set(axes) - _LIGHTS or len(axes) != 1 or min(axes.values()) <= 0:
        return None
    return "brighten face", strength_of(tone, "retouch")
