"""A wall of fair-faced concrete: joints and tie holes of its formwork, clouds, pores, light from aside."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, rgb_hex

_CEMENT = np.array(rgb_hex("a8a5a0"), np.float32)
_PANEL = 0.62, 0.40  # of the longer side: width and height of a sheet of formwork


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The light comes from an upper corner, on the freer side of the subject."""
    scale = min(1.0, 1000 / max(size))
    work = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    longer = max(work)
    shape = work[::-1]
    x, y = grid(work)
    clouds = 0.055 * fractal(shape, rng, 2.0) + 0.030 * fractal(shape, rng, 1.3)
    streaks = 0.022 * fractal((shape[1], shape[0]), rng, 1.3, 9.0).T
    skin = fractal(shape, rng, 0.75)
    pores = gaussian(f32(fractal(shape, rng, 0.35) > 3.05), max(0.6, longer * 0.0009))
    joints, holes, tones = _formwork(work, rng)
    relief = 0.014 * (skin - np.roll(skin, (1, 1), (0, 1)))
    tone = 1 + clouds + streaks + tones + relief - 0.42 * np.clip(pores * 2.2, 0, 1)
    tone = tone * (1 - 0.55 * joints) * (1 - 0.72 * holes)
    lamp = (0.05 if framing.beside(0.15, rng) < 0.5 else 0.95), -0.1
    far = np.hypot((x - lamp[0]) * work[0] / longer, (y - lamp[1]) * work[1] / longer)
    light = 0.32 + 0.85 * np.exp(-((far / 0.85) ** 2))
    warmth = 1 + 0.04 * fractal(shape, rng, 2.2)[..., None] * np.array([0.6, 0.1, -0.9], np.float32)
    return SceneImage.of(resize(f32(_CEMENT * warmth * (tone * light)[..., None] * 1.12), size))


def _formwork(size: Size, rng: Generator) -> tuple[Plane, Plane, Plane]:
    """Joints between the sheets, the holes of the ties, 0..1, and each sheet's own tone: (H, W) each."""
    width, height = size
    longer = max(size)
    wide, tall = (side * longer * rng.uniform(0.95, 1.1) for side in _PANEL)
    x = np.arange(width, dtype=np.float32)[None] + rng.uniform(0, wide)
    y = np.arange(height, dtype=np.float32)[:, None] + rng.uniform(0, tall)
    thin = max(1.0, longer * 0.0016)
    across, down = np.abs(x % wide - wide / 2), np.abs(y % tall - tall / 2)
    joints = np.maximum(np.clip(1.5 - (wide / 2 - across) / thin, 0, 1), 0 * y)
    joints = np.maximum(joints, np.clip(1.5 - (tall / 2 - down) / thin, 0, 1))
    far = np.hypot(across - wide * 0.30, down - tall * 0.27)
    holes = np.clip((longer * 0.0085 - far) / thin + 0.5, 0, 1)
    tones = rng.normal(0, 0.045, (8, 8))[(y // tall).astype(int) % 8, (x // wide).astype(int) % 8]
    return f32(joints * 0.8), f32(holes), f32(tones)
