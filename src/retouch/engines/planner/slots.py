"""What stands in an operation's slots: scenes put together from their parts, colours, amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.words import load

# Parts that together mean a scene, tried in order; the last column is what has to be said about it.
_PARTS: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset({"neon", "city", "night", "light"}), "neon city", ""),
    (frozenset({"neon", "city", "light"}), "neon city", ""),
    (frozenset({"neon", "city", "night"}), "neon city", ""),
    (frozenset({"neon", "city"}), "neon city", ""),
    (frozenset({"neon", "light"}), "neon city", ""),
    (frozenset({"city", "night", "light"}), "city skyline", ""),
    (frozenset({"city", "night"}), "city skyline", ""),
    (frozenset({"city", "light"}), "city skyline", ""),
    (frozenset({"city"}), "city skyline", "a city"),
    (frozenset({"moon", "star", "night", "sky"}), "moonlit night", ""),
    (frozenset({"moon", "star", "night"}), "moonlit night", ""),
    (frozenset({"moon", "star", "sky"}), "moonlit night", ""),
    (frozenset({"moon", "star"}), "moonlit night", ""),
    (frozenset({"moon", "night", "sky"}), "moonlit night", ""),
    (frozenset({"moon", "night"}), "moonlit night", ""),
    (frozenset({"moon", "sky"}), "moonlit night", ""),
    (frozenset({"moon"}), "moonlit night", ""),
    (frozenset({"star", "sky", "night"}), "starry sky", ""),
    (frozenset({"star", "space"}), "starry sky", ""),
    (frozenset({"star", "sky"}), "starry sky", ""),
    (frozenset({"star", "night"}), "starry sky", ""),
    (frozenset({"night", "sky"}), "starry sky", ""),
    (frozenset({"star"}), "starry sky", ""),
    (frozenset({"space", "sky"}), "nebula", "space"),
    (frozenset({"space"}), "nebula", "space"),
    (frozenset({"cloud", "sky"}), "cloudy sky", ""),
    (frozenset({"cloud"}), "cloudy sky", ""),
    (frozenset({"night"}), "moonlit night", "night"),
    (frozenset({"sky"}), "clear sky", "sky"),
    (frozenset({"light", "bokeh"}), "bokeh lights", ""),
    (frozenset({"light", "blur"}), "bokeh lights", ""),
    (frozenset({"bokeh"}), "bokeh lights", ""),
)
# A scene that already shows what these parts and scenes name.
_SHOWS = {
    "milky way": {"starry sky", "star", "sky", "night", "space", "nebula"},
    "aurora": {"starry sky", "star", "sky", "night"},
    "nebula": {"starry sky", "star", "sky", "space", "night"},
    "moonlit night": {"starry sky", "star", "sky", "night", "moon", "cloud"},
    "starry sky": {"star", "sky", "night", "space"},
    "storm": {"cloud", "sky", "cloudy sky", "night"},
    "sunset": {"sky", "cloud", "cloudy sky", "light"},
    "sunrise": {"sky", "cloud", "cloudy sky", "light"},
    "cloudy sky": {"cloud", "sky"},
    "clear sky": {"sky"},
    "neon city": {"city", "neon", "light", "night"},
    "bokeh lights": {"light", "bokeh", "blur", "night"},
    "underwater": {"light"},
    "studio": {"light"},
    "mountains": {"sky", "cloud", "cloudy sky", "sunset", "fog"},
    "forest": {"light", "fog"},
    "desert": {"sky", "clear sky"},
    "ocean": {"sky", "cloud", "cloudy sky", "clear sky"},
    "beach": {"sky", "cloud", "clear sky", "ocean"},
    "winter": {"sky", "forest"},
    "autumn leaves": {"light", "bokeh", "blur", "forest"},
    "cherry blossom": {"sky", "clear sky", "bokeh", "blur"},
    "meadow": {"sky", "clear sky", "bokeh", "blur"},
    "rainbow": {"sky", "cloud", "cloudy sky"},
    "rain window": {"light", "bokeh", "blur", "bokeh lights", "night"},
    "city skyline": {"city", "light", "night", "sky"},
    "fireworks": {"sky", "night", "light"},
    "moon surface": {"moon", "space", "sky"},
    "mars": {"space", "sky"},
    "ringed planet": {"star", "space", "sky", "night", "starry sky"},
    "stage": {"light"},
    "window light": {"light"},
}
_AMOUNTS = {
    "tone": {"little": 15, "half": 30, "": 30, "much": 60},
    "blur": {"little": 25, "half": 50, "much": 80},
    "style": {"little": 40, "half": 50, "much": 100},
    "frame": {"little": 25, "half": 50, "much": 80},
    "weather": {"little": 30, "half": 50, "much": 90},
    "restore": {"little": 25, "half": 50, "much": 80},
    "retouch": {"little": 25, "half": 50, "much": 80},
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene id and what was read generously for it, "" where nothing was."""

    id: str
    generous: str = ""


def scene_of(bag: Bag) -> Scene | None:
    """The one scene that the clause names, or None where it names none or two that do not go together."""
    scenes = bag.names("scene")
    parts = {*bag.names("part"), *(bag.families & {"night", "sky", "bokeh", "blur"})}
    for scene in sorted(scenes, key=lambda name: -len(_SHOWS.get(name, ()))):
        if parts.union(scenes) - {scene} <= _SHOWS.get(scene, set()):
            return Scene(scene)
    if scenes:
        return None
    return next((Scene(scene, said) for needed, scene, said in _PARTS if needed == parts), None)


def colours_of(bag: Bag) -> list[str]:
    """The colours that the clause names, in order, as ``#rrggbb``; light and dark go with their neighbour."""
    marks = [mark for mark in bag.content if mark.family in {"colour", "adj", "look", "and"}]
    found: list[str] = []
    for index, mark in enumerate(marks):
        if mark.family == "look" and mark.name == "black and white":
            found += ["#000000", "#ffffff"]
        elif mark.family == "colour":
            found.append(_hex(mark.text) if not mark.name else _shaded(marks, index))
    return found


def _hex(text: str) -> str:
    digits = text.lstrip("#")
    return "#" + (digits if len(digits) == len("rrggbb") else "".join(digit * 2 for digit in digits))


def _shaded(marks: list[Mark], index: int) -> str:
    shades = load().colours[marks[index].name]
    for near in (index - 1, index + 1):
        if 0 <= near < len(marks) and marks[near].family == "adj" and marks[near].name in shades:
            taken = near > index and near + 1 < len(marks) and marks[near + 1].family == "colour"
            if not taken or marks[near].first == marks[index].last:
                return shades[marks[near].name]
    return shades["hex"]


def strength_of(bag: Bag, scale: str) -> int | None:
    """0..100 where the clause states an amount (a number, or a word on ``scale``), else None."""
    for mark in bag.content:
        if mark.family == "number":
            return max(0, min(100, round(mark.value)))
    names = bag.names("amount") or (["little"] if "light" in bag.names("adj") else [])
    return _AMOUNTS[scale][names[-1]] if names else None


def amount_of(marks: list[Mark]) -> int | None:
    """The amount of a change of tone, 1..100, from words or a number; None where none is stated."""
    for mark in marks:
        if mark.family == "number":
            return max(0, min(100, round(abs(mark.value))))
    words = [mark.name for mark in marks if mark.family == "amount"]
    return _AMOUNTS["tone"][words[-1]] if words else None


def fill(target: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    """``target`` with ``name`` where there is a value."""
    return target if value is None else {**target, name: value}
