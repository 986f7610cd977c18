"""A Christmas tree close by and out of focus: dark needles, a chain of warm lights, baubles, gold."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import foliage
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film, rgb_hex

_NEEDLES = [(0.0, "020805"), (0.4, "07190e"), (0.75, "12351c"), (1.0, "2c5a30")]
_LAMPS = np.array([rgb_hex(c) for c in ("ffcf87", "ffb95e", "ffe2b0", "ffd59a")], np.float32)
_BAUBLES = tuple(np.array(rgb_hex(c), np.float32) for c in ("b01018", "c8141c", "d9a441", "e8c46a", "8f0c14"))


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Lights at two distances; the baubles hang where the subject does not hide all of them."""
    scale = min(1.0, 700 / max(size))  # nothing in it is sharper than that
    work = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    longer = max(work)
    boughs = 0.55 + 0.35 * fractal(work[::-1], rng, 1.7, 0.6)[..., None]
    picture = f32(foliage.distant_leaves(work, rng, _NEEDLES, longer * 0.009) * np.clip(boughs, 0.1, 2) * 1.6)
    everywhere = np.ones((8, 8), np.float32)
    far = foliage.discs(work, rng, _LAMPS, everywhere, count=110, radius=longer * 0.011, light=0.85)
    picture = f32(picture + far + 0.9 * gaussian(far, longer * 0.03))
    for _ in range(9):
        height = rng.uniform(0.05, 0.95)
        across = framing.beside(height, rng) if rng.random() < 0.6 else rng.random()
        place = (across + rng.uniform(-0.1, 0.1)) * work[0], height * work[1]
        _bauble(picture, place, longer * rng.uniform(0.026, 0.05), _BAUBLES[rng.integers(len(_BAUBLES))])
    picture = lens(picture, longer * 0.006)
    near = foliage.discs(work, rng, _LAMPS, everywhere, count=34, radius=longer * 0.024, light=0.6)
    picture = f32(picture + near + 0.5 * gaussian(near, longer * 0.04))
    return SceneImage.of(film(resize(picture, size) * 1.25))


def _bauble(picture: Plane, place: tuple[float, float], radius: float, colour: Plane) -> None:
    """A glass ball that mirrors the lamps: bright above, dark below, with a highlight; painted in place."""
    height, width = picture.shape[:2]
    x = (np.arange(width, dtype=np.float32)[None] - place[0]) / radius
    y = (np.arange(height, dtype=np.float32)[:, None] - place[1]) / radius
    distance = np.hypot(x, y)
    cover = cv2.GaussianBlur(f32(np.clip((1 - distance) * radius + 0.5, 0, 1)), (0, 0), radius * 0.10 + 0.3)
    depth = np.sqrt(np.clip(1 - distance**2, 0, 1))
    shade = 0.16 + 0.75 * np.clip(0.55 * depth - 0.45 * y - 0.25 * x, 0, 1)
    gleam = 1.6 * np.exp(-((x + 0.32) ** 2 + (y + 0.38) ** 2) / 0.035)
    ball = colour * shade[..., None] * 1.3 + gleam[..., None] * np.array([1.0, 0.86, 0.62], np.float32)
    picture[...] = picture * (1 - cover[..., None]) + ball * cover[..., None]
