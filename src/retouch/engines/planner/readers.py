"""What a clause asks for. Each reader knows one kind of request and the marks that may stand in it.

A reader that meets a mark outside its list gives None: nothing is ever skipped to make a clause fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.slots import colours_of, fill, scene_of, strength_of
from retouch.engines.planner.tones import axes_of

_VERBS = frozenset({"change", "put", "add", "touch"})
_FRAME = frozenset({"image", "rest", "keep", "change", "put", "add"})
_AMOUNT = frozenset({"amount", "number", "half"})
_SCENIC = frozenset({"scene", "part", "night", "sky", "bokeh"})
_ORDER_MATTERS = frozenset({"remove"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What one clause came to: an operation, or constraints on things to be left as they are."""

    operation: Operation | None = None
    kept: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    isolates: bool = False  # "keep only the subject": a cut-out, or a constraint beside another operation


def read(bag: Bag) -> Reading | None:
    """The reading of ``bag`` as one request, or None."""
    if not bag.families or bag.has("unknown", "break"):
        return None
    for reader in (_constraint, _prohibition, _isolation, _blur, _background, _style, _look, _tone, _scene):
        reading = reader(bag)
        if reading:
            return reading
    return None


def _constraint(bag: Bag) -> Reading | None:
    """Keep the subject; everything else unchanged; the person stays as she is."""
    allowed = {"keep", "unchanged", "subject", "property", "rest", "background", "image", "only", "except"}
    allowed |= {"person", "touch", "front", "behind", "amount", "put"}
    if bag.has("unchanged"):
        allowed |= {"change", "axis", "sky"}
    if not bag.has("background"):
        allowed |= {"change"}
    if not bag.has("keep", "unchanged") or not bag.only(allowed):
        return None
    if bag.all("keep", "only", "subject") and not bag.has("unchanged", "background"):
        return Reading(Operation("background.remove"), isolates=True)
    return _keeping(bag)


def _keeping(bag: Bag) -> Reading | None:
    kept = set()
    if bag.has("subject", "rest", "person"):
        kept.add("subject")
    if bag.has("background") and not bag.has("except", "subject"):
        kept.add("background")
    if bag.has("property", "axis", "sky"):
        kept.add("property")
    if not kept and (bag.has("image") or bag.only({"keep", "unchanged"})) and bag.has("keep"):
        kept.add("property")
    return Reading(kept=frozenset(kept)) if kept else None


def _prohibition(bag: Bag) -> Reading | None:
    """Do not touch the subject; don't remove the background; not too dark."""
    if not bag.has("neg"):
        return None
    if bag.only({"neg", "background", "image"}) and bag.has("background"):
        return Reading(Operation("background.remove"))
    nouns = {"background", "subject", "property", "rest", "person", "image", "sky", "axis", "behind"}
    allowed = nouns | {
        "neg",
        "change",
        "put",
        "touch",
        "add",
        "remove",
        "cutout",
        "blur",
        "up",
        "down",
        "too",
    }
    allowed |= {"adj", "cmp", "amount", "more", "less", "only", "except", "transparent"}
    if not bag.only(allowed) or not bag.has(
        "change", "touch", "remove", "blur", "cutout", "add", "up", "down"
    ):
        return None
    kinds = [kind for kind in ("remove", "cutout", "blur") if bag.has(kind)]
    if len(kinds) > 1 or (kinds and bag.has("subject") and bag.has("background")):
        return None
    return _keeping(bag) or Reading(kept=frozenset({"property"}))


def _isolation(bag: Bag) -> Reading | None:
    """Remove the background; cut out the subject; transparent background; remove all but the person."""
    allowed = _FRAME | {
        "remove",
        "cutout",
        "transparent",
        "background",
        "behind",
        "subject",
        "except",
        "only",
    }
    allowed |= {"amount", "person", "colour", "front", "adj", "crop"}
    if not bag.has("remove", "cutout", "transparent") or not bag.only(allowed):
        return None
    if bag.has("colour", "adj") and not (bag.all("remove", "background") and not bag.has("change")):
        return None
    if bag.all("crop", "image") and not bag.has("subject", "background"):
        return None  # Spanish and Portuguese "recortar" crops a picture, and cuts out a subject
    if bag.all("except", "subject") or (bag.all("only", "subject") and bag.has("cutout")):
        return Reading(Operation("background.remove"))
    if bag.has("background", "behind"):
        right = bag.has("cutout", "transparent") or not bag.has("subject") or _object_is_background(bag)
        return Reading(Operation("background.remove")) if right else None
    if bag.has("cutout") and not bag.has("rest", "add"):
        return Reading(Operation("background.remove"))
    return None


