"""Halftone: a colour print seen through the loupe, four turned screens of dots that form rosettes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.painting import smoothstep
from retouch.engines.builtin.styles.colouring import enriched, levelled
from retouch.engines.builtin.surface import blur, grain

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

# Newspaper inks, what each lets through, sRGB; with the classic screen angles.
_INKS = np.array([[0.03, 0.64, 0.90], [0.91, 0.06, 0.50], [1.0, 0.90, 0.08], [0.10, 0.09, 0.11]], np.float32)
_ANGLES = (15.0, 75.0, 0.0, 45.0)
_PAPER = np.array([0.965, 0.945, 0.90], np.float32)
_LEVELS = 512


def render(sheet: Sheet) -> Picture:
    """Cyan, magenta, yellow and black over each other. The seed turns the screens and shifts the plates."""
    unit, rng = sheet.unit, sheet.rng(1)
    size = 0.5 + 0.5 * sheet.strength
    pitch = max(3.0, 8.2 * unit * size * float(rng.uniform(0.9, 1.12)))
    turn = float(rng.uniform(-7, 7))
    plates = _separated(_sharpened(enriched(levelled(sheet.rgb, 0.5), chroma=1.25, contrast=12), unit))
    curve = _coverage_curve()
    printed = _PAPER * (1 + 0.012 * grain(sheet.shape, sheet.rng(2), 1.6 * unit))[..., None]
    for i, (plate, angle, colour) in enumerate(zip(plates, _ANGLES, _INKS, strict=True)):
        sheet.progress(0.3 + 0.14 * i)
        shift = rng.uniform(-1.1, 1.1, 2) * unit
        dots = _dots(plate, pitch, angle + turn, (float(shift[0]), float(shift[1])), curve)
        starved = 1 - 0.05 * np.clip(grain(sheet.shape, sheet.rng(3 + i), 2.2 * unit), 0, 2)
        printed = printed * (1 - (dots * starved)[..., None] * (1 - colour))
    return np.asarray(np.clip(printed, 0, 1), np.float32)


def _sharpened(rgb: Picture, unit: float) -> Picture:
    """Unsharp mask before screening: what is finer than a dot would be lost."""
    return np.asarray(np.clip(rgb + 0.9 * (rgb - blur(rgb, 2.6 * unit)), 0, 1), np.float32)


def _separated(rgb: Picture) -> list[Plane]:
    """Ink amounts 0..1 for cyan, magenta, yellow, black; part of the common grey goes to black."""
    ink = 1 - rgb
    common = ink.min(-1)
    black = np.asarray(0.85 * smoothstep(common, 0.3, 1.0) * common, np.float32)
    rest = (ink - black[..., None]) / (1 - black[..., None])
    return [np.asarray(np.clip(rest[..., c], 0, 1), np.float32) for c in range(3)] + [black]


def _coverage_curve() -> Plane:
    """Threshold of the spot function for each covered area 0..1, (512,)."""
    wave = np.cos(np.linspace(0, 2 * np.pi, 256, endpoint=False))
    spot = np.sort((0.5 + 0.25 * (wave[:, None] + wave[None])).ravel())[::-1]
    return np.asarray(spot[np.linspace(0, spot.size - 1, _LEVELS).astype(np.intp)], np.float32)


def _dots(plate: Plane, pitch: float, degrees: float, shift: tuple[float, float], curve: Plane) -> Plane:
    """Dots of one plate whose area is the ink amount, 0..1 with soft edges."""
    height, width = plate.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x + np.float32(shift[0]), y + np.float32(shift[1])
    turn = np.float32(2 * np.pi / pitch)
    c, s = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    spot = 0.5 + 0.25 * (np.cos((x * c + y * s) * turn) + np.cos((y * c - x * s) * turn))
    # Dot gain: ink spreads, so the plate carries a little less.
    wanted = plate ** np.float32(1.15)
    threshold = curve[(wanted * (_LEVELS - 1)).astype(np.intp)]
    edge = 1.1 / pitch
    covered = smoothstep(np.asarray(spot - threshold, np.float32), -edge, edge)
    return np.asarray(covered * smoothstep(wanted, 0.01, 0.04), np.float32)
