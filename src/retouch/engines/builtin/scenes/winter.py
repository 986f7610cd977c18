"""Snow falling at dusk: a white clearing, firs laden with snow, flakes near and far."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.landscape import conifers, glow, grid
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

HORIZON = 0.64
_AIR = [(0.0, "5a6f92"), (0.5, "8598b4"), (0.85, "b4bfd0"), (1.0, "cfd3dc")]
_FIR = np.array(rgb_hex("1b2a38"), np.float32)
_SNOW = np.array(rgb_hex("dfe8f4"), np.float32)
_LAMP = np.array([1.0, 0.56, 0.20], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """A lamp shines out from among the trees on the freer side of the subject."""
    scale = min(1.0, 1500 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    horizon = relief.eye_level(framing, HORIZON)
    v = height_ramp(work)
    picture = f32(np.tile(colour_ramp(np.clip(v / horizon, 0, 1), _AIR) * 0.75, (1, work[0], 1)))
    lamp = framing.beside(horizon - 0.03, rng), horizon - 0.035
    longer = max(work)
    shine = glow(work, lamp, 0.05) * 0.7 + glow(work, lamp, 0.20) * 0.25
    for near, tall in ((0.0, 0.17), (0.45, 0.30), (0.9, 0.46)):
        base = horizon + 0.02 + 0.115 * near
        picture = _firs(picture, rng, base, tall, near)
        picture = f32(picture + shine * _LAMP * (0.55 if near < 0.5 else 0.12))
        picture = _drift(picture, rng, base + 0.006, near, shine)
    spark = splat(
        f32([lamp[0] * work[0]]),
        f32([lamp[1] * work[1]]),
        f32([[60 * (longer / 1024) ** 2]]),
        (work[1], work[0]),
    )
    picture = f32(picture + lens(spark[..., 0], longer * 0.006)[..., None] * _LAMP)
    snow = _flakes(work, rng)[..., None]
    picture = f32(picture * (1 - 0.6 * snow) + snow * (_SNOW * 0.95 + shine * _LAMP))
    return SceneImage.of(film(resize(picture, size) * 1.45))


def _firs(picture: Plane, rng: Generator, base: float, tall: float, near: float) -> Plane:
    """A row of firs; where their tiers face up they carry snow."""
    height, width = picture.shape[:2]
    trees = conifers((width, height), rng, base + 0.03, tall, 0.004)[..., 0]
    unit = max(height, width) / 1024
    lumps = fractal((height, width), rng, 0.9, 0.6)
    tops = np.clip(trees - np.roll(gaussian(trees, 2.2 * unit), round((4 + 4 * near) * unit), 0), 0, 1)
    load = np.clip(tops * 1.4 + 0.5 * smoothstep(-0.6, 2.2, lumps), 0, 0.92)[..., None] * trees[..., None]
    body = _FIR * (0.8 + 0.4 * (1 - near)) * (1 - load) + load * _SNOW * 0.62
    haze = 0.62 * (1 - near) + 0.06
    cover = gaussian(trees, unit * (0.6 + 1.2 * (1 - near)))[..., None]
    return f32(
        picture * (1 - cover) + cover * (body * (1 - haze) + haze * np.array(rgb_hex("a3b0c6"), np.float32))
    )


def _drift(picture: Plane, rng: Generator, crest: float, near: float, shine: Plane) -> Plane:
    """A smooth bank of snow, blue where it turns away from the sky."""
    height, width = picture.shape[:2]
    line = crest + 0.008 * fractal_line(width, rng, 2.3)
    y = grid((width, height))[1]
    depth = f32(y - line[None])
    cover = gaussian(f32(np.clip(depth * height + 0.5, 0, 1)), max(height, width) / 1024 * 1.2)[..., None]
    soft = gaussian(fractal((height, width), rng, 2.4, 0.35), max(height, width) * 0.004)
    fine = fractal((height, width), rng, 0.7, 0.6)
    light = 0.60 + 0.12 * soft + 0.018 * fine * near - 0.30 * smoothstep(0.16, 0.0, depth) * (1 - near)
    body = _SNOW * np.array([0.86, 0.94, 1.05], np.float32) * light[..., None] + shine * _LAMP * 0.55
    return f32(picture * (1 - cover) + cover * body)


def _flakes(size: Size, rng: Generator) -> Plane:
    """Falling snow at four distances: (H, W), 0..1."""
    width, height = size
    longer = max(size)
    total = np.zeros((height, width), np.float32)
    for radius, count, light in (
        (0.0011, 2200, 0.75),
        (0.0022, 650, 0.75),
        (0.0050, 150, 0.5),
        (0.013, 34, 0.26),
    ):
        number = int(count * width * height / longer**2) + 1
        x, y = rng.random(number) * (width - 1), rng.random(number) * (height - 1)
        reach = max(radius * longer, 0.7)
        power = light * np.pi * reach**2 * rng.uniform(0.5, 1.0, (number, 1))
        points = splat(f32(x), f32(y), f32(power), (height, width))[..., 0]
        total = np.maximum(total, lens(points, reach) if reach > 1 else gaussian(points, reach))
    return np.clip(total, 0, 1)
