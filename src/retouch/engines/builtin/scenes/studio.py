"""Seamless paper in a photo studio: it rolls from the wall to the floor without an edge; one soft light."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import f32, smoothstep
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, rgb_hex

_PAPER = rgb_hex("d6d6d4")


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The light's pool lies behind the subject; the floor comes forward a little brighter than the bend."""
    paper = np.array(framing.color or _PAPER, np.float32)
    x, y = grid(size)
    left, top, right, bottom = framing.box
    middle = (left + right) / 2 + rng.uniform(-0.06, 0.06)
    height = top + (bottom - top) * rng.uniform(0.30, 0.45)
    aspect = size[1] / size[0]
    distance = np.hypot(x - middle, (y - height) * aspect)
    pool = np.exp(-((distance / 0.62) ** 2))
    bend = float(np.clip(bottom - 0.12, 0.55, 0.84))
    floor = smoothstep(bend - 0.10, bend + 0.22, f32(y))
    crease = np.exp(-(((y - bend) / 0.09) ** 2))
    light = (0.58 + 0.50 * pool) * (1 + 0.10 * floor - 0.06 * crease)
    return SceneImage.of(f32(paper * light[..., None]))