def _object_is_background(bag: Bag) -> bool:
    """In "remove X from Y", whether X is the background and not the subject."""
    nouns = [mark for mark in bag.content if mark.family in {"background", "behind", "subject", "remove"}]
    order = [mark.family for mark in nouns]
    verb = order.index("remove")
    after, before = order[verb + 1 :], order[:verb]
    if bag.verb_last:
        return (before or after)[-1] != "subject"
    head = after or before
    if head[0] != "subject":
        return True
    first = [mark for mark in nouns if mark.family == "subject"][0]
    return len(head) > 1 and any(
        mark.family == "background" and 0 <= mark.first - first.last <= 1 for mark in nouns
    )


def _blur(bag: Bag) -> Reading | None:
    """Blur the background; a soft bokeh; everything but the subject out of focus."""
    allowed = (
        _FRAME | _AMOUNT | {"blur", "bokeh", "background", "behind", "subject", "except", "only", "more"}
    )
    allowed |= {"up", "adj", "person", "front"}
    if not bag.has("blur", "bokeh") or not bag.only(allowed):
        return None
    arguments = fill({}, "strength", strength_of(bag, "blur"))
    if bag.has("more", "up") and not arguments:
        arguments = {"strength": 80}
    around = bag.has("background", "behind") or bag.all("except", "subject")
    if around and not (bag.has("subject") and bag.has("keep")):
        return Reading(Operation("background.blur", arguments))
    if bag.has("bokeh") and not bag.has("blur", "subject"):
        return Reading(
            Operation("background.blur", arguments), warnings=("bokeh: read as a blurred background",)
        )
    return None


def _background(bag: Bag) -> Reading | None:
    """Replace the background by a scene, a colour, a gradient."""
    allowed = _FRAME | _SCENIC | {"background", "behind", "front", "subject", "person", "colour", "gradient"}
    allowed |= {"adj", "only", "amount", "look", "blur", "more"}
    on_colour = bag.all("subject", "colour") and bag.has("put", "front")
    if not (bag.has("background", "behind") or on_colour) or not bag.only(allowed):
        return None
    if bag.all("keep", "subject") or (bag.has("look") and bag.names("look") != ["black and white"]):
        return None
    if bag.has(*_SCENIC):
        return None if bag.has("gradient", "look", "more") else _scenic(bag)
    return None if bag.has("blur") else _painted(bag)


def _scenic(bag: Bag) -> Reading | None:
    scene = scene_of(bag)
    if scene is None or (bag.has("blur") and scene.id != "bokeh lights"):
        return None
    arguments: dict[str, Any] = {"scene": scene.id}
    warnings = [f"{scene.generous}: read as {scene.id}"] if scene.generous else []
    colours = colours_of(bag)
    if colours and scene.id == "studio":
        arguments["color"] = colours[-1]
    elif colours and not _describes_old_background(bag):
        warnings.append(f"{scene.id}: drawn in its own colours")
    return Reading(Operation("background.replace", arguments), warnings=tuple(warnings))


def _painted(bag: Bag) -> Reading | None:
    colours = colours_of(bag)
    if bag.has("gradient"):
        return _graded(colours)
    if bag.has("look") or not 1 <= len(colours) <= 2:  # noqa: PLR2004 - one colour, or an old and a new one
        return None
    if len(colours) == 1:
        return Reading(Operation("background.replace", {"color": colours[0]}))
    if bag.has("subject"):
        return None
    if _describes_old_background(bag):
        return Reading(Operation("background.replace", {"color": colours[1]}))
    said = "two colours: read as a gradient"
    return Reading(Operation("background.replace", {"gradient": colours}), warnings=(said,))


