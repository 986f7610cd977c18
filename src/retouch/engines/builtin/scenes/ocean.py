"""The open sea by day: swell to the horizon, each wave mirroring its piece of sky, glitter on it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy import fft
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.landscape import deck, glow, shade
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

HORIZON = 0.47
_AIR = [(0.0, "3f7fc4"), (0.4, "6ea6dc"), (0.8, "b4d2ea"), (1.0, "dfeaf0")]
_WIDTH = 22.0
_DEEP = np.array([0.003, 0.026, 0.055], np.float32)
_GLEAM = np.array([0.006, 0.090, 0.100], np.float32)  # light that comes through the crests


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun stands high on the freer side, out of the picture; its path lies on the water beneath."""
    horizon = relief.eye_level(framing, HORIZON)
    work = relief.working_size(size)
    heights = _swell(rng)
    water = relief.look_over(heights, work, horizon, rng, _WIDTH, far=600)
    right, away = (water.look_up(plane) for plane in relief.slopes(heights, _WIDTH))
    ruffled = fractal((relief.TILE, relief.TILE), rng, 1.35)
    right, away = (
        f32(slope + 0.05 * _finer(ruffled, water, turn)) for slope, turn in ((right, 0), (away, 1))
    )
    sun = framing.beside(0.2, rng)
    v = height_ramp(work)
    air = colour_ramp(np.clip(v / horizon, 0, 1), _AIR) * 0.80
    sky = _clouds(air, work, rng, horizon, sun)
    across = (np.linspace(0, 1, work[0], dtype=np.float32) - sun)[None] * work[0] / max(work)
    down = np.clip(1 / water.distance, 0, 1)  # sine of the ray's angle below the horizon
    facing = np.clip((down + away) / np.sqrt(1 + right**2 + away**2), 0.01, 1)
    mirror = (0.02 + 0.98 * (1 - facing) ** 5)[..., None]
    up = np.clip(down + 2 * away, 0.02, 1)[..., None]
    body = _DEEP + _GLEAM * (np.clip(0.35 + 1.4 * water.look_up(heights), 0, 1) ** 2)[..., None]
    sea = body * (1 - mirror) + mirror * colour_ramp(f32(1 - up), _AIR) * 0.80
    sea = sea + _glitter(water, right, away, f32(across), f32(down))[..., None] * np.array(
        [1.0, 0.93, 0.80], np.float32
    )
    haze = (1 - np.exp(-water.distance / 260))[..., None] * 0.75
    sea = sea * (1 - haze) + haze * np.array([0.40, 0.55, 0.68], np.float32)
    cover = water.cover[..., None]
    return SceneImage.of(film(resize(f32(sky * (1 - cover) + sea * cover), size) * 1.35))


def _finer(tile: Plane, water: relief.Ground, turn: int) -> Plane:
    """Ripples of which the swell's tile is too coarse to hold any, where they are near enough to be seen."""
    x, y = (f32(place * 9 % relief.TILE) for place in (water.column, water.row))
    places = (x, y) if turn else (y, x)
    taken = f32(cv2.remap(tile, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))
    return f32(taken * smoothstep(0.35, 0.06, water.blur))


def _clouds(air: Plane, size: Size, rng: Generator, horizon: float, sun: float) -> Plane:
    """A few fair-weather clouds low over the water."""
    field, near = deck(size, rng, horizon + 0.01, 0.22, 1.7)
    density = smoothstep(0.35, 1.7, field) * smoothstep(0.02, 0.2, near)
    light = shade(density, (sun, -0.2), 1.6)[..., None]
    cloud = np.array([0.46, 0.54, 0.63], np.float32) + light * np.array([0.50, 0.46, 0.40], np.float32)
    veil = (density * 0.85)[..., None]
    return f32(air * (1 - veil) + veil * cloud + glow(size, (sun, -0.05), 0.30) * 0.25)


def _swell(rng: Generator) -> Plane:
    """Heights of a tile by a wind-sea spectrum: long waves from one side, ever smaller ones from all about.

    Tessendorf, "Simulating Ocean Water" (2001), his eq. 40, with sharpened crests.
    """
    side = relief.TILE
    ky, kx = np.meshgrid(fft.fftfreq(side, 1 / side), fft.fftfreq(side, 1 / side), indexing="ij")
    length = np.hypot(kx, ky) + 1e-6
    wind = rng.uniform(-0.5, 0.5)
    along = (kx * np.sin(wind) + ky * np.cos(wind)) / length
    power = np.exp(-((12.0 / length) ** 2)) * length**-4.2 * (0.05 + along**4)
    power *= np.exp(-((length / 260) ** 2))
    white = fft.fft2(rng.standard_normal((side, side)))
    field = f32(np.real(fft.ifft2(white * np.sqrt(power))))
    field /= field.std()
    return f32(0.085 * (field + 0.10 * (field**2 - 1)))


def _glitter(water: relief.Ground, right: Plane, away: Plane, across: Plane, down: Plane) -> Plane:
    """The sun in every facet that is tilted just so: needed tilt against the slope, and its spread."""
    need_right = across * 0.9
    need_away = 0.24 - 0.5 * down
    miss = (right - need_right) ** 2 + ((away - need_away) * 0.8) ** 2
    spread = 0.0016 + 0.007 * smoothstep(1, 30, water.distance)
    sparkle = np.exp(-miss / spread)
    return f32(5.0 * sparkle + 0.5 * gaussian(f32(sparkle), 4))
