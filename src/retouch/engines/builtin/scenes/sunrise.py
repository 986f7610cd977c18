"""First light over a lake: low ranges on its far shore, mist on the water, rays over a ridge."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, smoothstep
from retouch.engines.builtin.noise import fractal_line
from retouch.engines.builtin.scenes.landscape import (
    deck,
    glow,
    grid,
    haze,
    mirror_sea,
    ridge,
    soft_noise,
)
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

_AIR = [(0.0, "4a78b4"), (0.3, "93aed0"), (0.55, "f2bfa6"), (0.75, "ffc880"), (1.0, "ffd890")]
_NEAR, _FAR = np.array([0.030, 0.040, 0.055], np.float32), np.array([0.80, 0.56, 0.42], np.float32)
_RIDGES = 3
SHORE = 0.62


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Three ranges one behind the other; the sun just clears the farthest, and the lake mirrors all."""
    sun = framing.beside(0.47, rng), rng.uniform(0.44, 0.50)
    v = height_ramp(size)
    wide = glow(size, sun, 0.30)
    sky = colour_ramp(np.clip(v / 0.62, 0, 1), _AIR) * (0.52 + 0.5 * wide)
    wisps, near = deck(size, rng, 0.66, 0.28, 1.9)
    veil = (smoothstep(0.2, 2.2, wisps) * smoothstep(0.05, 0.3, near) * 0.55)[..., None]
    sky = sky * (1 - veil) + veil * np.array([1.0, 0.66, 0.46], np.float32) * (0.45 + 0.75 * wide)
    picture = sky + glow(size, sun, 0.045) * np.array([1.9, 1.4, 0.8], np.float32)
    for index in range(_RIDGES):
        part = index / (_RIDGES - 1)
        crest = 0.50 + (SHORE - 0.51) * part
        hill = ridge(size, rng, crest, 0.030 - 0.016 * part, 1.25 + 0.2 * part)
        colour = _FAR * (1 - part) ** 1.5 + _NEAR * (1 - (1 - part) ** 1.5)
        body = colour * (0.72 + 0.75 * wide * (1 - part))
        mist = _mist(size, rng, crest, 0.07) * (0.72 - 0.42 * part)
        body = haze(f32(body), f32(mist), (0.98, 0.62, 0.38))
        picture = f32(picture * (1 - hill) + hill * body)
    picture = _on_the_lake(mirror_sea(picture, SHORE, rng, 0.35), wide, rng)
    rays = _rays(size, sun, rng)
    return SceneImage.of(film(f32(picture * (0.92 + 0.30 * rays) + 0.06 * rays * wide) * 1.15))


def _on_the_lake(picture: Plane, wide: Plane, rng: Generator) -> Plane:
    """Mist that lies on cold water, thickest at the far shore."""
    height, width = picture.shape[:2]
    v = height_ramp((width, height))
    drift = soft_noise((width, height), rng, 1.8, 0.25)
    lies = smoothstep(SHORE - 0.035, SHORE + 0.005, v) * np.exp(-np.clip(v - SHORE, 0, 1) / 0.07)
    amount = np.clip(lies * (0.62 + 0.22 * drift), 0, 0.9)
    light = np.array([0.98, 0.68, 0.46], np.float32) * (0.6 + 0.5 * wide)
    return f32(picture * (1 - amount) + amount * light)


def _mist(size: Size, rng: Generator, top: float, deep: float) -> Plane:
    """What gathers below a crest: (H, W, 1), 0..1, thicker downward."""
    thick = smoothstep(top, top + deep, f32(height_ramp(size) + 0.02 * soft_noise(size, rng, 2.0, 0.4)))
    return f32(thick)


def _rays(size: Size, sun: tuple[float, float], rng: Generator) -> Plane:
    """Beams that fan out from the sun: (H, W, 1), about 0..1."""
    x, y = grid(size)
    angle = np.arctan2((y - sun[1]) * size[1], (x - sun[0]) * size[0])
    table = fractal_line(1440, rng, 1.1) * np.sin(np.linspace(0, np.pi, 1440)) ** 0.5
    beams = np.interp((angle + np.pi) / (2 * np.pi) * 1439, np.arange(1440), table)
    distance = np.hypot((x - sun[0]) * size[0], (y - sun[1]) * size[1]) / max(size)
    return f32(np.clip(0.5 + 0.3 * beams, 0, 1) * np.exp(-distance * 3.2))[..., None]
