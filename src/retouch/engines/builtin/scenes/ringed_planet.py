"""A giant planet with rings among the stars; a moon beside it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line, unit
from retouch.engines.builtin.scenes.globe import globe
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film
from retouch.engines.builtin.stars import splat

_BANDS = (
    [(0.0, "6b4a2e"), (0.3, "b08a58"), (0.6, "dcc08c"), (0.8, "f0e0b8"), (1.0, "c99a66")],
    [(0.0, "2d4a78"), (0.3, "4f7fb0"), (0.6, "8fb8d0"), (0.8, "cfe0e6"), (1.0, "6a8fb8")],
    [(0.0, "6a2f3a"), (0.3, "a85a50"), (0.6, "d89a7a"), (0.8, "f0cfae"), (1.0, "b06a5a")],
)
_INNER, _OUTER = 1.28, 2.25  # of the planet's radius


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The planet hangs large on the freer side of the subject and reaches behind it."""
    scale = min(1.0, 1700 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    height = float(framing.lowest_clear(0.40, 0.30, 0.22))
    place = framing.beside(height, rng), height
    radius = rng.uniform(0.15, 0.19)
    sun = (rng.choice([-1.0, 1.0]) * 0.72, -0.35, 0.55)
    sky = _stars(work, rng)
    rings, along = _rings(work, rng, place, radius)
    shadow = _shadow(work, place, radius, sun)
    sheet = rings[..., :3] * shadow[..., None]
    behind = (along < 0)[..., None] * rings[..., 3:]
    picture = f32(sky * (1 - behind) + sheet * (along < 0)[..., None])
    stops = _BANDS[rng.integers(len(_BANDS))]
    ball = np.zeros_like(picture)
    cover = globe(ball, place, radius, _clouds(rng, stops), sun=sun, air=(0.16, 0.17, 0.20))
    bent = cv2.warpAffine(
        rings[..., 3], np.array([[1, 0, 0], [0, 1, -0.10 * radius * max(work)]], np.float32), work
    )
    ball = f32(ball * (1 - 0.55 * gaussian(f32(bent), radius * max(work) * 0.012) * cover)[..., None])
    picture = f32(picture * (1 - cover[..., None]) + ball)
    front = (along >= 0)[..., None]
    picture = f32(picture * (1 - rings[..., 3:] * front) + sheet * front)
    moon = (
        np.clip(place[0] - np.sign(place[0] - 0.5) * 0.34, 0.08, 0.92),
        np.clip(height + rng.uniform(-0.2, 0.25), 0.08, 0.9),
    )
    grey = f32(0.35 + 0.08 * fractal((256, 256), rng, 1.2))[..., None].repeat(3, 2)
    globe(picture, (float(moon[0]), float(moon[1])), 0.016, grey, sun=sun, air=(0.0, 0.0, 0.0))
    return SceneImage.of(film(resize(picture, size) * 1.35))


def _stars(size: Size, rng: Generator) -> Plane:
    """Strewn stars and faint coloured dust."""
    width, height = size
    unit_px = max(size) / 1024
    count = int(2600 * width * height / max(size) ** 2) + 8
    x, y = rng.random(count) * (width - 1), rng.random(count) * (height - 1)
    flux = np.minimum((rng.pareto(1.5, (count, 1)) + 0.2) * 0.10, 7.0) * unit_px**2
    warmth = rng.random((count, 1))
    tint = np.array([1.0, 0.82, 0.62]) * warmth + np.array([0.70, 0.84, 1.1]) * (1 - warmth)
    points = gaussian(splat(f32(x), f32(y), f32(flux * tint), (height, width)), 0.7 * unit_px)
    veil, fine = fractal((height, width), rng, 2.1), fractal((height, width), rng, 1.5)
    dust = unit(f32(veil + 0.4 * fine - 0.9))[..., None]
    hue = unit(fractal((height, width), rng, 2.4))[..., None]
    glow = dust * (hue * np.array([0.10, 0.030, 0.075]) + (1 - hue) * np.array([0.015, 0.050, 0.105]))
    return f32(points + 2.2 * gaussian(points, 4 * unit_px) * 0.3 + glow + np.array([0.002, 0.003, 0.007]))


def _clouds(rng: Generator, stops: list[tuple[float, str]]) -> Plane:
    """The planet's bands, torn at their borders: (512, 512, 3) linear."""
    side = 512
    line = 0.75 * fractal_line(side * 2, rng, 1.1)[:side] + 0.5 * fractal_line(side * 2, rng, 1.8)[:side]
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    bend = 5.5 * fractal((side, side), rng, 1.5, stretch=0.25) + 2.5 * np.sin(x / 17 + y / 9)
    tone = unit(f32(np.tile(line[:, None], (1, side))))
    torn = f32(cv2.remap(tone, x, y + f32(bend), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
    return colour_ramp(torn[..., None], stops)


def _rings(size: Size, rng: Generator, place: tuple[float, float], radius: float) -> tuple[Plane, Plane]:
    """A layer (H, W, 4) of light times cover, and cover; and where it lies before the planet (>= 0)."""
    width, height = size
    longer = max(size)
    tilt, turn = rng.uniform(0.16, 0.30), rng.uniform(-0.45, 0.45)
    gx, gy = grid(size)
    x, y = (gx - place[0]) * width / (radius * longer), (gy - place[1]) * height / (radius * longer)
    across, along = x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / tilt
    distance = f32(np.hypot(across, along))
    where = (distance - _INNER) / (_OUTER - _INNER)
    fine = np.clip(0.62 + 0.20 * fractal_line(1500, rng, 0.8) + 0.22 * fractal_line(1500, rng, 1.5), 0.04, 1)
    radii = np.linspace(0, 1, 1500)
    gap = 1 - 0.92 * np.exp(-(((radii - 0.66) / 0.022) ** 4)) - 0.5 * np.exp(-(((radii - 0.88) / 0.008) ** 4))
    profile = fine * np.clip(gap, 0, 1) * smoothstep(0, 0.05, f32(radii)) * smoothstep(1, 0.96, f32(radii))
    profile *= 0.35 + 0.65 * smoothstep(0.05, 0.35, f32(radii))
    cover = f32(np.interp(where, radii, profile, left=0, right=0))
    colour = colour_ramp(
        np.clip(where, 0, 1)[..., None], [(0.0, "8a7a68"), (0.4, "e0ccaa"), (0.7, "cdb898"), (1.0, "9a8c7c")]
    )
    return f32(np.concatenate([colour * cover[..., None] * 1.7, cover[..., None]], -1)), f32(along)


def _shadow(size: Size, place: tuple[float, float], radius: float, sun: tuple[float, float, float]) -> Plane:
    """The planet's shadow on its rings, away from the sun: (H, W), 1 in the light."""
    gx, gy = grid(size)
    longer = max(size)
    x, y = (gx - place[0]) * size[0] / (radius * longer), (gy - place[1]) * size[1] / (radius * longer)
    away = -np.array(sun[:2]) / np.hypot(*sun[:2])
    down, off = x * away[0] + y * away[1], np.abs(x * away[1] - y * away[0])
    dark = smoothstep(0.0, 0.3, f32(down)) * smoothstep(1.02, 0.92, f32(off))
    return f32(1 - 0.93 * dark)
