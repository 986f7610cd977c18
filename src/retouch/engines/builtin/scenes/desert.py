"""Sand dunes late in the day: sharp crests between a lit and a shadowed side, fine ripples near by."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.landscape import glow, sun_disc
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

HORIZON = 0.50
_AIR = [(0.0, "4f7fae"), (0.45, "93a9b4"), (0.75, "dcb98c"), (0.93, "f5cb8a"), (1.0, "f8d6a0")]
_WIDTH = 26.0
_SUN = (-1.0, 0.25, 0.34)
_SAND = np.array([0.66, 0.285, 0.085], np.float32)
_SHADE = np.array([0.115, 0.060, 0.050], np.float32)  # sand lit by the sky alone
_DUST = np.array([0.85, 0.47, 0.22], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun stands low at one side, so that every crest throws a shadow."""
    horizon = relief.eye_level(framing, HORIZON)
    work = relief.working_size(size)
    heights = _dunes(rng)
    ground = relief.look_over(heights, work, horizon, rng, _WIDTH, far=160)
    right, away = relief.slopes(heights, _WIDTH)
    light = relief.lit(right, away, _SUN) * relief.sunlit(heights, _WIDTH, 0.22)
    seen = ground.look_up(f32(light))
    seen = seen * (1 + _ripples(ground, rng) * smoothstep(14, 2, ground.distance))
    seen = f32(seen * (1 + 0.05 * ground.look_up(fractal((relief.TILE, relief.TILE), rng, 0.6))))
    sand = _SHADE + _SAND * np.clip(seen, 0, None)[..., None] * 1.35
    air = (1 - np.exp(-ground.distance / 110))[..., None] * 0.92
    sand = sand * (1 - air) + _DUST * air
    sun = (-0.04, horizon - 0.16)
    v = height_ramp(work)
    sky = colour_ramp(np.clip(v / horizon, 0, 1), _AIR) * (0.72 + 0.5 * glow(work, sun, 0.45))
    sky = sky + sun_disc(work, sun, 0.02) * 3 + glow(work, sun, 0.10) * _DUST * 0.6
    cover = ground.cover[..., None]
    picture = resize(f32(sky * (1 - cover) + sand * cover), size)
    turned = picture[:, ::-1] if rng.random() < 0.5 else picture
    return SceneImage.of(film(f32(turned) * 1.2))


def _dunes(rng: Generator) -> Plane:
    """Heights of a tile: bent waves, gentle against the wind and steep away from it, of uneven height."""
    place = np.arange(relief.TILE, dtype=np.float32)[None] / relief.TILE
    shape = (relief.TILE, relief.TILE)
    bend, size = fractal(shape, rng, 2.7, stretch=1.6), fractal(shape, rng, 2.5)
    phase = (4 * place + 0.34 * bend) % 1
    wave = np.where(phase < 0.68, phase / 0.68, (1 - phase) / 0.32)
    small = (9 * place + 0.5 * bend + 0.12 * size) % 1
    lesser = np.where(small < 0.7, small / 0.7, (1 - small) / 0.3)
    uneven = np.clip(0.62 + 0.34 * size, 0.12, 1.5)
    return f32(1.5 * uneven * wave**1.25 + 0.16 * lesser**1.4 + 0.22 * bend - 0.62)


def _ripples(ground: relief.Ground, rng: Generator) -> Plane:
    """What the wind combs into the sand: (H, W), about -0.2..0.2."""
    bend = ground.look_up(fractal((relief.TILE, relief.TILE), rng, 1.7))
    waves = np.sin(f32(ground.column * 0.35 + ground.row * 1.15 + bend * 3.2))
    return f32(0.16 * waves * smoothstep(1.6, 0.3, ground.blur))
