"""A string of lights at night far out of focus: every lamp a disc."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)
from retouch.engines.builtin.stars import splat

_LAMPS = (
    ("ffb347", "ffd28a", "ff8c42", "ffe7c0", "ff6b5a"),
    ("ff9d5c", "ffd9a0", "6fb7ff", "b48cff", "ff7fa8"),
    ("ffc46b", "8fe0c8", "6aa8ff", "ffe9c9", "ff8fb0"),
)
_NIGHT = [(0.0, "0a0a16"), (0.5, "17131f"), (1.0, "24160f")]


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Three depths of lamps: small and many, large and few; all light is added as light."""
    del framing
    scale = min(1.0, 1100 / max(size))  # nothing in it is sharper than that
    small = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    colours = np.array([rgb_hex(c) for c in _LAMPS[rng.integers(len(_LAMPS))]], np.float32)
    longer = max(small)
    light = f32(
        colour_ramp(height_ramp(small), _NIGHT)
        * (0.6 + 0.9 * unit(fractal(small[::-1], rng, 2.4))[..., None])
    )
    for radius, count in ((0.014, 130), (0.026, 60), (0.042, 24)):
        light = light + _lamps(small, rng, colours, radius * longer * rng.uniform(0.9, 1.15), count)
    light = light + 0.25 * gaussian(light, longer * 0.04)
    return SceneImage.of(film(resize(f32(light), size) * 1.15))


def _lamps(size: Size, rng: Generator, colours: Plane, radius: float, count: int) -> Plane:
    """Discs of one size at random places, thickest in a band across the middle: (H, W, 3)."""
    width, height = size
    x = rng.uniform(0, width - 2, count)
    y = np.clip(rng.normal(0.50, 0.26, count), 0, 1) * (height - 2)
    area = np.pi * radius**2
    power = (0.03 + 0.75 * rng.random((count, 1)) ** 2.2) * area
    points = splat(
        f32(x), f32(y), f32(colours[rng.integers(len(colours), size=count)] * power), (height, width)
    )
    return lens(points, radius)
