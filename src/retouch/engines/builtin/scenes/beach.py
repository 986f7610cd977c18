"""A tropical beach: pale sand, surf, turquoise shallows that deepen to the horizon, a bright sky."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.landscape import deck, glow, grid, shade
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)

HORIZON = 0.44
_AIR = [(0.0, "4d9be0"), (0.5, "86c2f0"), (0.9, "cfe6f5"), (1.0, "e9f1f4")]
_WATER = [(0.0, "1f6fa8"), (0.25, "1e8dbb"), (0.55, "38b6c8"), (0.8, "7fd6d2"), (1.0, "bfe6d8")]
_SAND = np.array(rgb_hex("e6d2ae"), np.float32)
_WET = np.array(rgb_hex("a98f6c"), np.float32)
_FOAM = np.array([0.93, 0.96, 0.96], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The shore runs across the picture, a little aslant; the farther, the softer."""
    work = relief.working_size(size)
    horizon = relief.eye_level(framing, HORIZON)
    shore = horizon + (1 - horizon) * rng.uniform(0.34, 0.42)
    x, y = grid(work)
    x = f32(x + 0 * y)
    sky = _sky(work, rng, horizon, framing.beside(0.2, rng))
    lean = rng.choice([-1, 1]) * rng.uniform(0.03, 0.06)
    edge = shore + lean * (x - 0.5) + f32(0.006 * fractal_line(work[0], rng, 1.8))[None]
    depth = np.clip((y - horizon) / (edge - horizon), 0, 1)[..., None]
    waves = ground = relief.look_over(
        np.zeros((relief.TILE, relief.TILE), np.float32), work, horizon, rng, 7.0
    )
    chop = ground.look_up(fractal((relief.TILE, relief.TILE), rng, 1.15, stretch=0.35))
    water = colour_ramp(f32(np.clip(depth + 0.035 * chop[..., None], 0, 1)), _WATER) * (
        0.84 + 0.10 * chop[..., None]
    )
    picture = f32(water)
    for at, wide in ((0.55, 0.05), (0.78, 0.07)):
        picture = _breaker(picture, rng, f32(depth[..., 0]), (at, wide), chop)
    past = f32((y - edge) / (1 - horizon))
    lace = fractal((work[1], work[0]), rng, 1.15, 0.55)
    swash = smoothstep(-0.06, -0.005, f32(past + 0.014 * lace)) * smoothstep(0.012, -0.004, past)
    dry = smoothstep(0.05, 0.17, f32(past + 0.012 * lace))[..., None]
    grain = _grain(waves, rng)
    sand = (_WET * 0.75 * (1 - dry) + _SAND * dry) * grain[..., None]
    mirror = (smoothstep(0.16, 0.0, past) * 0.32)[..., None]
    sand = sand * (1 - mirror) + mirror * np.array([0.55, 0.70, 0.80], np.float32)
    land = smoothstep(-0.004, 0.004, past)[..., None]
    picture = f32(picture * (1 - land) + land * sand)
    froth = (swash * smoothstep(-1.0, 0.5, lace))[..., None]
    picture = f32(picture * (1 - froth) + froth * _FOAM)
    cover = smoothstep(-0.6, 0.6, f32((y - horizon) * work[1] + 0 * x))[..., None]
    picture = f32(sky * (1 - cover) + picture * cover)
    return SceneImage.of(film(resize(_focused(picture, y, horizon), size) * 1.4))


def _sky(size: Size, rng: Generator, horizon: float, sun: float) -> Plane:
    """Trade-wind clouds, small and low."""
    v = height_ramp(size)
    field, near = deck(size, rng, horizon + 0.02, 0.34, 1.6)
    density = smoothstep(0.5, 1.7, field) * smoothstep(0.01, 0.10, near)
    light = shade(density, (sun, -0.3), 1.2)[..., None]
    cloud = 0.62 + 0.45 * light + np.zeros(3, np.float32)
    veil = (density * 0.8)[..., None]
    sky = colour_ramp(np.clip(v / horizon, 0, 1), _AIR) * 0.85
    return f32(sky * (1 - veil) + veil * cloud + 0.2 * glow(size, (sun, -0.1), 0.3))


def _breaker(picture: Plane, rng: Generator, depth: Plane, place: tuple[float, float], chop: Plane) -> Plane:
    """A small wave breaking: its green back, its white front, foam thinning out behind."""
    height, width = depth.shape
    at, wide = place
    line = at + 0.05 * fractal_line(width, rng, 1.7)[None]
    strength = smoothstep(-0.7, 0.5, fractal_line(width, rng, 1.6))[None]
    lace = fractal((height, width), rng, 1.05, 0.45)
    behind = (depth - line) / wide
    front = np.exp(-((behind / 0.16) ** 2))
    foam = (
        smoothstep(0.0, 0.9, f32(lace * 0.7 + 1.1 - behind * 1.2))
        * smoothstep(0.0, 0.1, f32(behind))
        * (behind < 2.0)
    )
    back = (np.exp(-(((behind + 0.35) / 0.3) ** 2)) * 0.30 * strength)[..., None]
    white = (np.clip(front + 0.75 * foam, 0, 1) * strength * (0.9 + 0.06 * chop))[..., None]
    picture = f32(picture * (1 - back) + back * np.array([0.02, 0.25, 0.28], np.float32))
    return f32(picture * (1 - white) + white * _FOAM)


def _grain(ground: relief.Ground, rng: Generator) -> Plane:
    """Footprints, ripples and grains of the sand, about 1."""
    side = (relief.TILE, relief.TILE)
    dents = gaussian(fractal(side, rng, 1.5), 1.5)
    right, away = relief.slopes(f32(dents * 0.035), 7.0)
    light = relief.lit(right, away, (-0.8, 0.3, 0.8)) / 0.7
    return f32(ground.look_up(light) * (1 + 0.05 * ground.look_up(fractal(side, rng, 0.4))))


def _focused(picture: Plane, y: Plane, horizon: float) -> Plane:
    """The lens is set to the sand near by: the sea and the sky are soft."""
    soft = lens(picture, max(picture.shape) * 0.004)
    near = smoothstep(horizon + 0.12, min(horizon + 0.45, 0.98), y)[..., None]
    return f32(soft * (1 - near) + picture * near)