def _graded(colours: list[str]) -> Reading | None:
    if len(colours) == 2:  # noqa: PLR2004 - a gradient has two ends
        return Reading(Operation("background.replace", {"gradient": colours}))
    if len(colours) == 1:
        said = "gradient of one colour: read as towards white"
        return Reading(
            Operation("background.replace", {"gradient": [colours[0], "#ffffff"]}), warnings=(said,)
        )
    return None


def _describes_old_background(bag: Bag) -> bool:
    """The first colour stands at the word background, with a verb that changes: "the white background to ..."."""
    marks = [mark for mark in bag.content if mark.family in {"colour", "background", "scene", "part"}]
    if not bag.has("change", "put") or len(marks) < 3:  # noqa: PLR2004 - old colour, background, new one
        return False
    return {mark.family for mark in marks[:2]} == {"colour", "background"}


def _style(bag: Bag) -> Reading | None:
    """Convert the picture to a style."""
    allowed = _FRAME | _AMOUNT | {"style", "person", "adj", "up", "more"}
    if bag.has("style") and {"cyberpunk", "vaporwave"} & set(bag.names("style")):
        allowed |= {"part"}
    styles = bag.names("style")
    if len(styles) != 1 or not bag.only(allowed) or set(bag.names("part")) - {"neon", "light"}:
        return None
    arguments = fill({"style": styles[0]}, "strength", strength_of(bag, "style"))
    warnings = [f"{styles[0]}: drawn in its own tones"] if bag.has("adj") else []
    if bag.has("person"):
        warnings.append(f"{styles[0]}: applied to the whole picture")
    return Reading(Operation("style", arguments), warnings=tuple(warnings))


_FITTING = {
    "moody": {"dark", "cool"},
    "night": {"dark", "cool"},
    "high key": {"bright", "light"},
    "sepia": {"warm"},
    "golden hour": {"warm"},
    "vintage": {"warm", "light"},
    "film": {"warm"},
    "fade": {"light"},
    "hdr": {"vivid", "contrasty"},
    "black and white": {"contrasty"},
}


def _look(bag: Bag) -> Reading | None:
    """Give the picture a named look."""
    looks = bag.names("look") + (["night"] if bag.has("night") else [])
    adjectives = set(bag.names("adj"))
    if not looks and adjectives in ({"warm"}, {"cool"}):
        return _warm_or_cool(bag, adjectives.pop())
    if len(looks) != 1 or not bag.only(_FRAME | _AMOUNT | {"look", "night", "adj", "person", "property"}):
        return None
    if adjectives - _FITTING.get(looks[0], set()):
        return None
    return Reading(Operation("tone", fill({"look": looks[0]}, "strength", strength_of(bag, "style"))))


def _warm_or_cool(bag: Bag, look: str) -> Reading | None:
    if bag.only(_FRAME | {"adj", "property"}):
        return Reading(Operation("tone", {"look": look}))
    return None


def _tone(bag: Bag) -> Reading | None:
    """Brighter, warmer, more contrast."""
    allowed = (
        _FRAME | _AMOUNT | {"axis", "cmp", "adj", "up", "down", "more", "less", "too", "property", "symbol"}
    )
    if not bag.has("axis", "cmp", "adj") or not bag.only(allowed):
        return None
    axes = axes_of(bag)
    return Reading(Operation("tone", axes)) if axes else None


_WEATHER = frozenset({"fog", "storm"})


def _scene(bag: Bag) -> Reading | None:
    """A scene without the word background: alone, or as what somebody is put in front of."""
    allowed = _SCENIC | {"front", "subject", "person", "adj", "image", "change", "put"}
    if not bag.has("scene", "part") or not bag.only(allowed):
        return None
    placed = bag.has("subject", "person") and bag.has("front", "put")
    if bag.has("subject", "person") and not placed:
        return None
    if bag.has("sky", "add") and not placed and bag.has("change") and bag.names("scene"):
        return None
    scene = scene_of(bag)
    if scene is None or (scene.id in _WEATHER and not placed):
        return None
    said = [f"{scene.generous}: read as {scene.id}"] if scene.generous else []
    if bag.has("change") and not placed:
        said.append(f"{scene.id}: read as the background")
    return Reading(Operation("background.replace", {"scene": scene.id}), warnings=tuple(said))
