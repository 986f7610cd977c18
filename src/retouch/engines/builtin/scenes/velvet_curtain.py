"""A heavy velvet curtain: deep folds that wander as they fall, bright where the pile turns away."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, rgb_hex

_CLOTHS = ("a00d1c", "8c0f2a", "b01a14")


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Folds of uneven width; the light stands above, a little to one side."""
    del framing
    scale = min(1.0, 1500 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    width, height = work
    longer = max(work)
    x, y = grid(work)
    warp = np.cumsum(np.exp(0.55 * fractal_line(2048, rng, 1.2)))
    warp = warp / warp[-1]
    drift = 0.020 * y**1.4 * np.interp(x, np.linspace(0, 1, 2048), fractal_line(2048, rng, 1.7)) * 2.0
    sway = 0.004 * fractal((height, width), rng, 2.4, stretch=0.5)
    place = np.clip(x + drift + sway, 0, 1)
    phase = np.interp(place, np.linspace(0, 1, 2048), warp) * rng.uniform(13, 17) * width / longer
    deep = 0.75 + 0.25 * np.interp(phase % 7 / 7, np.linspace(0, 1, 64), fractal_line(64, rng, 1.0))
    fold = np.abs(np.sin(phase * np.pi)) ** 0.75 * deep
    fold = fold + 0.22 * np.sin(phase * np.pi * 2.6 + 1.3 + 1.5 * y) + 0.05 * np.sin(phase * 17 + y * 2)
    fold = gaussian(f32(fold), longer * 0.0025)
    slope = np.gradient(fold, axis=1) * longer / 62 if width > 1 else np.zeros_like(fold)
    normal = 1 / np.sqrt(1 + slope**2)
    lambert = np.clip((0.80 * normal - 0.55 * slope * normal), 0, 1)
    rim = (1 - normal) ** 2.2  # pile seen from the side scatters light back
    hollow = smoothstep(-0.10, 0.75, fold)
    pile = (
        1
        + 0.09 * fractal((height, width), rng, 0.55) * normal
        + 0.07 * fractal((height, width), rng, 1.4, 0.6)
    )
    light = (0.05 + 0.62 * lambert**1.6 + 0.42 * rim) * (0.10 + 0.90 * hollow) * pile
    pool = 0.38 + 0.85 * np.exp(-(((x - rng.uniform(0.3, 0.7)) / 0.50) ** 2) - ((y - 0.22) / 0.62) ** 2)
    cloth = np.array(rgb_hex(_CLOTHS[rng.integers(len(_CLOTHS))]), np.float32)
    tone = (light * pool)[..., None]
    shine = np.clip(tone - 0.35, 0, None) ** 1.5 * np.array([0.50, 0.16, 0.14], np.float32)
    return SceneImage.of(resize(f32(cloth * tone * 2.2 + shine), size))
