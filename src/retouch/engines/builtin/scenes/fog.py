"""Fog in a spruce forest: one row of trees behind the other, each paler than the last."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import f32, gaussian, smoothstep
from retouch.engines.builtin.scenes.landscape import conifers, glow, soft_noise
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, height_ramp

_AIR = [(0.0, "a9b4ba"), (0.4, "c3cbce"), (0.8, "d5dad9"), (1.0, "c6cccb")]
_NEAR = np.array([0.030, 0.042, 0.044], np.float32)
_ROWS = ((0.60, 0.16, 0.10), (0.68, 0.24, 0.24), (0.77, 0.33, 0.46), (0.90, 0.46, 0.74))  # base, tall, dark


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Drifts of fog lie between the rows; a veiled sun lightens one side."""
    del framing
    v = height_ramp(size)
    sun = glow(size, (rng.uniform(0.15, 0.85), 0.15), 0.45)
    air = colour_ramp(v, _AIR) * (0.80 + 0.32 * sun)
    picture = f32(air)
    unit = max(size) / 1024
    for base, tall, dark in _ROWS:
        trees = gaussian(conifers(size, rng, base, tall, 0.020)[..., 0], unit * (2.4 - 2.2 * dark))[..., None]
        drift = smoothstep(-0.9, 1.6, f32(soft_noise(size, rng, 2.1, 0.45) + (v - base) * 9 + 0.6))
        body = air * (1 - dark * (1 - 0.80 * drift)) + _NEAR * dark * (1 - 0.80 * drift)
        picture = f32(picture * (1 - trees) + trees * body)
    bank = smoothstep(0.80, 1.06, f32(v + 0.03 * soft_noise(size, rng, 2.0, 0.4))) * 0.85
    return SceneImage.of(f32(picture * (1 - bank) + bank * air))
