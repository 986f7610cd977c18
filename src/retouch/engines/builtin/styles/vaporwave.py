"""Vaporwave: a striped sun over a glowing grid, everything in pink, violet and aqua, seen on an old tube."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.colour import from_oklab, to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import grey, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.light import bloom, fringes, shoulder
from retouch.engines.builtin.surface import blur, grain

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

# Linear light: zenith, middle and horizon of the sky; shadow, half-tone and light of the subject.
_SKY = np.array([[0.035, 0.01, 0.13], [0.32, 0.03, 0.36], [1.0, 0.25, 0.42]], np.float32)
_TONES = np.array(
    [[0.02, 0.008, 0.08], [0.30, 0.07, 0.42], [0.98, 0.36, 0.62], [0.55, 0.98, 1.0]], np.float32
)
_AQUA, _PINK = np.array([0.05, 0.8, 0.95], np.float32), np.array([1.0, 0.12, 0.6], np.float32)


def render(sheet: Sheet) -> Picture:
    """The subject in duotone before sun and grid; the background's own drawing shows through."""
    unit = sheet.unit
    level = levelled(sheet.rgb, 0.5, most=0.95)
    subject = sheet.subject()
    toned = _toned(level)
    sheet.progress(0.3)
    scene = _scene(sheet)
    light = grey(level)
    drawing = np.clip(light / (blur(light, 20 * unit) + 0.06), 0.25, 1.6)[..., None]
    behind = scene * (0.5 + 0.5 * drawing) + 0.12 * toned
    sheet.progress(0.6)
    soft = blur(subject, 7 * unit)
    rim = (np.clip(1 - soft, 0, 0.5) * 2 * subject)[..., None]
    x = np.linspace(0, 1, sheet.shape[1], dtype=np.float32)[None, :, None]
    figure = toned + rim * (0.55 * (_AQUA * (1 - x) + _PINK * x))
    cover = subject[..., None]
    return _tube(np.asarray(behind * (1 - cover) + figure * cover, np.float32), sheet)


def _toned(level: Picture) -> Picture:
    """Tones by lightness from violet to pink to aqua, with a part of the subject's own colour. Linear."""
    lab = to_oklab(to_linear(level))
    stops = np.array([0.12, 0.45, 0.7, 0.93], np.float32)
    light = np.clip(lab[..., 0], 0, 1)
    tones = np.stack([np.interp(light, stops, _TONES[:, c]) for c in range(3)], -1).astype(np.float32)
    lab[..., 1:] *= np.float32(1.1)
    return np.asarray(0.72 * tones + 0.3 * np.maximum(from_oklab(lab), 0), np.float32)


def _scene(sheet: Sheet) -> Picture:
    """Sky, sun and grid, linear light; the seed moves the sun and the horizon a little."""
    height, width = sheet.shape
    rng = sheet.rng(1)
    horizon = float(rng.uniform(0.62, 0.7))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    down, long = y / height, max(height, width)
    stops = np.array([0, 0.55, 1], np.float32)
    sky = np.stack([np.interp(down / horizon, stops, _SKY[:, c]) for c in range(3)], -1).astype(np.float32)
    centre, radius = float(rng.uniform(0.36, 0.64)) * width, 0.27 * min(long, 1.5 * min(height, width))
    sky = _sun(sky, (x - np.float32(centre), y - np.float32(horizon * height - 0.5 * radius)), radius)
    floor = _grid(x - np.float32(width / 2), y - np.float32(horizon * height), long)
    below = smoothstep(np.asarray(down, np.float32), horizon, horizon + 0.004)[..., None]
    return np.asarray(sky * (1 - below) + floor * below, np.float32)


def _sun(sky: Picture, offset: tuple[Plane, Plane], radius: float) -> Picture:
    x, y = offset
    disc = smoothstep(np.asarray(1 - np.hypot(x, y) / np.float32(radius), np.float32), 0, 3 / radius)
    rise = np.asarray(np.clip((y / np.float32(radius) + 1) / 2, 0, 1), np.float32)
    # The gaps between the stripes widen towards the horizon.
    stripe = np.asarray((rise * 11) % 1 + 0.5 * rise, np.float32)
    gap = smoothstep(rise, 0.4, 0.45) * (1 - smoothstep(stripe, 0.62, 0.70))
    top, bottom = np.array([1.0, 0.78, 0.16], np.float32), np.array([1.0, 0.06, 0.42], np.float32)
    colour = top * (1 - rise[..., None]) + bottom * rise[..., None]
    shown = (disc * (1 - gap))[..., None]
    return np.asarray(sky * (1 - shown) + 1.1 * colour * shown, np.float32)


def _grid(x: Plane, depth: Plane, long: float) -> Picture:
    """Lines on a plane seen in perspective, brightest near the eye."""
    near = np.maximum(depth, 0.5) / np.float32(long)
    across, away = x * np.float32(0.55 / long) / near, np.float32(0.16) / near
    thin = np.float32(0.018)
    width_x, width_y = thin + np.float32(0.0009) / near, thin + np.float32(0.0022) / near
    planes = [np.asarray(p, np.float32) for p in (across, width_x, away, width_y)]
    lines = np.maximum(_line(*planes[:2]), _line(*planes[2:])) * np.clip(near * 14, 0.15, 1)
    ground = np.array([0.05, 0.008, 0.12], np.float32)
    return np.asarray(ground + lines[..., None] * np.array([0.95, 0.12, 0.85], np.float32), np.float32)


def _line(position: Plane, width: Plane) -> Plane:
    distance = np.abs(position - np.round(position))
    return np.asarray(1 - np.clip(distance / np.minimum(width, 0.5), 0, 1) ** 2, np.float32)


def _tube(linear: Picture, sheet: Sheet) -> Picture:
    """Bloom, colour fringes, faint scan lines and grain. sRGB."""
    linear = bloom(linear, 0.5, sheet.unit, 0.7)
    srgb = fringes(to_srgb(shoulder(linear, 0.65)), 0.0035)
    rows = np.arange(sheet.shape[0], dtype=np.float32)[:, None, None]
    scan = 1 - 0.045 * (0.5 + 0.5 * np.cos(2 * np.pi * rows / max(3.0, 4 * sheet.unit)))
    noise = 0.014 * grain(sheet.shape, sheet.rng(3), sheet.unit)[..., None]
    return np.asarray(np.maximum(srgb * scan + noise, 0), np.float32)
