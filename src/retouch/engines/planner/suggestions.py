"""What to tell who was refused: all that can be asked for, and what is nearest to what was asked."""

from __future__ import annotations

from retouch.engines.planner import vocabulary
from retouch.engines.planner.language import detect, latin_languages
from retouch.engines.planner.matching import Matcher
from retouch.engines.planner.supported import SUPPORTED
from retouch.engines.planner.text import clean, tokenise
from retouch.engines.planner.words import load

_NEAREST = 3
_LOOKED_AT = 200  # characters of an instruction that say what it is about
# The family of a mark that was understood, or the label of one that cannot be served -> the nearest kind.
_POINTS_TO = {
    "cutout": "background.remove",
    "transparent": "background.remove",
    "remove": "background.remove",
    "blur": "background.blur",
    "bokeh": "background.blur",
    "scene": "background.replace",
    "part": "background.replace",
    "sky": "sky.replace",
    "colour": "background.replace",
    "gradient": "background.replace",
    "background": "background.replace",
    "style": "style",
    "look": "tone",
    "axis": "tone",
    "cmp": "tone",
    "adj": "tone",
    "night": "tone",
    **dict.fromkeys(("crop", "ratio", "resize", "size", "width", "height", "px", "times"), "geometry"),
    **dict.fromkeys(("rotate", "turn", "spin", "angle", "upside", "flip", "mirror"), "geometry"),
    **dict.fromkeys(("straighten", "lean", "horizon", "extend"), "geometry"),
    **dict.fromkeys(("frame", "thick", "thin"), "frame"),
    "tint": "recolor",
    "upscale": "upscale",
    "unknown:upscale": "upscale",
    "property:resolution": "upscale",
    **dict.fromkeys(("text", "caption", "write", "quote", "unknown:font", "unknown:translate"), "text.add"),
    "unknown:mark": "frame",
    **dict.fromkeys(("picture", "ordinal"), "background.replace"),
    **dict.fromkeys(("filler:manner", "reference"), "style"),
    "unknown:privacy": "privacy",
    "privacy": "privacy",
    **dict.fromkeys(("marked", "refill", "subject:person", "subject:people", "subject:main"), "remove"),
    "subject:face": "privacy",
    **dict.fromkeys(("unknown:retouch", "property:skin", "retouch", "smooth"), "retouch"),
    "unknown:deblur": "restore",
    "unknown:negative": "tone",
    **dict.fromkeys(("weather", "falling"), "weather"),
    **dict.fromkeys(
        ("noise", "artefact", "haze", "denoise", "deblock", "dehaze", "sharpen", "enhance"), "restore"
    ),
}


def describe_supported() -> str:
    """Plain text, one line a kind: what it is, an example, and the names it takes."""
    names = {
        "background.replace": "scenes: "
        + ", ".join(SUPPORTED.scenes)
        + "; or any colour or gradient, or the second picture",
        "background.remove": "gives the cut-out subject",
        "background.blur": "with an amount where you like",
        "sky.replace": "skies: " + ", ".join(SUPPORTED.skies),
        "style": "styles: " + ", ".join(SUPPORTED.styles) + "; or the style of the second picture",
        "tone": ", ".join(SUPPORTED.axes) + "; looks: " + ", ".join(SUPPORTED.looks),
        "geometry": "crop, resize, rotate, flip, straighten, extend",
        "frame": "border, polaroid, vignette, rounded, sticker outline, drop shadow, grain",
        "weather": "rain, snow, fog, sun-rays",
        "restore": "denoise, deblock, dehaze, sharpen, auto",
        "remove": "the person, the main subject, or what the mask covers",
        "privacy": "all faces, blurred or pixelated",
        "text.add": "text in quotation marks; a place, a colour, small or large",
        "text.replace": "the old and the new text in quotation marks; Latin letters, Chinese, Japanese",
        "text.remove": "all text, or what stands in quotation marks; no watermarks, logos or signatures",
        "recolor": "the subject, the background or the whole picture, in any colour",
        "retouch": "smooth skin, brighten face, red eye; all faces",
        "upscale": "2 or 4 times the size, with more detail",
    }
    names |= {
        kind: "strength 0..100" if each.strength else "no amount"
        for kind, each in vocabulary.added_operations().items()
    }
    return "\n".join(f'{kind}: "{example}" ({names[kind]})' for kind, example in SUPPORTED.kinds.items())


def nearest(text: str) -> tuple[str, ...]:
    """Example instructions of the operations nearest to ``text``, best first, at most three."""
    tokens = tokenise(clean(text[:_LOOKED_AT]))
    lexicon = load()
    latin = latin_languages(tokens, lexicon)[0]
    marks = Matcher(lexicon, latin, detect(tokens, latin)).match(tokens).marks
    points = dict.fromkeys(SUPPORTED.kinds, 0)
    for mark in marks:
        added = mark.name if mark.family == "operation" else None
        kind = added or _POINTS_TO.get(mark.label) or _POINTS_TO.get(mark.family)
        if kind:
            points[kind] += 1
    ranked = sorted(points, key=lambda kind: -points[kind])  # stable: the showcase order where nothing speaks
    return tuple(SUPPORTED.kinds[kind] for kind in ranked[:_NEAREST])
