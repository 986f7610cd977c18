"""Ukiyo-e: a woodblock print in a few old pigments, indigo key lines, graded sky, the block's grain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import abstraction, flow, ink, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.comic import stepped
from retouch.engines.builtin.surface import blur, grain
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_KEY = np.array([0.09, 0.12, 0.22], np.float32)
_PIGMENTS = (
    "#f1e6c8", "#e3cfa0", "#d8a24a", "#c9552f", "#a83226", "#dd9a7c", "#7c4a2c",
    "#8ea26a", "#4f6d4a", "#a9c3c4", "#5f8fae", "#2c5a86", "#1c355e", "#25262e", "#8d8a80",
)  # fmt: skip


def render(sheet: Sheet) -> Picture:
    """Flat pigments by nearness in OKLab, printed with grain under indigo lines."""
    unit = sheet.unit
    clean = abstraction(levelled(sheet.rgb, 0.55, most=0.85), 3 * unit, 10 * unit, passes=3)
    sheet.progress(0.45)
    lab = to_oklab(to_linear(np.clip(clean, 0, 1)))
    light = lab[..., 0].copy()
    lab[..., 0] = 0.25 + 0.68 * stepped(np.clip(light, 0, 1), 5, 0.12)
    printed = _graded_sky(to_oklab(to_linear(_in_pigments(lab))), sheet)
    picture = to_srgb(into_gamut(printed))
    sheet.progress(0.7)
    lines = ink(light, flow(clean, 3.5 * unit), 1.25 * unit, amount=20, threshold=0.3, slope=6)
    key = 1 - lines[..., None]
    picture = picture * _press(sheet)[..., None]
    return np.clip(picture * (1 - key) + _KEY * key, 0, 1).astype(np.float32)


def _pigments() -> NDArray[np.float32]:
    rgb = [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in _PIGMENTS]
    return to_oklab(to_linear(np.array(rgb, np.float32)))


def _in_pigments(lab: Picture) -> Picture:
    """Every colour as its nearest pigments, hue before lightness; a trace of its own stays. sRGB."""
    pushed = lab * np.array([1, 1.35, 1.35], np.float32)
    # What is light and without colour is left to the paper, and undyed paper is cream.
    bare = smoothstep(lab[..., 0], 0.5, 0.85) * np.exp(-((np.hypot(lab[..., 1], lab[..., 2]) / 0.03) ** 2))
    pushed[..., 2] += 0.035 * bare
    total, weights = np.zeros_like(lab), np.zeros(lab.shape[:2], np.float32)
    light, a, b = (np.ascontiguousarray(pushed[..., c]) for c in range(3))
    for pigment in _pigments():
        apart = 0.56 * (light - pigment[0]) ** 2 + 2.56 * ((a - pigment[1]) ** 2 + (b - pigment[2]) ** 2)
        nearness = np.exp(apart * np.float32(-1 / 0.0022)) + np.float32(1e-12)
        total += nearness[..., None] * pigment
        weights += nearness
    mixed = total / weights[..., None]
    return to_srgb(into_gamut(0.86 * mixed + 0.14 * pushed))


def _graded_sky(lab: Picture, sheet: Sheet) -> Picture:
    """Bokashi: the block wiped darker towards the upper edge, in blue, behind the subject."""
    height = sheet.shape[0]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    depth = float(sheet.rng(1).uniform(0.2, 0.36))
    wiped = (1 - smoothstep(down, 0.0, depth)) * (1 - sheet.subject()) * smoothstep(lab[..., 0], 0.35, 0.7)
    blue = np.array([0.36, -0.025, -0.085], np.float32)
    return np.asarray(lab + 0.85 * wiped[..., None] * (blue - lab), np.float32)


def _press(sheet: Sheet) -> Plane:
    """Wood grain and paper fibres: where the block printed a little thinner, around 1."""
    unit, rng = sheet.unit, sheet.rng(2)
    noise = rng.standard_normal(sheet.shape, dtype=np.float32)
    fibre = cv2.blur(
        blur(noise, 0.9 * unit), (max(3, round(90 * unit)) | 1, 1), borderType=cv2.BORDER_REFLECT
    )
    fibre = fibre / (fibre.std() + 1e-6)
    speck = np.clip(grain(sheet.shape, rng, 1.6 * unit), -2, 2)
    return np.asarray(1 + 0.028 * fibre + 0.028 * speck, np.float32)
