"""A cloud of glowing gas in the colours of a space telescope, with dust that hides the stars behind it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film, rgb_hex
from retouch.engines.builtin.stars import splat

_PALETTES = (
    ("c81e3c", "2a7fd0", "ffb070"),
    ("a0289c", "1fa0b8", "ffd0a0"),
    ("d0601c", "1f6f9c", "ffe0b0"),
    ("5a32c8", "2090a0", "ff90a8"),
)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Folded noise for gas and dust; stars of all sizes, the bright ones with a telescope's four spikes."""
    del framing
    gas, oxygen, dust = _clouds(size, rng)
    hydrogen, blue, core = (np.array(rgb_hex(c), np.float32) for c in _PALETTES[rng.integers(len(_PALETTES))])
    light = gas[..., None] ** 1.6 * hydrogen * 1.0 + oxygen[..., None] ** 1.8 * blue * 0.75
    light += (gas * oxygen)[..., None] ** 3 * core * 1.1
    light = light * np.exp(-2.6 * dust[..., None] * np.array([0.8, 1.05, 1.3], np.float32))
    light += np.array([0.004, 0.005, 0.012], np.float32)
    hidden = np.exp(-2.2 * dust) * 0.9 + 0.1
    return SceneImage.of(film(light + _stars(size, rng, hidden)))


def _clouds(size: Size, rng: Generator) -> tuple[Plane, Plane, Plane]:
    """Gas, oxygen, dust: (H, W) each, 0..1. Noise bent by noise, as turbulence folds it."""
    scale = min(1.0, 720 / max(size))  # gas has no edges
    w, h = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    bend = (fractal((h, w), rng, 2.1), fractal((h, w), rng, 2.1))
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    reach = 0.075 * max(w, h)

    def folded(slope: float, strength: float) -> Plane:
        field = fractal((h, w), rng, slope)
        where = f32(x + strength * reach * bend[0]), f32(y + strength * reach * bend[1])
        return f32(cv2.remap(field, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))

    body = smoothstep(-0.9, 2.5, folded(2.2, 0.8) + 0.35 * folded(1.5, 1.2))
    oxygen = smoothstep(-0.5, 2.6, folded(2.1, 0.9) + 0.25 * folded(1.5, 1.0) + 0.9 * body - 0.4)
    filaments = 1 - np.abs(np.tanh(1.4 * folded(1.7, 1.6)))
    gas = body * (0.62 + 0.55 * f32(filaments) ** 3)
    dust = smoothstep(0.15, 1.9, folded(1.75, 1.3) + 0.3 * folded(1.2, 1.0))
    return _grown(gas, size), _grown(oxygen, size), _grown(dust, size)


def _grown(field: Plane, size: Size) -> Plane:
    return f32(np.maximum(resize(f32(field), size), 0))


def _stars(size: Size, rng: Generator, visible: Plane) -> Plane:
    width, height = size
    unit = max(size) / 1024
    count = int(5200 * width * height / (1024 * 1024 * unit**2))
    x, y = rng.random(count) * (width - 2), rng.random(count) * (height - 2)
    flux = np.minimum((rng.pareto(1.25, count) + 0.3) * 0.10, 30.0) * unit**2
    flux *= visible[y.astype(int), x.astype(int)]
    warm = rng.normal(0, 0.28, count)
    light = flux[:, None] * np.stack([1 + warm, np.ones(count), 1 - warm], -1).clip(0.4, 1.7)
    points = splat(f32(x), f32(y), f32(light), (height, width))
    big = f32(points * (points.max(-1, keepdims=True) > 2.2 * unit**2))
    sharp = gaussian(points, 0.62 * unit) + 0.35 * gaussian(big, 2.4 * unit) + 0.6 * gaussian(big, 12 * unit)
    return f32(sharp + 0.9 * _spikes(big, unit))


def _spikes(points: Plane, unit: float) -> Plane:
    """The cross of diffraction about bright stars."""
    reach = int(46 * unit) | 1
    ramp = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (11 * unit)).astype(np.float32)
    ramp /= ramp.sum()
    thin = gaussian(points, 0.55 * unit)
    across = cv2.filter2D(thin, -1, ramp[None], borderType=cv2.BORDER_CONSTANT)
    return f32(across + cv2.filter2D(thin, -1, ramp[:, None], borderType=cv2.BORDER_CONSTANT))
