"""The styles by name, each in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping

from retouch.engines.builtin.styles import (
    anime,
    comic,
    cyberpunk,
    impressionist,
    line_art,
    oil_painting,
    pencil_sketch,
    pixel_art,
    pop_art,
    ukiyo_e,
    vaporwave,
    watercolor,
)
from retouch.engines.builtin.styles.sheet import Style

STYLES: Mapping[str, Style] = {
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
}
