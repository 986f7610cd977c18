"""Many small flat shapes, strewn about and seen through a lens: leaves, petals, snow, paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, lens, resize
from retouch.engines.builtin.scenes.scene import Size

Outline = NDArray[np.float64]  # (N, 2) corners about the origin, of radius about 1


@dataclass(frozen=True, slots=True)
class Flake:
    """One shape: ``x``, ``y``, ``radius`` in pixels; ``turn`` in the picture; ``tilt`` 0..1 flattens it."""

    x: float
    y: float
    radius: float
    turn: float
    tilt: float
    colour: Plane


def outline(flake: Flake, shape: Outline) -> NDArray[np.int32]:
    """The corners of a shape in the picture, in 1/16 pixels, as OpenCV draws them."""
    cos, sin = np.cos(flake.turn), np.sin(flake.turn)
    flat = shape * np.array([1.0, 1 - 0.85 * flake.tilt]) * flake.radius
    turned = flat @ np.array([[cos, sin], [-sin, cos]])
    corners: NDArray[np.int32] = np.round((turned + np.array([flake.x, flake.y])) * 16).astype(np.int32)
    return corners


def strew(size: Size, flakes: Sequence[Flake], shapes: Sequence[Outline]) -> Plane:
    """A layer (H, W, 4): light times cover, and cover; each flake is given the outlines in turn."""
    layer = np.zeros((size[1], size[0], 4), np.float32)
    for index, flake in enumerate(flakes):
        red, green, blue = (float(c) for c in flake.colour)
        corners = outline(flake, shapes[index % len(shapes)])
        cv2.fillPoly(layer, [corners], (red, green, blue, 1.0), lineType=cv2.LINE_8, shift=4)
    return layer


def over(picture: Plane, layer: Plane, blur: float) -> Plane:
    """Lay a layer, blurred by a lens of ``blur`` pixels (at least 1: no stairs), over a picture."""
    scale = min(1.0, 5 / max(blur, 1.0))
    height, width = layer.shape[:2]
    small = (
        resize(layer, (max(1, round(width * scale)), max(1, round(height * scale)))) if scale < 1 else layer
    )
    soft = lens(small, max(blur * scale, 1.0))
    if scale < 1:
        soft = resize(soft, (width, height))
    return f32(picture * (1 - soft[..., 3:]) + soft[..., :3])


def strewn(size: Size, rng: Generator, count: int, radius: float, colours: Plane) -> list[Flake]:
    """``count`` flakes anywhere in the picture, of random colours, turns and tilts."""
    x, y = rng.uniform(-0.05, 1.05, count) * size[0], rng.uniform(-0.05, 1.05, count) * size[1]
    radii = radius * np.exp(rng.normal(0, 0.3, count))
    picked = colours[rng.integers(len(colours), size=count)] * rng.uniform(0.75, 1.15, (count, 1))
    turns, tilts = rng.uniform(0, 2 * np.pi, count), rng.random(count)
    return [
        Flake(float(x[i]), float(y[i]), float(radii[i]), float(turns[i]), float(tilts[i]), f32(picked[i]))
        for i in range(count)
    ]


def maple() -> Outline:
    """A maple leaf: five lobes with teeth, and its stalk."""
    angle = np.linspace(-np.pi, np.pi, 180, endpoint=False)
    lobes = np.zeros_like(angle)
    for at, tall, wide in (
        (0, 1.0, 0.24),
        (0.85, 0.9, 0.22),
        (-0.85, 0.9, 0.22),
        (1.75, 0.58, 0.22),
        (-1.75, 0.58, 0.22),
    ):
        lobes = np.maximum(lobes, tall * np.exp(-(np.abs((angle - at) / wide) ** 1.25)))
    radius = 0.28 + 0.72 * lobes + 0.035 * np.sin(26 * angle) * lobes
    radius = np.where(np.abs(np.abs(angle) - np.pi) < 0.05, 0.85, radius)
    return np.stack([radius * np.sin(angle), -radius * np.cos(angle)], -1)


def leaf() -> Outline:
    """A plain pointed leaf, as of a beech."""
    t = np.linspace(0, 1, 24)
    half = 0.42 * np.sin(np.pi * t**0.85) ** 0.9
    side = np.stack([half, t * 2 - 1], -1)
    return np.concatenate([side, side[::-1] * np.array([-1, 1])])


def petal() -> Outline:
    """A cherry's petal: round, narrow at its foot, with a notch."""
    t = np.linspace(-1, 1, 31)
    tip = np.stack([0.62 * np.sin(t * np.pi / 2) * (1 - 0.10 * t**2), -0.55 + 0.50 * np.abs(t) ** 2.6], -1)
    tip[:, 1] += 0.16 * np.exp(-((t / 0.16) ** 2))
    return np.concatenate([tip, np.array([[0.10, 0.85], [-0.10, 0.85]])])


def disc_outline(corners: int = 20) -> Outline:
    """A round shape."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], -1)
