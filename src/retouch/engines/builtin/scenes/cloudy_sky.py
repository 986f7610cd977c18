"""White clouds in a blue sky, lit from the side, shrinking toward the horizon."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import f32, smoothstep
from retouch.engines.builtin.scenes.landscape import deck, glow, shade
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, height_ramp

_AIR = [(0.0, "2f69b0"), (0.4, "5b93cc"), (0.75, "9fc0dc"), (1.0, "d5dfe6")]


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """One deck of heaped clouds; their shaded sides face away from the sun."""
    del framing
    sun = (float(rng.choice([-0.2, 1.2])), -0.15)
    sky = colour_ramp(height_ramp(size), _AIR) * (0.95 + 0.2 * glow(size, sun, 0.6))
    field, near = deck(size, rng, 1.08, rng.uniform(0.26, 0.36), 1.85)
    edge = rng.uniform(-0.25, 0.15)
    density = smoothstep(edge, edge + 0.95, field)
    light = shade(density * smoothstep(edge, edge + 2.4, field), sun, 2.0)[..., None]
    white, shadow = np.array([1.0, 0.98, 0.95], np.float32), np.array([0.30, 0.36, 0.45], np.float32)
    cloud = shadow + (white - shadow) * light**0.9
    air = smoothstep(0.0, 0.30, near)[..., None]
    cloud = cloud * air + (1 - air) * np.array([0.68, 0.74, 0.80], np.float32)
    veil = (density * (0.35 + 0.65 * smoothstep(0.0, 0.2, near)))[..., None]
    return SceneImage.of(f32(sky * (1 - veil) + veil * cloud))
