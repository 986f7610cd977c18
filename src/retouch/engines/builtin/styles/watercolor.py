"""Watercolour: clear washes that run into each other, pigment gathered at their edges, rough white paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import abstraction, flow, grey, ink, kuwahara, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, clouds, left_open, paper
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_PAPER = np.array([0.99, 0.982, 0.962], np.float32)


def render(sheet: Sheet) -> Picture:
    """Wash over wash, from wet and wide to dry and fine; white is bare paper."""
    unit = sheet.unit
    clear = _pale(levelled(sheet.rgb, 0.62, most=0.85))
    wash = _washes(clear, sheet)
    sheet.progress(0.6)
    pigment = 1 + 0.24 * clouds(sheet.shape, sheet.rng(3), 1.4) + _gathered(wash, unit)
    tooth = np.clip(paper(sheet.shape, sheet.rng(4), unit), -2, 2)
    # Pigment sinks into the valleys of the paper, most where the wash is neither thin nor full.
    density = np.clip(pigment + 0.13 * tooth, 0.75, 2.6)
    painted = np.clip(wash, 0.02, 1) ** density[..., None]
    outline = ink(grey(wash), flow(wash, 2.5 * unit), 0.8 * unit, amount=8, threshold=0.45, slope=3)
    painted = painted * (0.5 + 0.5 * outline)[..., None]
    sheet.progress(0.85)
    cover = left_open(sheet.shape, sheet.rng(5), 0.035)[..., None]
    ground = _PAPER * (1 + 0.014 * tooth[..., None])
    return np.asarray(np.clip(ground * (1 - cover + cover * painted), 0, 1), np.float32)


def _washes(clear: Picture, sheet: Sheet) -> Picture:
    """Wide wet shapes with wandering edges, fine dry ones over them where there is detail."""
    unit, size = sheet.unit, 0.5 + 0.5 * sheet.strength
    wide = _wander(kuwahara(clear, 9 * unit * size, 8), sheet, 3.6 * unit * size)
    sheet.progress(0.3)
    fine = _wander(abstraction(clear, 2.4 * unit, 7 * unit, passes=2), sheet, 2.5 * unit)
    light = grey(clear)
    busy = blur(np.abs(light - blur(light, 3 * unit)), 5 * unit)
    detail = 0.9 * smoothstep(busy, 0.025, 0.085)[..., None]
    return np.asarray(wide * (1 - detail) + fine * detail, np.float32)


def _pale(rgb: Picture) -> Picture:
    """Clear colours without black: lights go to paper, shadows to a transparent blue-grey."""
    lab = to_oklab(to_linear(rgb))
    light = lab[..., 0].copy()
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    # The lift belongs to the shadows: lights that are raised too lose the drawing of a face.
    lift = 0.06 + 0.3 * (1 - smoothstep(chroma, 0.06, 0.2)) * (1 - 0.6 * smoothstep(light, 0.3, 0.8))
    lab[..., 0] = lift + (1 - lift) * light
    lab[..., 1:] *= np.float32(1.35)
    shade = 1 - smoothstep(light, 0.1, 0.55)
    lab[..., 1] += 0.006 * shade
    lab[..., 2] -= 0.045 * shade
    return to_srgb(into_gamut(lab))


def _wander(picture: Picture, sheet: Sheet, reach: float) -> Picture:
    """Move every point a little along smooth noise: no wash ends exactly where the form does."""
    height, width = sheet.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x += clouds(sheet.shape, sheet.rng(1), 1.3) * np.float32(reach / 2)
    y += clouds(sheet.shape, sheet.rng(2), 1.3) * np.float32(reach / 2)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _gathered(wash: Picture, unit: float) -> Plane:
    """More pigment on the darker side of every edge: a drying wash carries it outwards.

    Bousseau et al., "Interactive watercolor rendering with temporal coherence and abstraction" (2006).
    """
    light = grey(wash)
    step = blur(light, 5 * unit) - blur(light, 1.2 * unit)
    return np.asarray(np.clip(step * 7, -0.25, 0.8), np.float32)
