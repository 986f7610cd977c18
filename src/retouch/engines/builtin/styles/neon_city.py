"""A neon city by night, out of focus: towers with lit windows, signs, haze. Drawn, never photographed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.surface import blur, clouds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture

_LONG = 720  # the city is out of focus: it is drawn at this long side


@dataclass(frozen=True, slots=True)
class Neon:
    """The colours of one night, linear light: the light from the left and from the right, signs, sky."""

    left: tuple[float, float, float]
    right: tuple[float, float, float]
    signs: tuple[tuple[float, float, float], ...]
    sky: tuple[float, float, float]
    horizon: tuple[float, float, float]


@dataclass(slots=True)
class _Drawing:
    """Surfaces and lights apart, so that only lights bloom."""

    walls: Picture
    lights: Picture


def draw(shape: tuple[int, int], neon: Neon, rng: np.random.Generator, focus: float) -> Picture:
    """The city in linear light, (H, W, 3). ``focus`` 0 is bokeh only, 1 shows the skyline."""
    scale = _LONG / max(shape)
    height, width = max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale))
    drawing = _Drawing(_sky((height, width), neon, rng), np.zeros((height, width, 3), np.float32))
    for depth in (0.15, 0.5, 1.0):
        _row_of_towers(drawing, depth, neon, rng)
    _signs(drawing.lights, neon, rng)
    spread = 1.2 + (1 - focus) * 9
    lights = _defocus(drawing.lights, spread)
    glow = 0.5 * blur(drawing.lights, 14) + 0.7 * blur(drawing.lights, 45)
    picture = blur(drawing.walls, 0.8 + (1 - focus) * 10) + 1.3 * (lights + glow)
    full = cv2.resize(picture, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.maximum(full, 0).astype(np.float32)


def _sky(shape: tuple[int, int], neon: Neon, rng: np.random.Generator) -> Picture:
    down = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    fog = np.clip(1 + 0.35 * clouds(shape, rng, 1.5), 0.2, 2)
    low = np.exp(-(((down - 0.72) / 0.3) ** 2)) * fog
    across = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :, None]
    sides = (
        np.asarray(neon.left, np.float32) * (1 - across) ** 2 + np.asarray(neon.right, np.float32) * across**2
    )
    glow = 0.7 * np.asarray(neon.horizon, np.float32) + 0.22 * sides
    sky = np.asarray(neon.sky, np.float32) * (0.5 + 0.5 * down * fog)[..., None]
    return np.asarray(sky + glow * low[..., None], np.float32)


def _row_of_towers(drawing: _Drawing, depth: float, neon: Neon, rng: np.random.Generator) -> None:
    """One depth of the skyline; farther rows are hazier, narrower and lower in contrast."""
    height, width = drawing.walls.shape[:2]
    haze = np.asarray(neon.horizon, np.float32) * 0.55 + np.asarray(neon.sky, np.float32)
    wall = haze * (1 - depth) * 0.8 + np.array([0.004, 0.005, 0.012], np.float32)
    x = -int(rng.integers(0, 18))
    while x < width:
        span = int(rng.integers(26, 50) * (0.7 + 0.9 * depth))
        # Taller towers stand towards the sides: the middle is where the subject and the street are.
        aside = abs((x + span / 2) / width - 0.5) * 2
        rise = rng.uniform(0.18, 0.5) + 0.32 * aside * depth + 0.1 * (1 - depth)
        top = int(height * (0.8 - rise))
        drawing.walls[max(top, 0) :, max(x, 0) : x + span] = wall
        drawing.lights[max(top, 0) :, max(x, 0) : x + span] *= 0.12
        _windows(drawing.lights, (x, top, span), depth, neon, rng)
        x += span + int(rng.integers(-4, 26) * (1.2 - 0.5 * depth))


def _windows(
    lights: Picture, tower: tuple[int, int, int], depth: float, neon: Neon, rng: np.random.Generator
) -> None:
    x, top, span = tower
    cell = 4 + round(3 * depth)
    rows, columns = (lights.shape[0] - top) // cell, span // cell - 1
    if rows < 2 or columns < 1:
        return
    lit = rng.random((rows, columns)) < rng.uniform(0.06, 0.3)
    warm = np.array([1.0, 0.62, 0.3], np.float32)
    tints = np.array([warm, neon.left, neon.right, [0.6, 0.8, 1.0]], np.float32)
    colour = tints[rng.choice(4, p=[0.35, 0.25, 0.2, 0.2], size=(rows, columns))]
    panes = colour * (lit * rng.uniform(0.15, 0.9, (rows, columns)) * (0.3 + 0.5 * depth))[..., None]
    for row, column in zip(*np.nonzero(lit), strict=True):
        y0, x0 = top + 2 + row * cell, x + 2 + column * cell
        if x0 >= 0 and y0 >= 0:
            lights[y0 : y0 + cell // 2, x0 : x0 + cell - 2] = panes[row, column]


def _signs(lights: Picture, neon: Neon, rng: np.random.Generator) -> None:
    """Upright signs with strokes like writing, and a few lying ones."""
    height, width = lights.shape[:2]
    for i in range(int(rng.integers(11, 16))):
        side = rng.uniform(0, 0.34) if i % 2 else rng.uniform(0.66, 1)
        x, y = int(side * width), int(rng.uniform(0.12, 0.66) * height)
        colour = np.asarray(neon.signs[int(rng.integers(len(neon.signs)))], np.float32)
        glyph, count = int(rng.integers(9, 24)), int(rng.integers(3, 6))
        upright = rng.random() < 0.75
        for k in range(count):
            dx, dy = (0, k * (glyph + 3)) if upright else (k * (glyph + 3), 0)
            _glyph(lights, (x + dx, y + dy), glyph, colour * np.float32(rng.uniform(1.3, 3.0)), rng)


def _glyph(
    lights: Picture, at: tuple[int, int], size: int, colour: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """A made-up letter of three to five straight strokes."""
    x, y = at
    tint = tuple(float(c) for c in colour)
    for _ in range(int(rng.integers(3, 6))):
        a = rng.integers(0, size, 2)
        b = a.copy()
        b[int(rng.integers(2))] = int(rng.integers(0, size))
        cv2.line(lights, (int(x + a[0]), int(y + a[1])), (int(x + b[0]), int(y + b[1])), tint, 1 + size // 10)


def _defocus(lights: Picture, radius: float) -> Picture:
    """A lens out of focus: every light becomes a disc, a little brighter at its rim."""
    size = max(1, round(radius))
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    distance = np.hypot(x, y) / (radius + 0.3)
    disc = np.clip((1 - distance) * radius + 0.5, 0, 1) * (0.7 + 0.5 * distance**3)
    kernel = (disc / disc.sum()).astype(np.float32)
    return np.asarray(cv2.filter2D(lights, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)
