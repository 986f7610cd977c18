"""A planet as a lit ball, with or without air."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.builtin.blur import Plane, f32, smoothstep
from retouch.engines.builtin.scenes.landscape import grid

_HALO = 1.3  # radii: beyond it the air's light is less than a thousandth


def globe(
    picture: Plane,
    place: tuple[float, float],
    radius: float,
    surface: Plane,
    *,
    sun: tuple[float, float, float],
    air: tuple[float, float, float],
) -> Plane:
    """Paint a ball over ``picture`` (H, W, 3) linear, in place.

    Args:
        picture: scene light.
        place: of its middle, 0..1 from the left and the top.
        radius: of the longer side.
        surface: (h, w, 3) linear, wrapped over the side that is seen.
        sun: direction to it: right, down, toward the viewer.
        air: linear RGB of a thin veil of scattered light at the lit limb.

    Returns:
        The ball's coverage, (H, W) float32, antialiased.
    """
    height, width = picture.shape[:2]
    longer = max(width, height)
    cover = np.zeros((height, width), np.float32)
    rows, columns = _about(place[1], height, radius * longer), _about(place[0], width, radius * longer)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return cover
    picture = picture[rows, columns]
    gx, gy = grid((width, height))
    gx, gy = gx[:, columns], gy[rows]
    x, y = (gx - place[0]) * width / (radius * longer), (gy - place[1]) * height / (radius * longer)
    square = f32(x**2 + y**2)
    z = np.sqrt(np.maximum(1 - square, 0))
    toward = np.array(sun) / np.linalg.norm(sun)
    shine = x * toward[0] + y * toward[1] + z * toward[2]
    side_y, side_x = surface.shape[:2]
    u = (0.5 + np.arcsin(np.clip(x / np.sqrt(np.maximum(1 - y**2, 1e-4)), -1, 1)) / np.pi * 0.9) * (
        side_x - 1
    )
    v = (0.5 + np.arcsin(np.clip(y, -1, 1)) / np.pi * 0.95) * (side_y - 1)
    skin = cv2.remap(surface, f32(u), f32(v + 0 * u), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    day = smoothstep(-0.06, 0.55, f32(shine))[..., None]
    veil = np.clip(1 - z, 0, 1)[..., None] ** 2.2
    ball = skin * day * 1.25 + np.array(air, np.float32) * (0.10 + 0.75 * veil) * day
    distance = np.sqrt(square)
    edge = np.clip((1 - distance) * radius * longer + 0.5, 0, 1)
    halo = np.exp(-np.maximum(distance - 1, 0) / 0.035) * smoothstep(-0.35, 0.5, f32(shine))
    picture += f32((halo * (1 - edge))[..., None] * np.array(air) * 0.35)
    picture[...] = picture * (1 - edge[..., None]) + ball * edge[..., None]
    cover[rows, columns] = edge
    return cover


def _about(place: float, side: int, radius: float) -> slice:
    """The pixels of one side that the ball and the light about it reach."""
    reach = radius * _HALO + 2
    return slice(max(0, int(place * side - reach)), min(side, int(place * side + reach) + 1))
