"""A library's wall of books, far out of focus: shelves, spines in old colours, a few lamps."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import foliage
from retouch.engines.builtin.scenes.landscape import glow
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film, rgb_hex

_SPINES = np.array(
    [
        rgb_hex(c)
        for c in (
            *("5b1f1a", "7a2e22", "8c4a2a", "a9793f", "c9a86a", "d9c7a0", "2c3b2a", "3f5238"),
            *("1f2c3f", "35506b", "4a3628", "2a211c", "e4d9c2", "6b5a48", "912f2a", "1d3a3c"),
        )
    ],
    np.float32,
)
_WOOD = np.array(rgb_hex("4a2c18"), np.float32)
_LAMPS = np.array([rgb_hex(c) for c in ("ffd79a", "ffbe6e", "ffe8c4")], np.float32)
_SHELF = 0.17  # from one shelf to the next, of the longer side
_BOARD = 0.11  # of that, the thickness of a board


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The lamp stands on the freer side of the subject."""
    scale = min(1.0, 620 / max(size))  # nothing in it is sharper than that
    work = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    longer = max(work)
    lamp = framing.beside(0.35, rng), rng.uniform(0.1, 0.3)
    wall = _shelves(work, rng, longer * _SHELF * rng.uniform(0.9, 1.15))
    light = 0.42 + 1.15 * glow(work, lamp, 0.34) + 0.06 * fractal(work[::-1], rng, 2.2)[..., None]
    picture = f32(wall * light * np.array([1.12, 0.98, 0.80], np.float32))
    soft = lens(picture, longer * 0.011)
    band = f32(np.exp(-(((np.linspace(0, 1, 32) - lamp[1]) / 0.16) ** 2)))[:, None].repeat(2, 1)
    soft = soft + foliage.discs(work, rng, _LAMPS, band, count=9, radius=longer * 0.026, light=0.75)
    soft = f32(soft + 0.25 * gaussian(soft, longer * 0.05))
    return SceneImage.of(film(resize(soft, size) * 1.35))


def _shelves(size: Size, rng: Generator, pitch: float) -> Plane:
    """Shelf over shelf of books: (H, W, 3), linear RGB, evenly lit."""
    width, height = size
    wall = np.tile(_WOOD * 0.16, (height, width, 1))
    start = rng.uniform(-1, 0) * pitch
    bays = width / max(1, round(width / (pitch * 4.2)))
    for top in np.arange(start, height, pitch):
        foot = top + pitch * (1 - _BOARD)
        _row(wall, rng, pitch, foot, width)
        _fill(wall, (top + pitch * (1 - _BOARD), top + pitch), (0, width), _WOOD)
        _fill(wall, (foot + pitch * _BOARD * 0.6, foot + pitch * _BOARD), (0, width), _WOOD * 0.4)
    shift = rng.uniform(0, bays)
    for left in np.arange(shift - bays, width + bays, bays):
        _fill(wall, (0, height), (left, left + pitch * 0.10), _WOOD * 0.9)
    return f32(wall)


def _row(wall: Plane, rng: Generator, pitch: float, foot: float, width: int) -> None:
    """Books side by side, in runs of like ones, with a gap now and then."""
    at = 0.0
    while at < width:
        if rng.random() < 0.10:
            at += pitch * rng.uniform(0.15, 0.6)
            continue
        tall, thick = pitch * rng.uniform(0.55, 0.82), pitch * rng.uniform(0.09, 0.22)
        colour = _SPINES[rng.integers(len(_SPINES))]
        for _ in range(rng.integers(1, 5)):
            shade = colour * rng.uniform(0.6, 1.25)
            top = foot - tall * rng.uniform(0.94, 1.0)
            _fill(wall, (top, foot), (at, at + thick * 0.9), shade)
            _fill(wall, (top + 0.18 * tall, top + 0.26 * tall), (at, at + thick * 0.9), shade * 1.7 + 0.03)
            at += thick


def _fill(wall: Plane, rows: tuple[float, float], columns: tuple[float, float], colour: Plane) -> None:
    (top, bottom), (left, right) = (
        (max(0, round(low)), max(0, round(high))) for low, high in (rows, columns)
    )
    wall[top:bottom, left:right] = colour
