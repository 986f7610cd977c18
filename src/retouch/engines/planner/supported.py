"""What can be asked for, as data and as text for help and for the answer to a refused instruction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from retouch.engines.planner import vocabulary
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
