"""Autumn: a golden wood out of focus, and maple leaves that fall through its light."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.scenes import foliage, stamps
from retouch.engines.builtin.scenes.landscape import glow, grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film, rgb_hex

_WOOD = [
    (0.0, "3a1a0c"),
    (0.3, "7d3510"),
    (0.5, "b85a14"),
    (0.7, "dd8a22"),
    (0.88, "f2b845"),
    (1.0, "ffdf8f"),
]
_LEAVES = np.array(
    [rgb_hex(c) for c in ("c8371b", "e0621a", "f0951f", "f7bd33", "a32614", "d9771c")], np.float32
)
_SUN = np.array([rgb_hex(c) for c in ("fff0c0", "ffd98a", "ffc45e")], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun stands behind the wood; the ground is covered with what has fallen."""
    scale = min(1.0, 1200 / max(size))
    small = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    longer = max(small)
    x, y = grid(small)
    sun = framing.beside(0.25, rng), rng.uniform(0.15, 0.30)
    light = glow(small, sun, 0.30)
    wood = foliage.distant_leaves(small, rng, _WOOD, longer * 0.016) * (0.55 + 1.5 * light)
    wood = _trunks(wood, rng)
    ground = foliage.distant_leaves(small, rng, _WOOD[1:5], longer * 0.007) * (0.50 + 0.5 * light)
    floor = smoothstep(0.74, 0.84, f32(y + 0 * x))[..., None]
    picture = f32(wood * (1 - floor) + ground * floor)
    above = f32(smoothstep(0.80, 0.35, f32(y)) * (0.25 + light[..., 0]))
    for radius, count in ((0.012, 150), (0.022, 70), (0.034, 26)):
        picture = picture + foliage.discs(
            small, rng, _SUN, above, count=count, radius=radius * longer, light=0.9
        )
    picture = foliage.bloom(f32(picture + light**2 * _SUN[1] * 0.6), 0.4)
    picture = gaussian(picture, longer * 0.004)
    for radius, count, blur in ((0.013, 26, 0.0022), (0.026, 12, 0.0012), (0.060, 4, 0.011)):
        flakes = stamps.strewn(small, rng, count, radius * longer, _LEAVES)
        picture = stamps.over(
            picture, stamps.strew(small, flakes, (stamps.maple(), stamps.leaf())), blur * longer
        )
    return SceneImage.of(film(resize(picture, size) * 1.2))


def _trunks(wood: Plane, rng: Generator) -> Plane:
    """A few dark stems far behind."""
    height, width = wood.shape[:2]
    stems = np.zeros(width, np.float32)
    for place in rng.random(7):
        thick = rng.uniform(0.006, 0.018) * width
        stems = np.maximum(
            stems, np.exp(-(((np.arange(width) - place * width) / thick) ** 4)) * rng.uniform(0.4, 0.8)
        )
    shade = gaussian(f32(np.tile(stems, (height, 1))), max(width, height) * 0.008)[..., None]
    return f32(wood * (1 - 0.8 * shade))
