"""Enlarging by a net, tile by tile: any picture in the memory of one tile, without a seam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, smoothstep
from retouch.engines.builtin.colour import to_float, to_uint8

MARGIN = 24  # px about a tile: SPAN looks 21 px far, so what is inside is as if there were no tiles
_TILE = 208  # px: with its margins a tile takes 0.3 GB; smaller ones take longer for the whole
_OVER = 0.04  # how far a new pixel may go beyond its old neighbours
_SPARKS = (0.4, 0.7)  # how far it went: of a photo hardly ever more than the first, and then it is in doubt
_CALM = 0.5


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
    """A part with its margins, enlarged; the margins are cut off.

    Of hard graphics (letters, lines of one pixel) the net makes sparks far outside of all colours. There it
    is asked again about a picture of half the contrast, and where it sparks still, interpolation stands.
    """
    small = to_float(around)
    plain = _stretched(small, net.factor, cv2.INTER_CUBIC)
    made, doubt = _held(net(small), around, net.factor)
    if doubt.any():
        part = _about(doubt, net.factor)
        large = tuple(_times(each, net.factor) for each in part)
        calmer = 0.5 + (net(f32(0.5 + (small[part] - 0.5) * _CALM)) - 0.5) / np.float32(_CALM)
        again, despair = _held(calmer, around[part], net.factor)
        made[large] += doubt[large] * (again + despair * (plain[large] - again) - made[large])
    inner = slice(MARGIN * net.factor, -MARGIN * net.factor)
    return f32(plain + np.float32(detail) * (made - plain))[inner, inner]


def _about(doubt: Plane, factor: int) -> tuple[slice, slice]:
    """Rows and columns of the small picture that the doubt, (h, w, 1), is about, with margins."""
    spans = []
    for axis in (1, 0):
        places = np.flatnonzero(doubt[..., 0].any(axis)) // factor
        length = doubt.shape[1 - axis] // factor
        spans.append(slice(max(int(places[0]) - MARGIN, 0), min(int(places[-1]) + MARGIN + 1, length)))
    return spans[0], spans[1]


def _held(made: Plane, around: NDArray[np.uint8], factor: int) -> tuple[Plane, Plane]:
    """Softly between the darkest and the brightest old pixel about each new one, and where it was not at all.

    The net overshoots where a camera or a JPEG has sharpened already: white specks and rims. The second,
    (h, w, 1), is 0 there and 1 where it went so far that nothing about it is to be believed.
    """
    neighbours = np.ones((3, 3), np.uint8)
    low = _stretched(to_float(np.asarray(cv2.erode(around, neighbours), np.uint8)), factor, cv2.INTER_LINEAR)
    high = _stretched(
        to_float(np.asarray(cv2.dilate(around, neighbours), np.uint8)), factor, cv2.INTER_LINEAR
    )
    inside = np.clip(made, low, high)
    beyond = np.abs(made - inside)
    reach = np.ones((4 * factor + 1,) * 2, np.uint8)
    worst = gaussian(f32(cv2.dilate(beyond.max(-1), reach)), factor)
    held = inside + np.sign(made - inside) * _OVER * (1 - np.exp(-beyond / _OVER))
    return f32(held), smoothstep(*_SPARKS, worst)[..., None]


def _stretched(plane: Plane, factor: int, method: int) -> Plane:
    return f32(cv2.resize(plane, None, fx=factor, fy=factor, interpolation=method))
