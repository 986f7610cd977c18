"""Pop art: a silk-screen print in four loud inks, the black screen a little out of register."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import abstraction, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.comic import screen
from retouch.engines.builtin.surface import blur, grain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

# Ground, then the subject's shadow, half-tone and light; sRGB.
_PRINTS = (
    ("#00b3c6", "#d6006c", "#ff7ab0", "#ffe14d"),
    ("#ffd400", "#1f3fb5", "#ff4f79", "#ffd9c2"),
    ("#ff4fa0", "#005f9e", "#2fc5d8", "#fff04a"),
    ("#ff6a13", "#3a1d8a", "#e23b8c", "#ffe08a"),
    ("#7bd23b", "#a3005c", "#ff6f3c", "#fff2a0"),
    ("#6a3fd0", "#c2003f", "#ff9a3c", "#aef2e6"),
)

_BLACK = np.array([0.06, 0.04, 0.09], np.float32)


def render(sheet: Sheet) -> Picture:
    """Flat inks by lightness, other ones on the subject than on the ground, black over all."""
    unit = sheet.unit
    rng = sheet.rng(1)
    inks = _inks(_PRINTS[int(rng.integers(len(_PRINTS)))])
    clean = abstraction(levelled(sheet.rgb, 0.5, most=0.9), 2.5 * unit, 8 * unit, passes=2)
    sheet.progress(0.45)
    light = grey(clean)
    subject = smoothstep(blur(sheet.subject(), 1.5 * unit), 0.4, 0.6)[..., None]
    picture = _ground(light, inks, unit) * (1 - subject) + _figure(light, inks, unit) * subject
    sheet.progress(0.7)
    black = _black(light, clean, sheet)
    offset = rng.uniform(1.5, 4.5, 2) * rng.choice((-1, 1), 2) * unit
    shift = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float32)
    printed = cv2.warpAffine(black, shift, black.shape[::-1], borderMode=cv2.BORDER_REPLICATE)[..., None]
    return np.asarray(picture * (1 - printed) + _BLACK * printed, np.float32)


def _inks(print_: tuple[str, ...]) -> list[NDArray[np.float32]]:
    return [np.array([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32) for c in print_]


def _figure(light: Plane, inks: list[NDArray[np.float32]], unit: float) -> Picture:
    edge = 0.012
    low = smoothstep(light, 0.34 - edge, 0.34 + edge)[..., None]
    high = smoothstep(light, 0.62 - edge, 0.62 + edge)[..., None]
    # A screen of dots carries the half-tone into the light.
    dots = screen(1 - smoothstep(light, 0.55, 0.8), 7 * unit, 45)[..., None] * high
    figure = inks[1] * (1 - low) + inks[2] * low
    return np.asarray(figure * (1 - high) + high * (inks[3] * (1 - dots) + inks[2] * dots), np.float32)


def _ground(light: Plane, inks: list[NDArray[np.float32]], unit: float) -> Picture:
    """One flat ink with a darker and a lighter step of itself, so that a landscape keeps its places."""
    dark = smoothstep(light, 0.36, 0.4)[..., None]
    lit = screen(smoothstep(light, 0.5, 0.95), 8 * unit, 20)[..., None] * 0.5
    ground = inks[0] * (0.55 + 0.45 * dark)
    return np.asarray(ground * (1 - lit) + lit * (0.35 * inks[0] + 0.65), np.float32)


def _black(light: Plane, clean: Picture, sheet: Sheet) -> Plane:
    """The drawing screen: deep shadows and contours, with the grain of a worn screen."""
    unit = sheet.unit
    worn = light + 0.025 * grain(sheet.shape, sheet.rng(2), 2 * unit)
    shadow = 1 - smoothstep(worn, 0.15, 0.2)
    lines = 1 - ink(light, flow(clean, 3 * unit), 1.5 * unit, amount=16, threshold=0.25, slope=7)
    return np.asarray(np.maximum(shadow, 0.95 * lines), np.float32)
