"""On the Moon: grey craters under a black sky, and the Earth over the horizon."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.globe import globe
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film

HORIZON = 0.62
_WIDTH = 17.0
_SUN = (-1.0, 0.15, 0.42)
_DUST = np.array([0.46, 0.45, 0.435], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun is low and there is no air: shadows are black and the far hills as sharp as the near ground."""
    horizon = relief.eye_level(framing, HORIZON)
    work = relief.working_size(size)
    heights = _regolith(rng)
    ground = relief.look_over(heights, work, horizon, rng, _WIDTH, far=90)
    right, away = relief.slopes(heights, _WIDTH)
    light = relief.lit(right, away, _SUN) * (0.03 + 0.97 * relief.sunlit(heights, _WIDTH, 0.33, 0.8))
    tint = 1 + 0.16 * ground.look_up(fractal((relief.TILE, relief.TILE), rng, 1.1))
    grit = fractal((relief.TILE, relief.TILE), rng, 0.35)
    tint = tint + 0.10 * _finer(grit, ground)
    soil = _DUST * (ground.look_up(f32(light)) * np.clip(tint, 0.3, 2))[..., None] * 2.0 + 0.006
    height = framing.lowest_clear(*(horizon - up for up in (0.24, 0.34, 0.42)))
    place = framing.beside(height, rng), max(height, 0.16)
    sky = f32(np.zeros((work[1], work[0], 3)))
    globe(sky, place, rng.uniform(0.085, 0.11), _earth(rng), sun=(-0.75, -0.25, 0.62), air=(0.25, 0.5, 1.0))
    cover = ground.cover[..., None]
    return SceneImage.of(film(resize(f32(sky * (1 - cover) + soil * cover), size) * 1.2))


def _finer(tile: Plane, ground: relief.Ground) -> Plane:
    """Grit seven times as fine as the tile, where the ground is near enough to show it."""
    x, y = ground.column * 7 % relief.TILE, ground.row * 7 % relief.TILE
    taken = f32(cv2.remap(tile, f32(x), f32(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))
    return f32(taken * smoothstep(0.4, 0.08, ground.blur))


def _regolith(rng: Generator) -> Plane:
    """Heights of a tile: old soft ground, pocked by craters of all sizes, the larger the fewer."""
    side = relief.TILE
    ground = 0.30 * fractal((side, side), rng, 2.1) + 0.010 * fractal((side, side), rng, 1.0)
    for radius in np.sort(np.clip(4.0 * rng.pareto(1.55, 420) + 3.5, 0, 105))[::-1]:
        _crater(ground, rng, float(radius))
    return f32(ground)


def _crater(ground: Plane, rng: Generator, radius: float) -> None:
    """A bowl with a raised rim, pressed into the tile at a random place, over its borders."""
    reach = int(radius * 1.9) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    distance = np.hypot(x, y) / radius
    bowl = np.where(distance < 1, distance**2 - 1, 0) * 0.9
    rim = 0.32 * np.exp(-(((distance - 1.02) / 0.24) ** 2))
    depth = radius * _WIDTH / relief.TILE * 0.34 * rng.uniform(0.35, 1.0)
    row, column = rng.integers(relief.TILE, size=2)
    rows = np.arange(row - reach, row + reach + 1) % relief.TILE
    columns = np.arange(column - reach, column + reach + 1) % relief.TILE
    ground[np.ix_(rows, columns)] += f32(depth * (bowl + rim))


def _earth(rng: Generator) -> Plane:
    """Oceans, land and clouds of a globe: (512, 512, 3) linear."""
    shape = (512, 512)
    land = smoothstep(0.25, 0.55, fractal(shape, rng, 1.7))[..., None]
    dry = smoothstep(-0.5, 1.0, fractal(shape, rng, 1.9))[..., None]
    swirl = fractal(shape, rng, 2.0)
    y, x = np.mgrid[0:512, 0:512].astype(np.float32)
    field = fractal(shape, rng, 1.35, stretch=0.55)
    turned = cv2.remap(
        field, x + swirl * 26, y + gaussian(swirl, 6) * 30, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    cloud = smoothstep(-0.1, 1.7, f32(turned))[..., None]
    ground = np.array([0.05, 0.10, 0.03]) * (1 - dry) + np.array([0.30, 0.20, 0.09]) * dry
    surface = np.array([0.010, 0.045, 0.15]) * (1 - land) + ground * land
    return f32(surface * (1 - cloud) + 0.85 * cloud)
