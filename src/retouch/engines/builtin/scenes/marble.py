"""Polished white marble: clouds of grey and fine veins that branch and fade."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, rgb_hex

_STONE = np.array(rgb_hex("f1efec"), np.float32)
_CLOUD = np.array(rgb_hex("c3c4c6"), np.float32)
_VEIN = np.array(rgb_hex("6d7076"), np.float32)
_GOLD = np.array(rgb_hex("a98a5a"), np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """A slab that fills the picture, its veins aslant, under a broad soft light; things may lie on it."""
    del framing
    scale = min(1.0, 1500 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    longer = max(work)
    bend = [fractal(work[::-1], rng, slope) for slope in (2.1, 2.1, 1.4)]
    slant = rng.choice([-1, 1]) * rng.uniform(0.5, 1.1)
    cloud = unit(f32(_bent(fractal(work[::-1], rng, 1.7), bend, slant, 0.05 * longer) - 0.35))
    stone = _STONE * (1 - 0.62 * cloud[..., None]) + _CLOUD * 0.62 * cloud[..., None]
    for slope, thin, strength, reach in (
        (2.0, 0.050, 0.75, 0.10),
        (1.75, 0.030, 0.55, 0.07),
        (1.55, 0.022, 0.35, 0.05),
    ):
        field = _bent(fractal(work[::-1], rng, slope), bend, slant, reach * longer)
        fade = smoothstep(-0.4, 1.4, fractal(work[::-1], rng, 2.0))
        vein = np.exp(-np.abs(field) / thin) + 0.30 * np.exp(-np.abs(field) / (thin * 5))
        amount = np.clip(vein * fade * strength, 0, 0.9)[..., None]
        warm = (0.35 * unit(bend[2]))[..., None]
        stone = stone * (1 - amount) + amount * (_VEIN * (1 - warm) + _GOLD * warm)
    x, y = grid(work)
    light = 0.80 + 0.22 * np.exp(-(((x - rng.uniform(0.25, 0.75)) / 0.55) ** 2) - ((y - 0.25) / 0.6) ** 2)
    return SceneImage.of(resize(f32(stone * light[..., None]), size))


def _bent(field: Plane, bend: list[Plane], slant: float, reach: float) -> Plane:
    """A field sheared aslant and displaced by two others."""
    height, width = field.shape
    x, y = np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]
    columns = x + slant * y * 0.7 + bend[0] * reach + bend[2] * reach * 0.15
    rows = 0.55 * y - slant * 0.2 * x + bend[1] * reach
    return gaussian(
        f32(cv2.remap(field, f32(columns), f32(rows), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)), 0.7
    )
