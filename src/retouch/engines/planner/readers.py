"""What a clause asks for. Each reader knows one kind of request and the marks that may stand in it.

A reader that meets a mark outside its list gives None: nothing is ever skipped to make a clause fit.
"""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.planner.backgrounds import (
    read_background,
    read_blur,
    read_isolation,
    read_scene,
    read_sky,
)
from retouch.engines.planner.bag import Bag
from retouch.engines.planner.cautions import states
from retouch.engines.planner.constraints import read_constraint, read_prohibition
from retouch.engines.planner.effects import read_frame, read_weather
from retouch.engines.planner.enlarging import read_upscale
from retouch.engines.planner.faces import read_retouch
from retouch.engines.planner.geometry import read_geometry
from retouch.engines.planner.installed import read_installed
from retouch.engines.planner.pictures import read_picture
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.privacy import read_privacy
from retouch.engines.planner.quantities import numbers_of
from retouch.engines.planner.reading import AMOUNT, FRAME, Reading
from retouch.engines.planner.removal import read_removal
from retouch.engines.planner.repairs import read_recolor, read_restore
from retouch.engines.planner.replacing import undoes, without_the_old
from retouch.engines.planner.slots import fill, strength_of
from retouch.engines.planner.supported import SUPPORTED
from retouch.engines.planner.texts import read_text
from retouch.engines.planner.tones import axes_of

_MOST = 100
_LIGHTS = frozenset(["luces", "luzes"])
_WITHOUT_AMOUNT = frozenset(
    {"geometry", "background.replace", "background.remove", "sky.replace", "privacy", "upscale"}
)
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


def read(bag: Bag) -> Reading | None:
    """The reading of ``bag`` as one request, or None; "only" is silent where nothing hangs on it."""
    if not bag.families or bag.has("unknown", "break") or undoes(bag) or states(bag):
        return None
    bag = without_the_old(bag)
    reading = _read(bag) or _softened(bag)
    if reading or not bag.has("only"):
        return reading
    rest = replace(bag, marks=tuple(mark for mark in bag.marks if mark.family != "only"))
    return _read(rest) if rest.families else None


def _softened(bag: Bag) -> Reading | None:
    """Without a "little" that is only politeness: ちょっと90度回して turns by ninety degrees."""
    if bag.names("amount") != ["little"]:
        return None
    rest = replace(bag, marks=tuple(mark for mark in bag.marks if mark.family != "amount"))
    reading = _read(rest) if rest.families else None
    operation = reading.operation if reading else None
    if operation is None or operation.arguments.get("action") in {"resize", "extend"}:
        return None
    return reading if operation.kind in _WITHOUT_AMOUNT else None


def _read(bag: Bag) -> Reading | None:
    for reader in (
        read_text,
        read_constraint,
        read_prohibition,
        read_isolation,
        read_removal,
        read_blur,
        read_picture,
        read_privacy,
        read_retouch,
        read_sky,
        read_recolor,
        read_background,
        read_upscale,
        read_geometry,
        read_frame,
        _style,
        _look,
        _tone,
        read_scene,
        read_weather,
        read_restore,
        read_installed,
    ):
        reading = reader(bag)
        if reading and reading.operation and _names_a_part(bag, reading.operation):
            return None
        if reading and (reading.operation is None or reading.operation.kind in SUPPORTED.kinds):
            return reading
    return None


def _names_a_part(bag: Bag, operation: Operation) -> bool:
    """Hair and hands have no detector: "make the hair darker" is no darker picture. Skin can be smoothed."""
    parts = {"body", "skin"}.intersection(bag.names("property"))
    return bool(parts) and operation.kind not in {"retouch", "remove"}


def _style(bag: Bag) -> Reading | None:
    """Convert the picture to a style."""
    allowed = FRAME | AMOUNT | {"style", "person", "adj", "up", "more"}
    if bag.names("look") == ["vintage"] and "vaporwave" in bag.names("style"):  # "80s vaporwave"
        allowed |= {"look"}
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


def _look(bag: Bag) -> Reading | None:
    """Give the picture a named look."""
    looks = bag.names("look") + (["night"] if bag.has("night") else [])
    adjectives = set(bag.names("adj"))
    if not looks and adjectives in ({"warm"}, {"cool"}):
        return _warm_or_cool(bag, adjectives.pop())
    if len(looks) != 1 or not bag.only(FRAME | AMOUNT | {"look", "night", "adj", "person", "property"}):
        return None
    if adjectives - _FITTING.get(looks[0], set()):
        return None
    return Reading(Operation("tone", fill({"look": looks[0]}, "strength", strength_of(bag, "style"))))


def _warm_or_cool(bag: Bag, look: str) -> Reading | None:
    if bag.only(FRAME | {"adj", "property"}):
        return Reading(Operation("tone", {"look": look}))
    return None


def _tone(bag: Bag) -> Reading | None:
    """Brighter, warmer, more contrast."""
    allowed = (
        FRAME | AMOUNT | {"axis", "cmp", "adj", "up", "down", "more", "less", "too", "property", "symbol"}
    )
    if bag.has("up", "down") and bag.has("part"):  # "baja las luces"
        marks = (
            replace(mark, label="axis:highlights") if mark.text in _LIGHTS else mark for mark in bag.marks
        )
        bag = replace(bag, marks=tuple(marks))
    if not bag.has("axis", "cmp", "adj") or not bag.only(allowed):
        return None
    axes = axes_of(bag)
    beyond = any(abs(number.value) > _MOST for number in numbers_of(bag))
    said = (f"{', '.join(axes)}: {_MOST} is the most",) if axes and beyond else ()
    return Reading(Operation("tone", axes), warnings=said) if axes else None
