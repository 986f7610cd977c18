"""Woodcut: dark ink on cream paper, the tone cut into lines that follow the form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import Flow, along, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, clouds, grain

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

# Papers and the ink that goes with each, sRGB.
_PAPERS = np.array([[0.945, 0.915, 0.845], [0.93, 0.885, 0.79], [0.95, 0.94, 0.91]], np.float32)
_INKS = np.array([[0.075, 0.065, 0.07], [0.16, 0.095, 0.065], [0.06, 0.075, 0.13]], np.float32)
_PITCH = 8.5  # units from line to line


def render(sheet: Sheet) -> Picture:
    """Where the picture is light the cut is wide, where it is dark it closes. The seed is the wood."""
    unit = sheet.unit
    level = levelled(sheet.rgb, 0.5, most=0.9)
    fine = attention(sheet)
    light = _tones(grey(level), fine, unit)
    stream = _cutting(sheet)
    sheet.progress(0.2)
    ridges = _ridges(stream, sheet)
    sheet.progress(0.65)
    cut = _cut(light, ridges, fine, unit)
    outline = ink(grey(level), flow(sheet.rgb, 3 * unit), 1.3 * unit, amount=18, threshold=0.42, slope=8)
    cut = np.minimum(cut, np.maximum(outline, smoothstep(ridges, 0.75, 0.95) * (1 - fine)))
    sheet.progress(0.85)
    black = _pressed(1 - cut, sheet)[..., None]
    print_ = int(sheet.rng(8).integers(len(_INKS)))
    paper = _PAPERS[print_] * (1 + 0.012 * grain(sheet.shape, sheet.rng(4), 1.8 * unit))[..., None]
    return np.asarray(np.clip(paper * (1 - black) + _INKS[print_] * black, 0, 1), np.float32)


def _tones(light: Plane, fine: Plane, unit: float) -> Plane:
    """Lightness with its local contrast raised and its ends driven to bare paper and solid ink."""
    soft = blur(light, 1.6 * unit) * (1 - fine) + blur(light, 0.5 * unit) * fine
    raised = soft + 0.7 * (soft - blur(light, 18 * unit))
    return smoothstep(np.asarray(raised, np.float32), 0.06, 0.86)


def _cutting(sheet: Sheet) -> Flow:
    """The way of the knife: across the light's fall on forms, in slow waves where nothing leads it."""
    unit = sheet.unit
    found = flow(blur(sheet.rgb, 2 * unit), 10 * unit)
    sure = smoothstep(found.coherence, 0.15, 0.6)
    lean = 0.45 * clouds(sheet.shape, sheet.rng(1), 2.4) + float(sheet.rng(2).uniform(-0.35, 0.35))
    x = sure * (found.x**2 - found.y**2) + (1 - sure) * np.cos(2 * lean)
    y = sure * (2 * found.x * found.y) + (1 - sure) * np.sin(2 * lean)
    angle = 0.5 * np.arctan2(blur(y, 12 * unit), blur(x, 12 * unit))
    return Flow(np.cos(angle), np.sin(angle), sure)


def _ridges(stream: Flow, sheet: Sheet) -> Plane:
    """Evenly spaced stripes along the flow, as ranks 0..1 (0 in the middle of a cut, 1 on a ridge).

    Grown from noise by turns of a band-pass across and a smoothing along the flow, as fingerprints are
    drawn: Cappelli, Maio and Maltoni, "Synthetic fingerprint-image generation" (2000).
    """
    height, width = sheet.shape
    size = 0.65 + 0.35 * sheet.strength
    pitch = max(4.0, _PITCH * sheet.unit * size)
    shrink = max(1.0, pitch / 5)
    small = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    turned = Flow(
        *(np.asarray(cv2.resize(plane, small, interpolation=cv2.INTER_AREA), np.float32) for plane in stream)
    )
    step = pitch / shrink
    stripes = sheet.rng(3).standard_normal((small[1], small[0]), dtype=np.float32)
    for _ in range(6):
        stripes = along(stripes, turned, 2.2 * step, steps=4)
        stripes = cv2.GaussianBlur(stripes, (0, 0), 0.2 * step) - cv2.GaussianBlur(
            stripes, (0, 0), 0.42 * step
        )
        stripes = np.tanh(1.6 * stripes / (stripes.std() + 1e-6))
    full = cv2.resize(np.asarray(stripes, np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return _ranked(blur(np.asarray(full, np.float32), 0.12 * pitch))


def _ranked(values: Plane) -> Plane:
    """Each value as the part of all that lie below it."""
    low, high = float(values.min()), float(values.max())
    counts, _ = np.histogram(values, 256, (low, high + 1e-6))
    ranks = np.cumsum(counts, dtype=np.float64) / values.size
    return np.asarray(np.interp(values, np.linspace(low, high, 256), ranks), np.float32)


def _cut(light: Plane, ridges: Plane, fine: Plane, unit: float) -> Plane:
    """1 where wood is cut away, 0 where it prints."""
    # Where the eye looks the drawing itself decides more than the lines do.
    threshold = 0.14 + 0.72 * (ridges * (1 - 0.48 * fine) + 0.24 * fine)
    edge = 0.16 / max(1.0, unit)
    return smoothstep(np.asarray(light - threshold, np.float32), -edge, edge)


def _pressed(black: Plane, sheet: Sheet) -> Plane:
    """Ink as the press leaves it: small bare specks and a few thin places in the solid black."""
    unit = sheet.unit
    specks = smoothstep(grain(sheet.shape, sheet.rng(5), 2 * unit), 2.0, 2.8)
    thin = 0.05 * clouds(sheet.shape, sheet.rng(6), 1.2) + 0.04 * grain(sheet.shape, sheet.rng(7), 1.3 * unit)
    return np.asarray(np.clip(black * (0.96 - 0.5 * specks + thin), 0, 1), np.float32)
