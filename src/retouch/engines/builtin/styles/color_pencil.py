"""Colour pencil: three crayons hatched over each other on white paper, every stroke its own hue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.colouring import enriched, levelled
from retouch.engines.builtin.surface import blur, clouds, grain, left_open

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_PAPER = np.array([0.985, 0.98, 0.965], np.float32)


def render(sheet: Sheet) -> Picture:
    """Pigment laid in strokes by density: what a stroke misses stays paper. The seed is the hand."""
    unit = sheet.unit
    fine = attention(sheet)
    aim = enriched(levelled(sheet.rgb, 0.62, most=0.9), chroma=1.2, contrast=4, lift=0.1)
    aim = blur(aim, 1.2 * unit) * (1 - fine[..., None]) + aim * fine[..., None]
    density = -np.log(np.clip(aim, 0.045, 1))
    slant = float(sheet.rng(1).uniform(46, 66))
    forms = _forms(sheet)
    sheet.progress(0.2)
    tooth = np.clip(grain(sheet.shape, sheet.rng(5), 1.5 * unit), -2, 2)
    shared = _strokes(sheet, (slant, slant - 27), forms, 20)
    layers = []
    for i in range(3):
        turn = (11, -13, 4)[i]
        own = _strokes(sheet, (slant + turn, slant - 27 + turn), forms, 21 + i)
        mixed = 0.88 * shared + 0.42 * own
        layers.append(_laid(density[..., i], mixed, tooth, fine))
        sheet.progress(0.35 + 0.12 * i)
    through = np.exp(-np.stack(layers, -1))
    outline = _outline(aim, sheet, tooth)[..., None]
    through = through * (1 - outline * (1 - 0.55 * blur(aim, 4 * unit) ** 2))
    drawn = smoothstep(left_open(sheet.shape, sheet.rng(6), 0.04) + 0.14 * shared, 0.3, 0.75)[..., None]
    paper = _PAPER + 0.006 * tooth[..., None]
    return np.asarray(np.clip(paper * (through * drawn + (1 - drawn)), 0, 1), np.float32)


def _strokes(sheet: Sheet, slants: tuple[float, float], where: Plane, salt: int) -> Plane:
    """Hatching at two slants, each in its own parts of the sheet (``where`` 0..1), deviation about 1."""
    first, second = (_hatch(sheet, slant, salt + 10 * i) for i, slant in enumerate(slants))
    return np.asarray(first * (1 - where) + second * where, np.float32)


def _hatch(sheet: Sheet, slant: float, salt: int) -> Plane:
    """Noise drawn out along ``slant`` degrees: strokes of a fine point side by side, deviation 1."""
    unit = sheet.unit
    noise = blur(sheet.rng(salt).standard_normal(sheet.shape, dtype=np.float32), 0.6 * unit)
    reach = max(3, round(26 * unit))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    dx, dy = reach * np.cos(np.radians(slant)), -reach * np.sin(np.radians(slant))
    ends = (round(reach - dx), round(reach - dy)), (round(reach + dx), round(reach + dy))
    cv2.line(kernel, *ends, 1, 1)
    drawn = cv2.filter2D(noise, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(drawn / (drawn.std() + 1e-6), np.float32)


def _forms(sheet: Sheet) -> Plane:
    """Which of the hand's two slants goes along the forms here, 0 the first, 1 the second."""
    unit = sheet.unit
    found = flow(sheet.rgb, 14 * unit)
    lying = found.coherence * (found.x**2 - found.y**2)
    return smoothstep(blur(lying, 8 * unit) + 0.25 * clouds(sheet.shape, sheet.rng(2), 1.8), 0.05, 0.35)


def _laid(density: Plane, strokes: Plane, tooth: Plane, fine: Plane) -> Plane:
    """Density as laid by strokes: ragged where the pencil is light, closed where it is pressed."""
    pressed = smoothstep(density, 0.15, 2.2)
    rough = (1 - 0.72 * pressed) * (1 - 0.62 * fine)
    texture = np.clip(1.04 + rough * (0.72 * strokes + 0.36 * tooth), 0.05, 2.4)
    return np.asarray(density * texture, np.float32)


def _outline(aim: Picture, sheet: Sheet, tooth: Plane) -> Plane:
    """Contours with a sharper point, 0..1."""
    unit = sheet.unit
    lines = 1 - ink(grey(aim), flow(aim, 2.5 * unit), 1.05 * unit, amount=11, threshold=0.5, slope=3)
    pressure = np.clip(0.6 + 0.3 * clouds(sheet.shape, sheet.rng(7), 1.3), 0.2, 1)
    return np.asarray(np.clip(0.8 * lines * pressure * (1 + 0.25 * tooth), 0, 0.9), np.float32)
