"""An old brick wall: every brick of its own tone, chipped at its edges, a soft light falling across."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp

_CLAY = [(0.0, "5a2a20"), (0.3, "8a4230"), (0.55, "a8553c"), (0.8, "bd7354"), (1.0, "d29a78")]
_MORTAR = np.array([0.42, 0.38, 0.33], np.float32)
_LIGHT = (-0.55, -0.75)  # where the light comes from: right, down


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Bricks are as large as they would be a good step behind the subject."""
    del framing
    scale = min(1.0, 1400 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    width, height = work
    longer = max(work)
    shape = (height, width)
    wobble, rough = fractal(shape, rng, 1.5), fractal(shape, rng, 0.9)
    tall = longer / rng.uniform(21, 25)
    rows = (np.arange(height, dtype=np.float32)[:, None] + wobble * 0.03 * tall + rng.random() * tall) / tall
    course = np.floor(rows).astype(np.int64)
    columns = np.arange(width, dtype=np.float32)[None] / (tall * 3.0) + 0.5 * (course % 2) + 0.01 * wobble
    header = np.floor(columns).astype(np.int64)
    pick = (course * 7919 + header * 104729) % 4096
    tones = rng.random((4096, 3)).astype(np.float32)
    inside = np.minimum(np.minimum(rows % 1, 1 - rows % 1), 3.0 * np.minimum(columns % 1, 1 - columns % 1))
    chipped = f32(inside + 0.020 * rough + 0.018 * (tones[pick, 2] - 0.5))
    brick = smoothstep(0.055, 0.105, chipped)
    relief = (
        0.16 * tall * smoothstep(0.04, 0.17, chipped) + 0.022 * tall * rough + 0.03 * tall * tones[pick, 1]
    )
    relief = gaussian(f32(relief), longer / 1400)
    down, right = np.gradient(relief)
    shade = np.clip(1 + 0.85 * (right * _LIGHT[0] + down * _LIGHT[1]) / np.hypot(*_LIGHT) * -1, 0.25, 1.9)
    clay = colour_ramp(
        np.clip(0.15 + 0.7 * tones[pick, 0] + 0.09 * rough + 0.05 * wobble, 0, 1)[..., None], _CLAY
    )
    soot = smoothstep(0.6, 2.4, f32(wobble + 0.5 * rough))[..., None] * 0.45
    mortar = _MORTAR * (1 + 0.10 * rough[..., None])
    wall = (clay * brick[..., None] + mortar * (1 - brick[..., None])) * (1 - soot)
    x, y = grid(work)
    side = rng.uniform(0.15, 0.85)
    pool = np.exp(-(((x - side) * width / longer / 0.55) ** 2) - ((y - 0.30) * height / longer / 0.60) ** 2)
    light = (0.40 + 0.95 * pool)[..., None] * np.array([1.06, 1.0, 0.92], np.float32)
    return SceneImage.of(resize(f32(wall * shade[..., None] * light), size))
