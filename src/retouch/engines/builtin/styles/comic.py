"""Comic: bold ink, few flat colours, dots of a printing screen in the half-tones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import abstraction, flow, ink, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_PAPER = np.array([1.0, 0.975, 0.92], np.float32)


def render(sheet: Sheet) -> Picture:
    """Flat colour, dots and ink; the seed turns the screen."""
    unit = sheet.unit
    clean = abstraction(levelled(sheet.rgb, 0.52), 2.2 * unit, 7 * unit, passes=3)
    sheet.progress(0.5)
    light = to_oklab(to_linear(np.clip(clean, 0, 1)))[..., 0] ** np.float32(1.35)
    flat = _flat(clean)
    angle = float(sheet.rng(1).uniform(20, 70))
    tone = smoothstep(light, 0.18, 0.62)
    dots = screen(1 - tone, 6.2 * unit, angle)
    shaded = flat * (1 - 0.42 * dots[..., None])
    stream = flow(clean, 3 * unit)
    lines = ink(light, stream, 1.35 * unit, amount=22, threshold=0.34, slope=9)
    solid = smoothstep(light, 0.09, 0.15)
    sheet.progress(0.85)
    drawn = np.minimum(lines, solid)[..., None]
    return np.asarray(
        shaded * _PAPER * drawn + np.array([0.04, 0.03, 0.07], np.float32) * (1 - drawn), np.float32
    )


def _flat(rgb: Picture) -> Picture:
    """Four soft steps of lightness, chroma pushed up and in steps, hues kept."""
    lab = to_oklab(to_linear(rgb))
    light = lab[..., 0]
    steps = stepped(np.clip((light - 0.15) / 0.8, 0, 1), 4, 0.06)
    chroma = np.hypot(lab[..., 1], lab[..., 2]) + 1e-6
    pushed = 0.24 * np.tanh(stepped(np.clip(chroma / 0.24, 0, 1), 6, 0.3) * 1.9)
    lab[..., 0] = 0.34 + 0.64 * steps
    # What is nearly grey stays so: its hue is chance.
    coloured = smoothstep(np.asarray(chroma, np.float32), 0.008, 0.04)
    lab[..., 1:] *= (pushed / chroma * coloured)[..., None]
    return to_srgb(into_gamut(lab))


def stepped(plane: Plane, steps: int, softness: float) -> Plane:
    """0..1 in ``steps`` levels with edges ``softness`` of a step wide.

    Soft quantisation as in Winnemöller, Olsen and Gooch, "Real-time video abstraction" (2006).
    """
    scaled = plane * np.float32(steps) - np.float32(0.5)
    whole = np.floor(scaled)
    part = smoothstep(scaled - whole, 0.5 - softness, 0.5 + softness)
    return np.asarray(np.clip((whole + part + np.float32(0.5)) / np.float32(steps), 0, 1), np.float32)


def screen(amount: Plane, pitch: float, degrees: float) -> Plane:
    """Round dots on a turned grid whose area follows ``amount`` 0..1; 1 in a dot, smooth edges."""
    height, width = amount.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    pitch = max(pitch, 3.0)
    u, v = (x * c + y * s) * np.float32(np.pi / pitch), (y * c - x * s) * np.float32(np.pi / pitch)
    cell = 0.5 + 0.25 * (np.cos(2 * u) + np.cos(2 * v))
    return smoothstep(cell - (1 - amount), -0.8 / pitch, 0.8 / pitch) * smoothstep(amount, 0.02, 0.1)
