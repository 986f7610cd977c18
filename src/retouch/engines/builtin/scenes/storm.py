"""A thunderstorm: a heavy deck with torn edges, rain in the distance, lightning to the ground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, smoothstep
from retouch.engines.builtin.scenes.landscape import deck, glow, ridge, shade, soft_noise
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

HORIZON = 0.86
_AIR = [(0.0, "171c26"), (0.45, "2c3440"), (0.75, "56616a"), (0.95, "98a09a"), (1.0, "b5b5a2")]
_FLASH = np.array([0.80, 0.80, 1.15], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The bolt strikes on the freer side of the subject and lights the clouds about its root."""
    root = framing.beside(0.35, rng), rng.uniform(0.10, 0.22)
    v = height_ramp(size)
    sky = colour_ramp(np.clip(v / HORIZON, 0, 1), _AIR) * 0.75
    field, near = deck(size, rng, HORIZON + 0.02, 0.24, 1.65)
    belly = smoothstep(-1.4, 1.8, field)
    light = shade(belly, (root[0], 1.1), 2.2)
    cloud = (0.012 + 0.16 * light[..., None] ** 1.7) * np.array([0.82, 0.95, 1.12], np.float32)
    veil = (smoothstep(-1.9, -0.1, field) * smoothstep(0.02, 0.26, near) * 0.96)[..., None]
    sky = sky * (1 - veil) + veil * cloud
    flash = (glow(size, root, 0.10) * 0.9 + glow(size, root, 0.30) * 0.25) * (
        0.25 + 0.9 * belly[..., None] ** 2
    )
    sky = sky + flash * _FLASH * 0.8
    rain = smoothstep(-0.3, 1.5, soft_noise(size, rng, 1.7, 3.0)[..., 0])[..., None]
    rain = rain * smoothstep(0.45, 0.8, v) * 0.35
    sky = sky * (1 - rain) + rain * np.array([0.13, 0.15, 0.17], np.float32)
    sky = sky + _bolt(size, rng, root)
    hill = ridge(size, rng, HORIZON + 0.02, 0.010)
    return SceneImage.of(film(f32(sky * (1 - hill) + hill * np.array([0.010, 0.012, 0.014]))))


def _bolt(size: Size, rng: Generator, root: tuple[float, float]) -> Plane:
    """The channel, its branches and its glare: (H, W, 3)."""
    width, height = size
    unit = max(size) / 1024
    start = np.array([root[0] * width, root[1] * height])
    end = np.array([(root[0] + rng.uniform(-0.10, 0.10)) * width, (HORIZON + 0.01) * height])
    plane = np.zeros((height, width), np.float32)
    trunk = _jagged(start, end, rng)
    _stroke(plane, trunk, 2.6 * unit, 1.0)
    for at in rng.choice(np.arange(8, len(trunk) - 20), 6, replace=False):
        ahead = trunk[-1] - trunk[at]
        turn = rng.choice([-1, 1]) * rng.uniform(0.35, 0.9)
        way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ ahead
        _stroke(plane, _jagged(trunk[at], trunk[at] + way * rng.uniform(0.2, 0.55), rng), 1.1 * unit, 0.4)
    core = gaussian(plane, 0.6 * unit)
    glare = 0.7 * gaussian(plane, 4 * unit) + 1.3 * gaussian(plane, 22 * unit)
    return f32(core[..., None] * np.array([5, 5, 6]) + glare[..., None] * _FLASH * 1.6)


def _jagged(start: NDArray[np.float64], end: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
    """Midpoint displacement, six times: (65, 2) points."""
    points = np.stack([start, end])
    for _ in range(6):
        step = points[1:] - points[:-1]
        normal = np.stack([-step[:, 1], step[:, 0]], -1)
        middle = (points[1:] + points[:-1]) / 2 + normal * rng.normal(0, 0.16, (len(step), 1))
        merged = np.empty((len(points) + len(middle), 2))
        merged[0::2], merged[1::2] = points, middle
        points = merged
    return points


def _stroke(plane: Plane, points: NDArray[np.float64], thick: float, light: float) -> None:
    """A line that thins toward its end."""
    whole = np.round(points * 16).astype(np.int32)
    for index in range(len(whole) - 1):
        part = 1 - 0.6 * index / len(whole)
        ends = whole[index].tolist(), whole[index + 1].tolist()
        cv2.line(plane, *ends, light * part, max(1, round(thick * part)), cv2.LINE_8, 4)
