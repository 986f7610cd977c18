"""OpenCV's filters on float32 planes, typed, with the borders that pictures want."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float32]  # (H, W) or (H, W, C)
Indices: TypeAlias = NDArray[np.intp]  # (N,)

_REMAP_ROW = 1024


def f32(values: Any) -> Plane:
    """As float32: numpy's arithmetic forgets it now and then, and so does its typing."""
    return np.asarray(values, np.float32)


def box(plane: Plane, radius: int) -> Plane:
    """Mean over a square of side ``2 radius + 1``."""
    side = 2 * radius + 1
    return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101), np.float32)


def gaussian(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur. Wide ones run at a reduced size, where nobody can see the difference."""
    if sigma < 0.2:
        return plane
    height, width = plane.shape[:2]
    step = int(min(sigma / 4, min(height, width) / 16))
    if step < 2:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)
    small = resize(plane, (max(1, width // step), max(1, height // step)))
    small = np.asarray(
        cv2.GaussianBlur(small, (0, 0), sigma / step, borderType=cv2.BORDER_REPLICATE), np.float32
    )
    return resize(small, (width, height))


def resize(plane: Plane, size: tuple[int, int]) -> Plane:
    """To ``(width, height)``: area means on the way down, cubic on the way up."""
    shrinking = size[0] * size[1] < plane.shape[0] * plane.shape[1]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(plane, size, interpolation=method), np.float32)


def enlarged(plane: Plane, size: tuple[int, int], rows: slice) -> Plane:
    """The given rows of ``plane`` resized to ``size`` (width, height): large planes never exist whole."""
    height, width = plane.shape[:2]
    if (width, height) == size:
        return plane[rows]
    sx, sy = width / size[0], height / size[1]
    back = np.array([[sx, 0, sx / 2 - 0.5], [0, sy, (rows.start + 0.5) * sy - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    shape = (size[0], rows.stop - rows.start)
    return f32(cv2.warpAffine(plane, back, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def sampled(plane: Plane, size: tuple[int, int], y: Indices, x: Indices) -> Plane:
    """Some pixels of ``plane`` resized to ``size`` (width, height): (N, C) for their rows and columns, (N,).

    A rim is a few hundredths of a picture: enlarging all of it to look at the rim alone would be waste.
    """
    height, width = plane.shape[:2]
    count = -(-len(y) // _REMAP_ROW) * _REMAP_ROW  # remap takes no side over 32,767
    across, down = np.zeros(count, np.float32), np.zeros(count, np.float32)
    across[: len(x)] = (x + 0.5) * (width / size[0]) - 0.5
    down[: len(y)] = (y + 0.5) * (height / size[1]) - 0.5
    maps = across.reshape(-1, _REMAP_ROW), down.reshape(-1, _REMAP_ROW)
    if not count:
        return np.empty((0, plane.shape[2]), np.float32)
    found = cv2.remap(plane, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return f32(found.reshape(count, -1)[: len(y)])


def strips(height: int, thick: int = 256) -> Iterator[slice]:
    """Rows in bundles: what works on them needs memory for one bundle only."""
    for top in range(0, height, thick):
        yield slice(top, min(top + thick, height))


@lru_cache(maxsize=16)
def disc(radius: float) -> Plane:
    """A lens' circle of confusion, antialiased, of sum 1. A little brighter at its rim, as in real glass."""
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    distance = np.hypot(x, y)
    weight = np.clip(radius + 0.5 - distance, 0, 1) * (1 + 0.25 * (distance / max(radius, 1)) ** 3)
    return np.asarray(weight / weight.sum(), np.float32)


def lens(plane: Plane, radius: float) -> Plane:
    """Blur as an open lens does: every point becomes a disc. Give it linear light."""
    if radius < 0.5:
        return plane
    return np.asarray(cv2.filter2D(plane, -1, disc(radius), borderType=cv2.BORDER_REFLECT_101), np.float32)


def smoothstep(low: float, high: float, value: Plane) -> Plane:
    """Hermite step from 0 at ``low`` to 1 at ``high`` (``low`` may be the larger)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
