"""Ink wash (sumi-e): few tones of thinned ink bleeding into rice paper, brushed lines, one red seal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import abstraction, along, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.line_art import local_contrast
from retouch.engines.builtin.surface import blur, clouds, grain

if TYPE_CHECKING:
    from retouch.engines.builtin.painting import Flow
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_PAPER = np.array([0.955, 0.938, 0.895], np.float32)
_INK = np.array([0.085, 0.09, 0.105], np.float32)
_SEAL = np.array([0.74, 0.13, 0.09], np.float32)
# Each wash: darkness from which it is laid, how much it lets less through, how far it bleeds in units.
_WASHES = ((0.26, 0.20, 9.0), (0.46, 0.30, 5.0), (0.64, 0.45, 3.0), (0.8, 0.6, 1.6))


def render(sheet: Sheet) -> Picture:
    """Washes from light to dark, lines over them; what is far from the subject dissolves into mist."""
    unit = sheet.unit
    level = levelled(sheet.rgb, 0.6, most=0.9)
    clean = abstraction(level, 2.5 * unit, 7 * unit, passes=2)
    sheet.progress(0.3)
    near = _near(sheet)
    dark = (1 - grey(clean)) * (0.5 + 0.5 * near)
    stream = flow(clean, 4 * unit)
    clear = _washed(dark, sheet)
    sheet.progress(0.6)
    lines = _brushed(local_contrast(grey(clean), unit), stream, sheet) * (0.3 + 0.7 * near)
    sheet.progress(0.8)
    fibre = grain(sheet.shape, sheet.rng(2), 2.2 * unit)
    through = clear * (1 - lines) * (1 + 0.03 * fibre * (1 - clear))
    paper = _PAPER * (1 + 0.008 * fibre + 0.012 * clouds(sheet.shape, sheet.rng(3)))[..., None]
    drawn = paper * through[..., None] + _INK * (1 - through[..., None])
    return _sealed(np.clip(drawn, 0, 1).astype(np.float32), dark, sheet)


def _near(sheet: Sheet) -> Plane:
    """1 on the subject, falling in drifting mist to 0 far from it and towards the border."""
    subject = sheet.subject()
    around = np.clip(1.6 * blur(subject, 60 * sheet.unit), 0, 1)
    mist = 0.28 * clouds(sheet.shape, sheet.rng(1), 1.9)
    y = np.linspace(-1, 1, sheet.shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, sheet.shape[1], dtype=np.float32)[None]
    rim = np.maximum(np.abs(x), np.abs(y))
    open_ = 1 - smoothstep(np.asarray(rim + 0.5 * mist, np.float32), 0.68, 1.0)
    here = np.clip(np.maximum(0.35 + 0.45 * around + mist, subject), 0, 1)
    return np.asarray(here * (0.15 + 0.85 * np.maximum(open_, 0.75 * subject)), np.float32)


def _washed(dark: Plane, sheet: Sheet) -> Plane:
    """What the washes let through, 0..1: uneven borders, soft where wet, pigment gathered at the rim."""
    unit, clear = sheet.unit, np.ones_like(dark)
    fine = attention(sheet)
    ragged = clouds(sheet.shape, sheet.rng(4), 1.25)
    wet = smoothstep(clouds(sheet.shape, sheet.rng(5), 1.7), -0.6, 0.9) * (1 - 0.85 * fine)
    for i, (threshold, depth, bleed) in enumerate(_WASHES):
        tone = blur(dark, (0.8 + 0.25 * bleed) * unit) * (1 - fine) + dark * fine
        laid = smoothstep(tone + 0.022 * ragged * (1 - 0.7 * fine), threshold - 0.075, threshold + 0.075)
        bled = blur(laid, bleed * 1.6 * unit)
        laid = laid * (1 - wet) + bled * wet
        rim = np.clip(laid - blur(laid, 3.5 * unit), 0, 1) * (1 - wet)
        pool = 1 + 0.16 * clouds(sheet.shape, sheet.rng(10 + i), 1.5)
        clear *= 1 - np.clip(depth * laid * pool + 0.5 * depth * rim, 0, 0.93)
    return np.asarray(clear, np.float32)


def _brushed(light: Plane, stream: Flow, sheet: Sheet) -> Plane:
    """Lines of a pointed brush, from a hair to a broad drag that breaks into streaks as it dries, 0..1."""
    unit = sheet.unit
    fine = attention(sheet)
    size = (0.6 + 0.4 * sheet.strength) * unit
    hair = 1 - ink(light, stream, 0.95 * size, amount=20, threshold=0.26, slope=5)
    broad = 1 - ink(light, stream, 2.9 * size, amount=18, threshold=0.3, slope=5)
    pressure = smoothstep(clouds(sheet.shape, sheet.rng(6), 1.5), -0.7, 0.9) * (1 - 0.8 * fine)
    noise = blur(sheet.rng(7).standard_normal(sheet.shape, dtype=np.float32), 0.8 * unit)
    hairs = along(noise, stream, 22 * unit, steps=7)
    streaks = smoothstep(hairs / (hairs.std() + 1e-6), -1.3, 0.2)
    dry = smoothstep(clouds(sheet.shape, sheet.rng(8), 1.4), 0.0, 1.0)
    broad = smoothstep(blur(broad, 0.8 * unit), 0.25, 0.75) * pressure * (1 - dry * (1 - streaks))
    return np.asarray(1 - (1 - 0.85 * broad) * (1 - 0.85 * hair * (0.35 + 0.65 * fine)), np.float32)


def _sealed(drawn: Picture, dark: Plane, sheet: Sheet) -> Picture:
    """The painter's seal in the emptier lower corner: a red square with strokes left bare."""
    height, width = drawn.shape[:2]
    side = round(0.058 * min(height, width))
    if side < 12:
        return drawn
    gap = round(1.1 * side)
    left, right = dark[-3 * gap :, : 3 * gap].mean(), dark[-3 * gap :, -3 * gap :].mean()
    x = gap if left < right else width - gap - side
    mark = cv2.resize(_carved(sheet), (side, side), interpolation=cv2.INTER_AREA)
    worn = 1 - 0.35 * np.clip(grain((side, side), sheet.rng(12), 2 * sheet.unit), 0, 1)
    print_ = (0.92 * mark * worn)[..., None]
    out = drawn.copy()
    spot = out[height - gap - side : height - gap, x : x + side]
    spot[:] = spot * (1 - print_) + spot * _SEAL * print_
    return out


def _carved(sheet: Sheet) -> Plane:
    """Four signs of random strokes in a square, 1 ink, 0 cut away, (128, 128)."""
    rng = sheet.rng(11)
    mark = np.zeros((128, 128), np.float32)
    cv2.rectangle(mark, (7, 7), (120, 120), 1, -1, cv2.LINE_AA)
    for top in (16, 68):
        for left in (16, 68):
            for _ in range(3):
                y = top + 4 + int(rng.integers(0, 5)) * 9
                cv2.line(
                    mark,
                    (left + int(rng.integers(0, 10)), y),
                    (left + 44 - int(rng.integers(0, 10)), y),
                    0,
                    5,
                )
            x = left + 8 + int(rng.integers(0, 4)) * 9
            cv2.line(mark, (x, top + int(rng.integers(0, 12))), (x, top + 44), 0, 5)
    return np.asarray(cv2.GaussianBlur(mark, (0, 0), 1.2), np.float32)
