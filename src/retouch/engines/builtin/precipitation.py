"""What falls: layers of rain streaks and of snowflakes, near and far."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.builtin.blur import Plane, disc, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal

Size = tuple[int, int]  # (width, height)


@dataclass(frozen=True, slots=True)
class Fall:
    """One layer of drops or flakes. Lengths are in 1024ths of the longer side.

    ``count``: in a square of 1024 by 1024. ``length``: of the way fallen while the shutter was open.
    ``radius``: of the thing itself, or of its circle of confusion. ``cover``: how opaque one is.
    ``near``: 0..1, how much of it falls in front of the subject.
    """

    count: float
    length: float
    radius: float
    cover: float
    near: float


# Near ones are few, long, wide and faint: the lens does not hold them sharp. Far ones make a veil.
RAIN = (
    Fall(count=5200, length=13, radius=0.35, cover=0.34, near=0.15),
    Fall(count=1500, length=30, radius=0.50, cover=0.42, near=0.6),
    Fall(count=300, length=66, radius=0.85, cover=0.40, near=1.0),
    Fall(count=42, length=130, radius=2.2, cover=0.20, near=1.0),
)
SNOW = (
    Fall(count=5200, length=1.0, radius=0.8, cover=0.75, near=0.12),
    Fall(count=1300, length=1.8, radius=1.5, cover=0.85, near=0.4),
    Fall(count=330, length=3.0, radius=2.7, cover=0.85, near=0.8),
    Fall(count=70, length=5.0, radius=6.5, cover=0.42, near=1.0),
    Fall(count=16, length=9.0, radius=15, cover=0.20, near=1.0),
)


def falling(fall: Fall, size: Size, lean: float, density: float, rng: np.random.Generator) -> Plane:
    """The cover of one layer, (h, w) 0..1.

    Args:
        fall: what the layer is made of.
        size: (width, height) of the plane.
        lean: degrees off the vertical.
        density: factor on the count.
        rng: the draw.
    """
    unit = max(size) / 1024
    total = np.zeros((size[1], size[0]), np.float32)
    for share, scale in ((0.45, 0.75), (0.35, 1.0), (0.2, 1.3)):
        stamp = _stamp(fall, unit * scale, lean + float(rng.normal(0, 1.2)))
        margin = max(stamp.shape)
        seeds = _seeds((size[0] + 2 * margin, size[1] + 2 * margin), share * density * fall.count, unit, rng)
        drawn = f32(cv2.filter2D(seeds, cv2.CV_32F, stamp, borderType=cv2.BORDER_CONSTANT))
        total = f32(1 - (1 - total) * (1 - np.clip(drawn[margin:-margin, margin:-margin], 0, 1)))
    gusts = resize(fractal((48, 48), rng, 1.6), size)
    return f32(total * fall.cover * np.clip(0.8 + 0.25 * gusts, 0.25, 1.2))


def _seeds(size: Size, count: float, unit: float, rng: np.random.Generator) -> Plane:
    """Points of uneven brightness at random places."""
    number = rng.poisson(count * size[0] * size[1] / (1024 * unit) ** 2)
    field = np.zeros((size[1], size[0]), np.float32)
    field[rng.integers(0, size[1], number), rng.integers(0, size[0], number)] = (
        rng.beta(2, 2.5, number) + 0.15
    )
    return field


def _stamp(fall: Fall, unit: float, lean: float) -> Plane:
    """One drop or flake with its way, peak 1, thinning out toward both ends of a long way."""
    radius, length = fall.radius * unit, fall.length * unit
    reach = int(np.ceil(length / 2 + 2 * radius + 2))
    side = 2 * reach + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    turn = np.radians(lean)
    along = x * f32(np.sin(turn)) + y * f32(np.cos(turn))
    across = x * f32(np.cos(turn)) - y * f32(np.sin(turn))
    beyond = np.maximum(np.abs(along) - f32(length / 2), 0)
    if fall.length > 10:
        thickness = max(radius, 0.45)
        fade = np.clip(1 - (np.abs(along) / f32(length / 2 + 1)) ** 2, 0, 1)
        stamp = np.exp(-(across**2 + beyond**2) / f32(2 * thickness**2)) * fade * min(1.0, radius / 0.45)
    elif radius > 4:
        stamp = f32(cv2.filter2D(disc(radius), -1, np.ones((max(1, round(length)), 1), np.float32)))
        stamp = np.pad(stamp, max(0, (side - max(stamp.shape)) // 2))
    else:
        soft = max(radius, 0.5)
        stamp = 1 - smoothstep(0.35 * soft, 1.3 * soft, f32(np.hypot(across, beyond)))
        stamp = stamp * min(1.0, radius / 0.5)
    peak = 1.0 if fall.length > 10 or radius <= 4 else float(stamp.max())
    return gaussian(f32(stamp / peak), 0.3)
