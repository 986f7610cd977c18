"""A city street on a wet night, out of focus: lit windows, neon signs, reflections on the asphalt."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)

STREET = 0.74  # height of the far end of the street
_NEON = tuple(
    np.array(rgb_hex(c), np.float32) for c in ("ff2d95", "00e5ff", "b026ff", "ff5e3a", "2f6bff", "ffd23f")
)
_SKY = [(0.0, "0b0a20"), (0.5, "2a1440"), (0.75, "5a2060"), (1.0, "3a1c50")]


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Two rows of houses along a street that runs into the picture, seen through a wide open lens."""
    del framing
    scale = min(1.0, 900 / max(size))
    small = (max(16, round(size[0] * scale)), max(16, round(size[1] * scale)))
    street = f32(np.tile(colour_ramp(height_ramp(small), _SKY) * 0.40, (1, small[0], 1)))
    vanish = rng.uniform(0.4, 0.6)
    for side in (-1, 1):
        _row_of_houses(street, rng, vanish, side)
    street = _wet_asphalt(street, rng)
    longer = max(small)
    bright = np.clip(street - 1.0, 0, None)
    seen = lens(street, longer * 0.0085) + 0.22 * gaussian(f32(bright), longer * 0.03)
    haze = gaussian(street, longer * 0.09)
    return SceneImage.of(film(resize(f32(0.85 * seen + 0.30 * haze), size) * 1.1))


def _row_of_houses(street: Plane, rng: Generator, vanish: float, side: int) -> None:
    """House fronts from far to near, drawn over each other on ``street``."""
    height, width = street.shape[:2]
    edges = np.geomspace(0.035, 0.75, 9)
    for near, far in zip(edges[1:], edges[:-1], strict=True):
        x0, x1 = (vanish + side * far) * width, (vanish + side * near) * width
        left, right = int(min(x0, x1)), int(max(x0, x1))
        if right < 0 or left >= width:
            continue
        tall = (0.10 + 1.15 * near) * rng.uniform(0.75, 1.25)
        top = int(max(0, (STREET - tall) * height))
        foot = int(min(height, (STREET + 0.12 * near) * height))
        columns = slice(max(0, left), min(width, right))
        street[top:foot, columns] = np.array([0.010, 0.009, 0.022], np.float32) * rng.uniform(0.8, 2.2)
        _windows(street, rng, (columns.start, top, columns.stop, foot), near)
        _signs(street, rng, (columns.start, top, columns.stop, foot), near)


def _windows(street: Plane, rng: Generator, box: tuple[int, int, int, int], near: float) -> None:
    left, top, right, foot = box
    cell = max(3, int(near * street.shape[0] * 0.075))
    warm, cold = np.array([1.0, 0.62, 0.28], np.float32), np.array([0.45, 0.75, 1.0], np.float32)
    for y in range(top + cell, foot - 2 * cell, int(cell * 1.6)):
        for x in range(left + 1, right - cell, int(cell * 1.35)):
            if rng.random() < 0.34:
                colour = warm if rng.random() < 0.7 else cold
                light = rng.uniform(0.15, 1.1)
                street[y : y + max(1, cell * 3 // 4), x : x + max(1, cell * 2 // 3)] = colour * light


def _signs(street: Plane, rng: Generator, box: tuple[int, int, int, int], near: float) -> None:
    """Upright and lying tubes of light, brighter than anything else."""
    left, top, right, foot = box
    size = near * street.shape[0]
    for _ in range(rng.integers(2, 5)):
        colour = _NEON[rng.integers(len(_NEON))] * rng.uniform(2.5, 7.0)
        x, y = (
            rng.integers(left, max(left + 1, right)),
            rng.integers(top + (foot - top) // 4, max(top + 1, foot)),
        )
        w, h = (0.035, 0.24) if rng.random() < 0.6 else (0.20, 0.045)
        corner = (int(x + w * size), int(min(y + h * size, foot)))
        thick = max(1, int(size * 0.012))
        cv2.rectangle(street, (int(x), int(y)), corner, tuple(float(c) for c in colour), thick)
        if rng.random() < 0.5:
            street[y : corner[1], x : corner[0]] += colour * 0.25


def _wet_asphalt(street: Plane, rng: Generator) -> Plane:
    """Mirror the houses in the street, smeared downward by the rough wet surface."""
    height, width = street.shape[:2]
    line = int(STREET * height)
    far = np.linspace(0, 1, height - line, dtype=np.float32)[:, None]
    ripple = fractal((height - line, width), rng, 1.3, stretch=0.35)
    rows = line - far * (height - line) * 1.25 + ripple * (1 + 10 * far) * height / 900
    columns = np.arange(width, dtype=np.float32)[None] + ripple * 2.5 * far * width / 900
    mirrored = cv2.remap(street, f32(columns), f32(rows), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    streaked = cv2.blur(mirrored, (3, max(3, int(height * 0.07)) | 1))
    patches = (0.35 + 0.35 * np.tanh(1.2 * fractal((height - line, width), rng, 1.7, stretch=0.5)))[..., None]
    out = street.copy()
    out[line:] = f32(mirrored * patches * 0.6 + streaked * 0.55) + np.array([0.006, 0.005, 0.012], np.float32)
    return out
