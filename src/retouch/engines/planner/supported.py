"""What can be asked for, as data and as text for help and for the answer to a refused instruction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from retouch.engines.planner import vocabulary
from retouch.engines.planner.language import detect, latin_languages
from retouch.engines.planner.matching import Matcher
from retouch.engines.planner.text import clean, tokenise
from retouch.engines.planner.words import load

_NEAREST = 3
_LOOKED_AT = 200  # characters of an instruction that say what it is about


@dataclass(frozen=True, slots=True)
class Supported:
    """Ids of all that a Plan can hold; ``kinds`` maps a kind to an instruction that asks for it."""

    kinds: Mapping[str, str]
    scenes: tuple[str, ...]
    styles: tuple[str, ...]
    looks: tuple[str, ...]
    axes: tuple[str, ...]
    skies: tuple[str, ...]  # those of the scenes that can be a sky over the same land


BUILT_IN = Supported(
    kinds={
        "background.replace": "Change the background to a starry sky, keep the main subject",
        "background.remove": "Remove the background",
        "background.blur": "Blur the background",
        "sky.replace": "Replace the sky with a sunset",
        "style": "Convert the image to cyberpunk style",
        "tone": "Make it a bit brighter and warmer",
        "geometry": "Crop it to 16:9",
        "frame": "Add a thick white border",
        "weather": "Make it rain",
        "restore": "Remove the noise",
        "recolor": "Tint the whole picture blue",
        "remove": "Remove the person",
        "privacy": "Blur the faces",
        "upscale": "Upscale it 4x",
        "retouch": "Smooth the skin",
        "text.add": 'Add the text "Summer Sale" at the top in red',
        "text.replace": 'Replace the text "SALE" with "SOLD"',
        "text.remove": "Remove the text",
    },
    scenes=(
        "starry sky",
        "milky way",
        "nebula",
        "aurora",
        "moonlit night",
        "clear sky",
        "cloudy sky",
        "sunset",
        "sunrise",
        "storm",
        "fog",
        "underwater",
        "bokeh lights",
        "neon city",
        "studio",
        "mountains",
        "forest",
        "desert",
        "ocean",
        "beach",
        "winter",
        "autumn leaves",
        "cherry blossom",
        "meadow",
        "rainbow",
        "rain window",
        "city skyline",
        "fireworks",
        "moon surface",
        "mars",
        "ringed planet",
        "brick wall",
        "wooden table",
        "marble",
        "velvet curtain",
        "stage",
        "window light",
        "park",
        "countryside",
        "savanna",
        "canyon",
        "salt flat",
        "waterfront",
        "city street",
        "old town",
        "living room",
        "office",
        "shopping mall",
        "event hall",
        "warehouse",
        "factory",
        "library",
        "christmas tree",
        "concrete wall",
        "earth orbit",
    ),
    styles=(
        "cyberpunk",
        "oil painting",
        "watercolor",
        "pencil sketch",
        "anime",
        "comic",
        "pixel art",
        "pop art",
        "line art",
        "impressionist",
        "ukiyo-e",
        "vaporwave",
        "van gogh",
        "pointillism",
        "charcoal",
        "color pencil",
        "ink wash",
        "woodcut",
        "halftone",
        "mosaic",
        "stained glass",
        "low poly",
        "blueprint",
        "neon",
        "noir",
    ),
    looks=(
        "black and white",
        "sepia",
        "vintage",
        "film",
        "hdr",
        "golden hour",
        "night",
        "high key",
        "moody",
        "fade",
        "warm",
        "cool",
    ),
    axes=("brightness", "contrast", "exposure", "saturation", "warmth", "vibrance", "shadows", "highlights"),
    skies=(
        *("starry sky", "milky way", "nebula", "aurora", "moonlit night"),
        *("clear sky", "cloudy sky", "sunset", "sunrise", "storm"),
    ),
)


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


class Everything:
    """:class:`Supported`, and beside it what other packages and the owner's folder bring."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """A kind -> an instruction that asks for it."""
        return _known().kinds

    @property
    def scenes(self) -> tuple[str, ...]:
        """All scenes."""
        return _known().scenes

    @property
    def styles(self) -> tuple[str, ...]:
        """All styles."""
        return _known().styles

    @property
    def looks(self) -> tuple[str, ...]:
        """All looks."""
        return BUILT_IN.looks

    @property
    def axes(self) -> tuple[str, ...]:
        """All axes of a change of tone."""
        return BUILT_IN.axes

    @property
    def skies(self) -> tuple[str, ...]:
        """Those of the scenes that can be a sky over the same land."""
        return BUILT_IN.skies

    def display_name(self, name: str, language: str = "en") -> str:
        """What ``name`` (a scene, style or look) is called in ``language``; its id where nobody has said."""
        return _names().get((name, language), name)


SUPPORTED: Final = Everything()


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


@vocabulary.forgotten
@lru_cache(maxsize=1)
def _known() -> Supported:
    added = {kind: each.example for kind, each in vocabulary.added_operations().items()}
    return replace(
        BUILT_IN,
        kinds={**BUILT_IN.kinds, **added},
        scenes=(*BUILT_IN.scenes, *vocabulary.added_scenes()),
        styles=(*BUILT_IN.styles, *vocabulary.added_styles()),
    )


@vocabulary.forgotten
@lru_cache(maxsize=1)
def _names() -> dict[tuple[str, str], str]:
    names: dict[tuple[str, str], str] = {}
    for label, words in load().concepts.items():
        family, _, name = label.partition(":")
        if family in {"scene", "style", "look"}:
            for language, phrases in words.items():
                names.setdefault((name, language), phrases.split(",")[0].strip().rstrip("~"))
    return names
