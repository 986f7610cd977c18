"""Pencil sketch: outlines drawn along the forms, tone laid in crossing hatches, graphite on toothed paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, left_open, paper

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_PAPER = np.array([0.972, 0.962, 0.938], np.float32)
_GRAPHITE = np.array([0.16, 0.16, 0.18], np.float32)


def render(sheet: Sheet) -> Picture:
    """Graphite on cream paper."""
    unit = sheet.unit
    light = grey(levelled(sheet.rgb, 0.58, most=0.85))
    stream = flow(sheet.rgb, 2.5 * unit)
    lines = 1 - ink(light, stream, 0.9 * unit, amount=9, threshold=0.5, slope=3.2)
    sheet.progress(0.4)
    # What is darker than its surroundings is drawn, what is evenly dark is only shaded.
    drawn = np.clip(1 - light / (blur(light, 11 * unit) + 0.03), 0, 1)
    shade = _hatched(0.82 * (1 - light), sheet)
    sheet.progress(0.8)
    tooth = np.clip(paper(sheet.shape, sheet.rng(5), unit), -2, 2)
    graphite = 1 - (1 - 0.75 * lines) * (1 - np.clip(1.25 * drawn, 0, 0.75)) * (1 - shade)
    # The tooth shows most in half-tones: bare paper takes no graphite, pressed graphite fills it.
    graphite += 0.16 * tooth * graphite * (1 - 0.75 * graphite)
    amount = np.clip(graphite * left_open(sheet.shape, sheet.rng(6), 0.05), 0, 1)[..., None]
    sheet_of_paper = _PAPER + 0.008 * tooth[..., None]
    return np.asarray(np.clip(sheet_of_paper * (1 - amount) + _GRAPHITE * amount, 0, 1), np.float32)


def _hatched(dark: Plane, sheet: Sheet) -> Plane:
    """Layers of strokes at different slants, each pressed as the picture is darker than its threshold."""
    clear = np.ones_like(dark)
    soft = blur(dark, 1.5 * sheet.unit)
    turn = float(sheet.rng(7).uniform(-14, 14))
    layers = ((0.30, 58, 0.26), (0.48, 50, 0.30), (0.64, 66, 0.34), (0.8, 112, 0.36))
    for i, (threshold, slant, press) in enumerate(layers):
        strokes = _strokes(sheet, slant + turn, i)
        where = smoothstep(soft, threshold - 0.16, threshold + 0.2)
        # Strokes close up as the tone deepens.
        clear *= 1 - press * where * np.clip(0.3 + 0.35 * where + 0.55 * strokes, 0, 1)
    return 1 - clear


def _strokes(sheet: Sheet, slant: float, salt: int) -> Plane:
    """Noise drawn out along ``slant`` degrees: pencil strokes side by side, deviation 1."""
    noise = sheet.rng(10 + salt).standard_normal(sheet.shape, dtype=np.float32)
    reach = max(3, round(21 * sheet.unit))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    dx, dy = reach * np.cos(np.radians(slant)), -reach * np.sin(np.radians(slant))
    ends = (round(reach - dx), round(reach - dy)), (round(reach + dx), round(reach + dy))
    cv2.line(kernel, *ends, 1, 1)
    grainy = blur(noise, 0.75 * sheet.unit)
    drawn = cv2.filter2D(grainy, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(drawn / (drawn.std() + 1e-6), np.float32)
