"""The styles by name, each in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from retouch.engines.builtin.styles import (
    anime,
    blueprint,
    charcoal,
    color_pencil,
    comic,
    cyberpunk,
    halftone,
    impressionist,
    ink_wash,
    line_art,
    low_poly,
    mosaic,
    neon,
    noir,
    oil_painting,
    pencil_sketch,
    pixel_art,
    pointillism,
    pop_art,
    stained_glass,
    ukiyo_e,
    van_gogh,
    vaporwave,
    watercolor,
    woodcut,
)
from retouch.engines.builtin.styles.sheet import Style
from retouch.engines.builtin.table import Table

_ROWS: Mapping[str, Style] = {
    "cyberpunk": Style(cyberpunk.render, "detail"),
    "oil painting": Style(oil_painting.render),
    "watercolor": Style(watercolor.render),
    "pencil sketch": Style(pencil_sketch.render),
    "anime": Style(anime.render),
    "comic": Style(comic.render),
    "pixel art": Style(pixel_art.render, "cells"),
    "pop art": Style(pop_art.render),
    "line art": Style(line_art.render, "ink"),
    "impressionist": Style(impressionist.render),
    "ukiyo-e": Style(ukiyo_e.render),
    "vaporwave": Style(vaporwave.render, "detail"),
    "van gogh": Style(van_gogh.render),
    "pointillism": Style(pointillism.render),
    "charcoal": Style(charcoal.render),
    "color pencil": Style(color_pencil.render),
    "ink wash": Style(ink_wash.render),
    "woodcut": Style(woodcut.render),
    "halftone": Style(halftone.render),
    "mosaic": Style(mosaic.render),
    "stained glass": Style(stained_glass.render),
    "low poly": Style(low_poly.render),
    "blueprint": Style(blueprint.render),
    "neon": Style(neon.render),
    "noir": Style(noir.render, "detail"),
}

STYLES: Final = Table("style", _ROWS)
