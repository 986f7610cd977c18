"""Enlarging by a net, tile by tile: any picture in the memory of one tile, without a seam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.colour import to_float, to_uint8

MARGIN = 24  # px about a tile: SPAN looks 21 px far, so what is inside is as if there were no tiles
_TILE = 208  # px: with its margins a tile takes 0.3 GB; smaller ones take longer for the whole
_OVER = 0.04  # how far a new pixel may go beyond its old neighbours


class Enlarger(Protocol):
    """A net that makes a picture ``factor`` times larger."""

    factor: int

    def __call__(self, rgb: Plane) -> Plane:
        """(H, W, 3) float32 sRGB 0..1 -> (H * factor, W * factor, 3)."""


def enlarged(
    rgb: NDArray[np.uint8],
    net: Enlarger,
    detail: float,
    progress: Callable[[float], None],
    tile: int = _TILE,
) -> NDArray[np.uint8]:
    """``rgb``, (H, W, 3) uint8 sRGB, ``net.factor`` times larger.

    ``detail`` is how much is the net's, 0..1, the rest being cubic interpolation; above 1 it is more than the
    net's. A grey picture stays grey.
    """
    height, width = rgb.shape[:2]
    grey = bool((rgb[..., :1] == rgb).all())
    padded = cv2.copyMakeBorder(rgb, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REFLECT_101)
    out = np.empty((height * net.factor, width * net.factor, 3), np.uint8)
    places = list(tiles(width, height, tile))
    for done, (rows, columns) in enumerate(places):
        around = padded[rows.start : rows.stop + 2 * MARGIN, columns.start : columns.stop + 2 * MARGIN]
        made = _tile(np.asarray(around, np.uint8), net, detail)
        if grey:
            made = f32(np.broadcast_to(made.mean(-1, keepdims=True), made.shape))
        out[_times(rows, net.factor), _times(columns, net.factor)] = to_uint8(made)
        progress((done + 1) / len(places))
    return out


def tiles(width: int, height: int, tile: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of parts of nearly one size that together are the picture."""
    for rows in _cuts(height, tile):
        for columns in _cuts(width, tile):
            yield rows, columns


def _cuts(length: int, tile: int) -> list[slice]:
    count = -(-length // tile)
    ends = [length * index // count for index in range(count + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


def _times(part: slice, factor: int) -> slice:
    return slice(part.start * factor, part.stop * factor)


def _tile(around: NDArray[np.uint8], net: Enlarger, detail: float) -> Plane:
    """A part with its margins, enlarged; the margins are cut off."""
    small = to_float(around)
    made = _held(net(small), around, net.factor)
    plain = _stretched(small, net.factor, cv2.INTER_CUBIC)
    inner = slice(MARGIN * net.factor, -MARGIN * net.factor)
    return f32(plain + np.float32(detail) * (made - plain))[inner, inner]


def _held(made: Plane, around: NDArray[np.uint8], factor: int) -> Plane:
    """Softly between the darkest and the brightest of the old pixels about each new one.

    The net overshoots where a camera or a JPEG has sharpened already: white specks and rims.
    """
    neighbours = np.ones((3, 3), np.uint8)
    low = _stretched(to_float(np.asarray(cv2.erode(around, neighbours), np.uint8)), factor, cv2.INTER_LINEAR)
    high = _stretched(
        to_float(np.asarray(cv2.dilate(around, neighbours), np.uint8)), factor, cv2.INTER_LINEAR
    )
    inside = np.clip(made, low, high)
    beyond = made - inside
    return f32(inside + np.sign(beyond) * _OVER * (1 - np.exp(-np.abs(beyond) / _OVER)))


def _stretched(plane: Plane, factor: int, method: int) -> Plane:
    return f32(cv2.resize(plane, None, fx=factor, fy=factor, interpolation=method))
