"""A summer day: deep blue overhead, pale toward the horizon, a few high ice clouds."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import f32, smoothstep
from retouch.engines.builtin.scenes.landscape import deck, glow
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, height_ramp

_AIR = [(0.0, "2464b4"), (0.35, "4285cd"), (0.7, "7db2e2"), (0.92, "b5d4ec"), (1.0, "cfe2ef")]


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun is outside the frame, to one side; cirrus drifts across the upper half."""
    del framing
    sky = colour_ramp(height_ramp(size), _AIR)
    sun = (rng.choice([-0.25, 1.25]), rng.uniform(-0.1, 0.3))
    sky = sky * (0.93 + 0.25 * glow(size, sun, 0.6))
    wisps, near = deck(size, rng, 1.15, 0.22, 1.9)
    fibres, _ = deck(size, rng, 1.15, 0.55, 1.45)
    veil = smoothstep(0.2, 2.4, wisps + 0.35 * fibres) * smoothstep(0.25, 0.7, near) * rng.uniform(0.35, 0.75)
    return SceneImage.of(f32(sky * (1 - veil[..., None]) + veil[..., None] * np.array([0.95, 0.97, 1.0])))
