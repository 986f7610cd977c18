"""Pencil sketch: outlines drawn along the forms, tone laid in crossing hatches, graphite on toothed paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.surface import blur, paper

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_PAPER = np.array([0.975, 0.965, 0.94], np.float32)
_GRAPHITE = np.array([0.17, 0.17, 0.19], np.float32)


def render(sheet: Sheet) -> Picture:
    """Graphite on cream paper."""
    unit = sheet.unit
    light = grey(levelled(sheet.rgb, 0.52))
    stream = flow(sheet.rgb, 2.5 * unit)
    lines = 1 - ink(light, stream, 0.8 * unit, amount=18, threshold=0.62, slope=7)
    sheet.progress(0.4)
    # Dodge: what is darker than its surroundings, as a soft pencil finds it.
    soft = np.clip(1 - light / (blur(light, 9 * unit) + 0.02), 0, 1)
    tone = _hatched(1 - light, sheet)
    sheet.progress(0.8)
    tooth = paper(sheet.shape, sheet.rng(5), unit)
    graphite = 1 - (1 - 0.8 * lines) * (1 - np.clip(1.5 * soft, 0, 0.8)) * (1 - tone)
    graphite = graphite * np.clip(0.92 + 0.22 * tooth, 0.3, 1.3)
    amount = np.clip(graphite, 0, 1)[..., None]
    return np.asarray(
        np.clip((_PAPER + 0.012 * tooth[..., None]) * (1 - amount) + _GRAPHITE * amount, 0, 1), np.float32
    )


def _hatched(dark: Plane, sheet: Sheet) -> Plane:
    """Layers of strokes at different slants, each laid where the picture is darker than its threshold."""
    clear = np.ones_like(dark)
    soft = blur(dark, 2 * sheet.unit)
    layers = ((0.34, 62, 0.30), (0.52, 48, 0.34), (0.68, 118, 0.38), (0.8, 75, 0.5))
    for i, (threshold, slant, press) in enumerate(layers):
        strokes = _strokes(sheet, slant, i)
        where = smoothstep(soft + 0.07 * strokes, threshold - 0.12, threshold + 0.18)
        clear *= 1 - press * where * np.clip(0.55 + 0.45 * strokes, 0, 1)
    return 1 - clear


def _strokes(sheet: Sheet, slant: float, salt: int) -> Plane:
    """Noise drawn out along ``slant`` degrees: pencil strokes side by side, deviation 1."""
    noise = sheet.rng(10 + salt).standard_normal(sheet.shape, dtype=np.float32)
    reach = max(3, round(17 * sheet.unit))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    dx, dy = reach * np.cos(np.radians(slant)), -reach * np.sin(np.radians(slant))
    cv2.line(
        kernel,
        (round(reach - dx), round(reach - dy)),
        (round(reach + dx), round(reach + dy)),
        1,
        1,
        cv2.LINE_AA,
    )
    drawn = cv2.filter2D(
        blur(noise, 0.55 * sheet.unit), -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT
    )
    return np.asarray(drawn / (drawn.std() + 1e-6), np.float32)
