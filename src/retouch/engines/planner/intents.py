"""Operations and the intents of the classifier: which operation has which, and which marks ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.plan import Operation

_DISCRETE = {
    **dict.fromkeys(("restore", "privacy", "retouch"), "mode"),
    **dict.fromkeys(("recolor", "remove"), "target"),
    "frame": "frame",
    "weather": "weather",
}
_PAINTED = ("scene", "color", "gradient", "image")
# What a clause would hold if its writer had used only words of the lexicon; arguments come from the clause.
_PLAIN: dict[str, tuple[str, ...]] = {
    "background.replace:scene": ("change", "background"),
    "background.replace:color": ("change", "background"),
    "background.replace:gradient": ("change", "background", "gradient"),
    "background.remove": ("remove", "background"),
    "background.blur": ("blur", "background"),
    "sky.replace": ("change", "sky"),
    "style": ("change", "image"),
    "tone:look": ("change", "image"),
    "tone:brightness+": ("cmp:brightness+",),
    "tone:brightness-": ("cmp:brightness-",),
    "tone:contrast+": ("up", "axis:contrast"),
    "tone:contrast-": ("down", "axis:contrast"),
    "tone:saturation+": ("up", "axis:saturation"),
    "tone:saturation-": ("down", "axis:saturation"),
    "tone:warmth+": ("cmp:warmth+",),
    "tone:warmth-": ("cmp:warmth-",),
    "tone:shadows+": ("up", "axis:shadows"),
    "tone:shadows-": ("down", "axis:shadows"),
    "tone:highlights+": ("up", "axis:highlights"),
    "tone:highlights-": ("down", "axis:highlights"),
    "geometry:crop": ("crop",),
    "geometry:resize": ("resize",),
    "geometry:rotate": ("rotate",),
    "geometry:flip horizontal": ("flip:horizontal",),
    "geometry:flip vertical": ("flip:vertical",),
    "geometry:straighten": ("straighten",),
    "geometry:extend": ("extend",),
    **{
        f"frame:{name}": ("add", f"frame:{name}")
        for name in (
            *("border", "polaroid", "vignette", "rounded"),
            *("sticker outline", "drop shadow", "grain"),
        )
    },
    "weather:rain": ("add", "weather:rain"),
    "weather:snow": ("add", "weather:snow"),
    "weather:fog": ("add", "scene:fog"),
    "weather:sun-rays": ("add", "weather:sun-rays"),
    "restore:denoise": ("denoise",),
    "restore:deblock": ("deblock",),
    "restore:dehaze": ("dehaze",),
    "restore:sharpen": ("sharpen",),
    "restore:auto": ("enhance", "image"),
    "recolor:subject": ("tint", "subject:main"),
    "recolor:background": ("tint", "background"),
    "recolor:whole": ("tint", "image"),
    "privacy:blur": ("privacy:blur", "subject:face"),
    "privacy:pixelate": ("privacy:pixelate", "subject:face"),
    "upscale": ("upscale",),
    "retouch:smooth skin": ("retouch:smooth skin",),
    "retouch:red eye": ("retouch:red eye", "fix"),
    "remove:person": ("remove", "subject:person"),
    "text.remove": ("remove", "text"),
    "keep": ("keep",),
}


def intents_of_operation(operation: Operation) -> frozenset[str]:
    """The intents that ``operation`` may come from: one, or one for each axis of a change of tone."""
    kind, arguments = operation.kind, operation.arguments
    if kind == "tone":
        if "look" in arguments:
            return frozenset({"tone:look"})
        axes = {
            {"exposure": "brightness", "vibrance": "saturation"}.get(axis, axis): axis for axis in arguments
        }
        return frozenset(f"tone:{name}{'+' if arguments[axis] > 0 else '-'}" for name, axis in axes.items())
    if kind == "geometry":
        action = str(arguments["action"])
        return frozenset(
            {f"geometry:{action} {arguments['axis']}" if action == "flip" else f"geometry:{action}"}
        )
    if kind == "background.replace":
        return frozenset(f"{kind}:{name}" for name in _PAINTED if name in arguments)
    if kind == "style" and "image" in arguments:
        return frozenset({"style:image"})
    discrete = _DISCRETE.get(kind, "")
    return frozenset({f"{kind}:{arguments[discrete]}" if discrete in arguments else kind})


def spelt_out(bag: Bag, intent: str, at: int, named: Sequence[Mark] = ()) -> Bag | None:
    """``bag`` with the marks that ``intent`` asks for and it lacks, as if they stood at token ``at``."""
    plain = _PLAIN.get(intent)
    if plain is None:
        return None
    marks = [mark for label in plain if not _holds(bag, mark := Mark(label, at, at + 1))]
    place = next((index for index, mark in enumerate(bag.marks) if mark.first >= at), len(bag.marks))
    return replace(bag, marks=(*bag.marks[:place], *marks, *named, *bag.marks[place:]))


def _holds(bag: Bag, mark: Mark) -> bool:
    return bag.has(mark.family) and (not mark.name or mark.name in bag.names(mark.family))
