"""Fireworks over a bay at night: shells that burst, sparks that fall, all of it mirrored in the water."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes.landscape import glow, mirror_sea, ridge
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

HORIZON = 0.84
_NIGHT = [(0.0, "05060f"), (0.6, "0c1022"), (1.0, "1e1a30")]
_COLOURS = ("ff3b30", "ffb02e", "ffe08a", "38d66b", "4a8dff", "c04bff", "ff5fa2", "f4f6ff")
_MOMENTS = 100


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Bursts of three kinds, the largest where the subject does not hide them."""
    scale = min(1.0, 1500 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    v = height_ramp(work)
    sky = f32(np.tile(colour_ramp(np.clip(v / HORIZON, 0, 1), _NIGHT), (1, work[0], 1)))
    smoke = unit(fractal(work[::-1], rng, 1.8))[..., None]
    sparks = np.zeros_like(sky)
    for index in range(rng.integers(6, 9)):
        large = rng.uniform(0.18, 0.26) if index < 3 else rng.uniform(0.07, 0.15)
        height = rng.uniform(0.16, 0.42) if index < 3 else rng.uniform(0.12, 0.58)
        across = framing.beside(height, rng) if index == 0 else rng.uniform(0.05, 0.95)
        colours = [
            np.array(rgb_hex(_COLOURS[i]), np.float32) for i in rng.choice(len(_COLOURS), 2, replace=False)
        ]
        place = across, height
        sparks += _shell(work, rng, place, large, colours)
        sky += glow(work, place, large * 0.6) * smoke * colours[0] * 0.22
    unit_px = max(work) / 1024
    light = sparks + 0.9 * gaussian(sparks, 3 * unit_px) + 1.1 * gaussian(sparks, 16 * unit_px)
    hills = ridge(work, rng, HORIZON - 0.015, 0.010, 1.3)
    picture = f32((sky + light) * (1 - hills) + hills * np.array([0.006, 0.006, 0.012], np.float32))
    picture = mirror_sea(picture, HORIZON, rng, 1.2)
    return SceneImage.of(film(resize(picture, size) * 1.3))


def _shell(
    size: Size, rng: Generator, place: tuple[float, float], large: float, colours: list[Plane]
) -> Plane:
    """One burst: stars flung evenly in all directions of space, slowed by air, pulled down: (H, W, 3)."""
    kind = rng.integers(3)  # peony: short trails; chrysanthemum: long ones; willow: long, golden, drooping
    count = int(rng.integers(110, 210) * (0.6 + 2 * large))
    z, angle = rng.uniform(-1, 1, (count, 1)), rng.uniform(0, 2 * np.pi, (count, 1))
    speed = large * (1 + rng.normal(0, 0.05, (count, 1)))
    flat = np.sqrt(1 - z**2)
    begin = (0.55, 0.08, 0.05)[kind]
    moments = np.linspace(begin, 1, _MOMENTS)[None]
    travelled = (1 - np.exp(-2.6 * moments)) / (1 - np.exp(-2.6))
    fall = (0.16, 0.22, 0.55)[kind] * large * moments**2.2
    longer = max(size)
    x = place[0] * size[0] + flat * np.cos(angle) * speed * travelled * longer
    y = place[1] * size[1] + (flat * np.sin(angle) * speed * travelled + fall) * longer
    fade = ((moments - begin) / (1 - begin)) ** (0.8, 1.6, 0.9)[kind] * np.where(moments > 0.97, 2.5, 1)
    fade = fade * rng.uniform(0.4, 1.2, (count, 1))
    gold = np.array(rgb_hex("ffb45a"), np.float32)
    first, last = (
        (gold, gold * np.array([1, 0.8, 0.55])) if kind == 2 else (colours[1] * 0.5 + 0.5, colours[0])
    )
    mix = np.clip(moments * 1.7 - 0.5, 0, 1)[..., None]
    light = (first * (1 - mix) + last * mix) * fade[..., None] * (longer / 1024) ** 2 * (1.0, 0.7, 0.46)[kind]
    kept = (x >= 0) & (x < size[0] - 1) & (y >= 0) & (y < size[1] * HORIZON - 1)
    points = splat(f32(x[kept]), f32(y[kept]), f32(light[kept]), (size[1], size[0]))
    return gaussian(points, 0.75 * longer / 1024)
