"""A red planet: stones on rusty ground, table mountains in the dust, a butterscotch sky with a small sun."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.landscape import glow, sun_disc
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

HORIZON = 0.58
_AIR = [(0.0, "8a5a3e"), (0.5, "b98157"), (0.85, "dcae80"), (1.0, "e6bd92")]
_WIDTH = 9.0
_SUN = (-1.0, 0.35, 0.55)
_RUST = np.array([0.50, 0.185, 0.075], np.float32)
_STONE = np.array([0.20, 0.095, 0.060], np.float32)
_DUST = np.array([0.70, 0.40, 0.21], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun is small here and its glow in the fine dust is bluish, as the rovers saw it."""
    horizon = relief.eye_level(framing, HORIZON)
    work = relief.working_size(size)
    heights, stones = _stony(rng)
    ground = relief.look_over(heights, work, horizon, rng, _WIDTH, far=140)
    right, away = relief.slopes(heights, _WIDTH)
    light = ground.look_up(
        relief.lit(right, away, _SUN) * (0.10 + 0.9 * relief.sunlit(heights, _WIDTH, 0.5, 0.7))
    )
    rock = np.clip(ground.look_up(stones), 0, 1)[..., None] * 0.85
    patches = ground.look_up(fractal((relief.TILE, relief.TILE), rng, 1.3))[..., None]
    soil = _RUST * (1 + 0.20 * patches) * (1 - rock) + _STONE * rock
    soil = soil * (0.10 + 1.9 * light[..., None])
    air = (1 - np.exp(-ground.distance / 42))[..., None] * 0.9
    soil = soil * (1 - air) + _DUST * air
    sky = _sky(work, rng, framing, horizon)
    cover = ground.cover[..., None]
    return SceneImage.of(film(resize(f32(sky * (1 - cover) + soil * cover), size) * 1.25))


def _sky(size: Size, rng: Generator, framing: Framing, horizon: float) -> Plane:
    v = height_ramp(size)
    sun = framing.beside(horizon * 0.4, rng), horizon * 0.4
    sky = colour_ramp(np.clip(v / horizon, 0, 1), _AIR) * 0.78
    sky = sky + glow(size, sun, 0.10) * np.array([0.34, 0.42, 0.50], np.float32)
    sky = f32(sky + sun_disc(size, sun, 0.011) * 2.5)
    for depth, dark in ((0.075, 0.30), (0.045, 0.62)):
        mesa = _mesas(size, rng, horizon, depth)
        sky = f32(sky * (1 - mesa) + mesa * (_DUST * (1 - dark * 0.55) + _RUST * dark * 0.18))
    return sky


def _mesas(size: Size, rng: Generator, horizon: float, tall: float) -> Plane:
    """Table mountains and buttes: noise cut off at two levels. (H, W, 1)."""
    width, height = size
    line = fractal_line(width, rng, 1.55)
    steps = (
        0.60 * smoothstep(0.15, 0.55, line)
        + 0.40 * smoothstep(0.9, 1.15, line)
        + 0.10 * smoothstep(-1, 0.2, line)
    )
    steps = gaussian(steps[None], 1)[0] + 0.02 * fractal_line(width, rng, 1.2)
    crest = (horizon + 0.01 - tall * steps * max(size) / height) * height
    return f32(np.clip(np.arange(height, dtype=np.float32)[:, None] - crest[None] + 0.5, 0, 1))[..., None]


def _stony(rng: Generator) -> tuple[Plane, Plane]:
    """Heights of a tile, and where its stones lie (0..1)."""
    side = relief.TILE
    ground = f32(0.10 * fractal((side, side), rng, 2.0) + 0.006 * fractal((side, side), rng, 1.0))
    stones = np.zeros((side, side), np.float32)
    rough = fractal((side, side), rng, 1.2)
    for radius in np.clip(1.6 * rng.pareto(1.7, 900) + 1.3, 0, 26):
        _stone(ground, stones, rough, rng, float(radius))
    return ground, stones


def _stone(ground: Plane, stones: Plane, rough: Plane, rng: Generator, radius: float) -> None:
    """A flat-topped boulder of uneven outline, half sunk into the ground."""
    reach = int(radius * 1.7) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    row, column = rng.integers(relief.TILE, size=2)
    where = np.ix_(
        np.arange(row - reach, row + reach + 1) % relief.TILE,
        np.arange(column - reach, column + reach + 1) % relief.TILE,
    )
    angle = np.arctan2(y, x)
    lobes = (
        1 + 0.18 * np.sin(2 * angle + rng.uniform(0, 6.3)) + 0.13 * np.sin(3 * angle + rng.uniform(0, 6.3))
    )
    inside = 1 - (np.hypot(x, y * rng.uniform(1.0, 1.5)) / (radius * lobes)) ** 2
    body = np.sqrt(np.clip(np.minimum(inside, 0.62), 0, 1)) * (1 + 0.12 * rough[where])
    ground[where] += f32(radius * _WIDTH / relief.TILE * 0.85 * body)
    stones[where] = np.maximum(stones[where], f32(smoothstep(0.0, 0.25, f32(inside))))
