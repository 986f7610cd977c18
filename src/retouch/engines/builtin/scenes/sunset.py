"""The sun going down over the sea, the clouds lit from beneath."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import f32, smoothstep
from retouch.engines.builtin.scenes.landscape import deck, glow, mirror_sea, shade, sun_disc
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

HORIZON = 0.74
_AIR = [
    (0.0, "26365f"),
    (0.30, "5a4f7d"),
    (0.55, "b0627a"),
    (0.75, "ec8a5a"),
    (0.90, "ffbe6a"),
    (1.0, "ffd68c"),
]
_WARM = np.array([1.0, 0.52, 0.20], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun stands on the freer side of the subject, its path glitters on the water."""
    height = framing.lowest_clear(*(HORIZON - rng.uniform(0.02, 0.05) - up for up in (0, 0.1, 0.2, 0.3)))
    sun = framing.beside(height, rng), height
    v = height_ramp(size)
    near_sun, wide = glow(size, sun, 0.07), glow(size, sun, 0.33)
    sky = colour_ramp(v / HORIZON, _AIR) * (0.50 + 0.75 * wide) + near_sun * _WARM * 0.9
    field, near = deck(size, rng, HORIZON + 0.015, 0.30, 1.75)
    density = smoothstep(-0.1, 1.3, field) * smoothstep(0.015, 0.16, near)
    light = shade(density, (sun[0], HORIZON + 0.25), 2.4)[..., None] * (0.25 + 1.15 * wide)
    rose = (
        np.array([0.95, 0.36, 0.24], np.float32) * (1 - wide)
        + np.array([1.25, 0.68, 0.30], np.float32) * wide
    )
    cloud = np.array([0.10, 0.085, 0.14], np.float32) + rose * light
    veil = (density * 0.88)[..., None]
    sky = sky * (1 - veil) + veil * cloud
    sky = sky + sun_disc(size, sun, 0.024) * np.array([4.0, 2.9, 1.5], np.float32)
    sea = mirror_sea(f32(sky), HORIZON, rng, 1.1)
    return SceneImage.of(film(sea * 1.25))
