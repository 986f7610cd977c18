"""Low sun through a window on a plain wall: the shadow of its bars, and of leaves that stir before it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import stamps
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, rgb_hex

_WALL = np.array(rgb_hex("d9cfc2"), np.float32)
_SUN = np.array([1.32, 1.06, 0.74], np.float32)
_ROOM = np.array([0.255, 0.265, 0.300], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The patch of light lies aslant behind the subject."""
    scale = min(1.0, 1300 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    longer = max(work)
    light = _panes(work, rng, framing)
    leaves = _plant(work, rng)
    light = gaussian(light, longer * 0.0045) * (1 - 0.88 * gaussian(leaves, longer * 0.006))
    plaster = fractal(work[::-1], rng, 1.1)
    down, right = np.gradient(gaussian(plaster, 1.0)) if min(work) > 1 else (plaster, plaster)
    rough = np.clip(1 + 0.16 * (right + 0.6 * down), 0.6, 1.4)
    tint = 1 + 0.025 * fractal(work[::-1], rng, 2.0)
    x, y = grid(work)
    room = (
        _ROOM * (1.05 - 0.35 * np.hypot(x - 0.5, y - 0.4))[..., None]
        + 0.10 * gaussian(light, longer * 0.12)[..., None] * _SUN
    )
    wall = _WALL * tint[..., None] * (room + light[..., None] * rough[..., None] * _SUN * 0.72)
    return SceneImage.of(resize(f32(wall), size))


def _panes(size: Size, rng: Generator, framing: Framing) -> Plane:
    """Light through two by three panes, sheared as a low sun throws it: (H, W)."""
    width, height = size
    longer = max(size)
    middle = np.array([(framing.box[0] + framing.box[2]) / 2 * width, 0.42 * height])
    side = rng.choice([-1, 1])
    across = np.array([0.165, 0.045 * side]) * longer * rng.uniform(0.9, 1.2)
    downward = np.array([-0.05 * side, 0.190]) * longer * rng.uniform(0.9, 1.15)
    lit = np.zeros((height, width), np.float32)
    for column in range(-2, 2):
        for row in range(-2, 2):
            corner = middle + column * across * 1.10 + row * downward * 1.09
            pane = np.stack([corner, corner + across, corner + across + downward, corner + downward])
            cv2.fillPoly(lit, [np.round(pane * 16).astype(np.int32)], (1.0,), cv2.LINE_8, 4)
    return lit


def _plant(size: Size, rng: Generator) -> Plane:
    """The shadow of a few palm fronds: (H, W)."""
    longer = max(size)
    shadow = np.zeros((size[1], size[0]), np.float32)
    root = np.array([rng.choice([-0.02, 1.02]) * size[0], rng.uniform(0.55, 0.95) * size[1]])
    for _ in range(5):
        heading = np.arctan2(0.25 * size[1] - root[1], size[0] / 2 - root[0]) + rng.uniform(-0.7, 0.5)
        _frond(shadow, rng, root, heading, longer * rng.uniform(0.42, 0.62))
    return shadow


def _frond(shadow: Plane, rng: Generator, root: Plane, heading: float, length: float) -> None:
    """A bent stalk with narrow leaflets on either side."""
    point, bend = f32(root), rng.uniform(-0.05, 0.05)
    for step in range(26):
        heading += bend
        point = f32(point + np.array([np.cos(heading), np.sin(heading)]) * length / 26)
        for side in (-1, 1) if step > 5 else ():
            turn = heading + side * (1.05 - 0.5 * step / 26) + rng.normal(0, 0.06)
            reach = length * 0.30 * np.sin(np.pi * (step / 26) ** 0.8 * 0.92 + 0.12)
            tip = np.array([np.cos(turn), np.sin(turn)]) * reach
            spot = stamps.Flake(
                float(point[0] + tip[0] / 2),
                float(point[1] + tip[1] / 2),
                float(reach / 2),
                float(turn + np.pi / 2),
                0.0,
                f32([1, 1, 1]),
            )
            shape = stamps.leaf() * np.array([0.26, 1.0])
            cv2.fillPoly(shadow, [stamps.outline(spot, shape)], (1.0,), cv2.LINE_8, 4)
