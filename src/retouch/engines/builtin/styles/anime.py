"""Anime: clean flats in two tones, fine dark lines, bright saturated air and a soft glow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import abstraction, flow, ink, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.comic import stepped
from retouch.engines.builtin.styles.light import bloom, shoulder
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Sheet


def render(sheet: Sheet) -> Picture:
    """Cel shading of the photo; the seed sets where the light of the glow comes from."""
    unit = sheet.unit
    bright = levelled(sheet.rgb, 0.58, most=0.85)
    clean = abstraction(bright, 2.4 * unit, 8 * unit, passes=3)
    sheet.progress(0.5)
    lab = to_oklab(to_linear(np.clip(clean, 0, 1)))
    cel = _cel(lab)
    fine = to_oklab(to_linear(abstraction(bright, 1.2 * unit, 3 * unit, passes=1)))[..., 0]
    lines = ink(fine, flow(clean, 2.2 * unit), 0.85 * unit, amount=15, threshold=0.32, slope=4)
    sheet.progress(0.75)
    line = np.clip(1 - lines, 0, 1)[..., None]
    # A line takes the colour of what it bounds, much darker: black would be a comic.
    picture = cel * (1 - line) + (0.22 * cel + np.array([0.05, 0.02, 0.06], np.float32)) * line
    return _air(picture, sheet)


def _cel(lab: Picture) -> Picture:
    """Lightness in soft steps with cool shadows, chroma raised where there is any."""
    light = lab[..., 0]
    steps = stepped(np.clip(light, 0, 1), 6, 0.16)
    cel = 0.75 * steps + 0.25 * light
    shadow = 1 - smoothstep(cel, 0.25, 0.6)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    air = 0.13 * (1 - smoothstep(chroma, 0.06, 0.18))
    lab[..., 0] = air + (1 - air) * cel**0.94
    lab[..., 1:] *= (1.4 + 0.35 * smoothstep(chroma, 0.02, 0.09))[..., None]
    lab[..., 1] += 0.008 * shadow
    lab[..., 2] -= 0.035 * shadow
    return to_srgb(into_gamut(lab))


def _air(srgb: Picture, sheet: Sheet) -> Picture:
    """Glow around the lights, and a wash of coloured light from one upper corner."""
    linear = bloom(to_linear(srgb), 0.62, sheet.unit, 0.55)
    height, width = sheet.shape
    side = float(sheet.rng(1).choice((0.05, 0.95)))
    hue = np.array([[1.0, 0.82, 0.6], [0.65, 0.85, 1.0], [1.0, 0.75, 0.85]], np.float32)
    tint = hue[int(sheet.rng(2).integers(3))]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    ray = np.exp(-(((x - side) ** 2 + (0.8 * y) ** 2) / 0.35))[..., None]
    linear = linear + 0.16 * ray * tint * (1 - np.clip(linear, 0, 1))
    return to_srgb(shoulder(linear, 0.8))
