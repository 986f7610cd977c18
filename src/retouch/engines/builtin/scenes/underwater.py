"""Below the surface of a clear sea: light breaking through the waves, beams, drifting motes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp
from retouch.engines.builtin.stars import splat

_WATER = [(0.0, "7fd4e4"), (0.16, "36a6c8"), (0.4, "1377a6"), (0.7, "0a4a7c"), (1.0, "06284e")]


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun stands above the surface near the middle; everything fades into blue."""
    del framing
    v = height_ramp(size)
    sun = rng.uniform(0.3, 0.7)
    light = colour_ramp(v, _WATER) * 0.95
    beams = _beams(size, rng, sun)
    light = light + beams * np.array([0.30, 0.62, 0.62], np.float32) * 0.55 * (1 - v) ** 0.7
    surface = _surface(size, rng) * smoothstep(0.24, 0.0, v)
    light = light + surface * np.array([0.9, 1.1, 1.05], np.float32)
    x, y = grid(size)
    halo = np.exp(-np.hypot((x - sun) * 1.1, (y + 0.03) * 1.5) / 0.22)[..., None]
    light = light + f32(halo) * np.array([0.55, 0.80, 0.75], np.float32) * 0.9
    return SceneImage.of(film(f32(light + _motes(size, rng)) * 1.1))


def _beams(size: Size, rng: Generator, sun: float) -> Plane:
    """Shafts that fan out from a point above the surface: (H, W, 1)."""
    x, y = grid(size)
    angle = np.arctan2(x - sun, y + 0.35)
    places = (angle + 1.2) / 2.4 * 2047
    fine, broad = fractal_line(2048, rng, 0.9), fractal_line(2048, rng, 1.6)
    value = np.interp(places, np.arange(2048), fine * 0.5 + broad)
    return f32(np.clip(value * 0.5 + 0.25, 0, 1.6) ** 1.5 * np.exp(-y * 1.6))[..., None]


def _surface(size: Size, rng: Generator) -> Plane:
    """The underside of the waves, in perspective: a net of bright lines (H, W, 1)."""
    texture = 1 - np.abs(np.tanh(1.5 * fractal((1024, 1024), rng, 1.8)))
    x, y = grid(size)
    distance = 1 / (np.maximum(0.30 - y, 0) + 0.05)
    u = (x - 0.5) * distance * 150 + 500
    v = distance * 130 + 0 * x
    seen = cv2.remap(f32(texture), f32(u), f32(v), cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return f32(np.clip(seen, 0, 1) ** 4)[..., None]


def _motes(size: Size, rng: Generator) -> Plane:
    """Plankton and bubbles, most of them out of focus: (H, W, 3)."""
    width, height = size
    unit = max(size) / 1024
    total = np.zeros((height, width, 1), np.float32)
    for radius, count, light in ((0.8, 260, 0.5), (2.2, 90, 1.6), (5.5, 26, 4.0)):
        x, y = rng.random(count) * (width - 2), rng.random(count) ** 1.2 * (height - 2)
        flux = light * unit**2 * rng.uniform(0.3, 1.0, (count, 1))
        points = splat(f32(x), f32(y), f32(flux), (height, width))
        spread = gaussian(points[..., 0], 0.8 * unit) if radius < 1 else lens(points[..., 0], radius * unit)
        total += spread[..., None]
    return f32(total * np.array([0.55, 0.85, 0.95], np.float32))
