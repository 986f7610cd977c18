"""Noir: one hard lamp through venetian blinds, smoke in the beam, the rest of the room gone to black."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_linear, to_srgb
from retouch.engines.builtin.painting import smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.light import bloom, shoulder, vignette
from retouch.engines.builtin.surface import blur, clouds, grain

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

# A silver print, toned: cold blacks, ivory lights; sRGB.
_TONES = np.array([[0.012, 0.018, 0.030], [0.40, 0.415, 0.43], [0.985, 0.965, 0.92]], np.float32)
_FILM = np.array([0.42, 0.45, 0.13], np.float32)  # panchromatic film behind a light yellow filter


def render(sheet: Sheet) -> Picture:
    """The photo relit and printed in silver. The seed sets the lamp's side and the slats."""
    unit, rng = sheet.unit, sheet.rng(1)
    level = levelled(sheet.rgb, 0.42, most=1)
    subject = sheet.subject()
    if subject.mean() > 0.92:
        subject = np.zeros_like(subject)
    side = float(rng.choice((-1.0, 1.0)))
    own = _negative(level, unit)
    sheet.progress(0.25)
    modelled = _modelled(own, side, unit)
    beam, slats = _beam(sheet, side), _blinds(sheet, own, subject, side)
    sheet.progress(0.5)
    fill = 0.10 + 0.22 * subject
    lamp = beam * (0.12 + 0.88 * slats) * (0.7 + 0.4 * subject)
    light = own * (fill + 1.35 * lamp * modelled)
    light += 0.5 * _rim(subject, side, unit) * (0.25 + own)
    smoke = _smoke(sheet) * beam * (0.25 + 0.75 * blur(slats, 9 * unit)) * (1 - 0.75 * subject)
    linear = np.repeat((light + 0.045 * smoke)[..., None], 3, -1).astype(np.float32)
    sheet.progress(0.7)
    return _print(linear, sheet)


def _negative(level: Picture, unit: float) -> Plane:
    """The scene's brightness as film saw it, linear, its drawing made crisp."""
    linear = to_linear(level) @ _FILM
    soft = blur(linear, 14 * unit)
    crisp = linear * np.clip((linear + 0.02) / (soft + 0.02), 0.35, 2.2) ** np.float32(0.6)
    return np.asarray(crisp / (1 + 0.35 * crisp), np.float32)


def _modelled(own: Plane, side: float, unit: float) -> Plane:
    """Forms lit hard from one side, around 1: brightness taken for height, as shaded relief."""
    height = blur(np.sqrt(np.maximum(own, 0)), 5 * unit)
    slope = side * cv2.Sobel(height, cv2.CV_32F, 1, 0) - 0.6 * cv2.Sobel(height, cv2.CV_32F, 0, 1)
    return np.asarray(np.clip(1 - 3.0 * unit * slope, 0.45, 1.7), np.float32)


def _beam(sheet: Sheet, side: float) -> Plane:
    """The pool that the lamp throws, brightest around the subject, 0..1."""
    height, width = sheet.shape
    subject = sheet.subject() + np.float32(1e-4)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    total = float(subject.sum())
    cx, cy = float((subject * x).sum()) / total, float((subject * y).sum()) / total
    spread = 0.45 * max(height, width)
    pool = np.exp(
        -((x - np.float32(cx)) ** 2 + ((y - np.float32(cy - 0.1 * height)) * 1.15) ** 2)
        / np.float32(2 * spread**2)
    )
    across = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(side)
    return np.asarray(pool * (0.72 - 0.28 * across), np.float32)


def _blinds(sheet: Sheet, own: Plane, subject: Plane, side: float) -> Plane:
    """Light between slats, 0..1: slanting bars, bent by the forms they fall on, softer farther off."""
    unit, rng = sheet.unit, sheet.rng(2)
    height, width = sheet.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    tilt = np.float32(side * np.tan(np.radians(float(rng.uniform(9, 19)))))
    pitch = np.float32(unit * float(rng.uniform(62, 82)))
    form = 26 * blur(np.sqrt(np.maximum(own, 0)), 16 * unit) + 30 * blur(subject, 20 * unit)
    fan = 1 + np.float32(0.22 * side) * (x / np.float32(max(width, 1)) - 0.5)
    place = (y + tilt * x + np.float32(unit) * form) / pitch * fan + np.float32(rng.uniform(0, 1))
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * place)
    # Inside the subject's finest drawing the shadow is thinner: a face stays readable.
    bars = smoothstep(np.asarray(wave, np.float32), 0.30, 0.58)
    eased = 0.45 * attention(sheet) * subject
    return np.asarray(bars * (1 - eased) + eased, np.float32)


def _rim(subject: Plane, side: float, unit: float) -> Plane:
    """A thin line of light on the edge of the subject that faces the lamp's other side, 0..1."""
    soft = blur(subject, 4 * unit)
    slope = side * cv2.Sobel(soft, cv2.CV_32F, 1, 0)
    return np.asarray(np.clip(-slope * 5 * unit, 0, 1) * subject, np.float32)


def _smoke(sheet: Sheet) -> Plane:
    """Drifting smoke, 0..2."""
    drift = clouds(sheet.shape, sheet.rng(3), 1.9) + 0.5 * clouds(sheet.shape, sheet.rng(4), 1.4)
    return np.asarray(np.clip(0.75 + 0.5 * drift, 0, 2), np.float32)


def _print(linear: Picture, sheet: Sheet) -> Picture:
    """Halation, the paper's curve, toning, vignette and grain. sRGB."""
    linear = bloom(linear, 0.55, sheet.unit, 0.4) * vignette(sheet.shape, 0.5)[..., None]
    tone = np.clip(to_srgb(shoulder(linear, 0.6))[..., 0], 0, 1)
    tone = 0.35 * tone + 0.65 * smoothstep(tone, 0.03, 0.93)
    tone += 0.026 * grain(sheet.shape, sheet.rng(5), 1.3 * sheet.unit) * (0.35 + tone) * (1.15 - tone)
    tone = np.clip(tone, 0, 1)
    stops = np.array([0, 0.45, 1], np.float32)
    return np.stack([np.interp(tone, stops, _TONES[:, c]) for c in range(3)], -1).astype(np.float32)
