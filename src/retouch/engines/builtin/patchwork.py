"""What the completion of a small picture has found, carried out on the large one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.completion import Level, nearest
from retouch.engines.builtin.seams import Indices, correction

_AT_ONCE = 2**18  # pixels: rendering needs memory for so many only


def rendered(rgb: NDArray[np.uint8], level: Level, y: Indices, x: Indices) -> Plane:
    """Pixels of the hole at the picture's own size: (N, 3) sRGB 0..1.

    Each pixel, at row ``y`` and column ``x``, (N,), of ``rgb``, (H, W, 3) uint8 sRGB, mixes what its four
    nearest offsets say: copies as sharp as the picture, corrected by what the level says of their seams.
    Places outside of ``rgb`` may be asked for.
    """
    origin, scale = f32(level.layer.origin), f32(level.layer.scale)
    hole = level.layer.hole
    inside = nearest(hole)
    mend = correction(level.layer.picture, hole, level.rows, level.columns)[inside]
    moved = np.stack([level.rows, level.columns], -1) - np.moveaxis(np.indices(hole.shape), 0, -1)
    moved = np.round(moved[inside] / scale)
    result = np.empty((len(y), 3), np.float32)
    for start in range(0, len(y), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        own = f32(np.stack([y[part], x[part]], -1))
        place = (own + f32(0.5)) * scale - f32(0.5) + origin
        low = np.floor(place)
        total = np.zeros((len(own), 3), np.float32)
        for corner in np.array([(0, 0), (0, 1), (1, 0), (1, 1)]):
            weight = f32(np.abs(1 - corner - (place - low)).prod(-1, keepdims=True))
            cell = np.clip((low + corner).astype(np.intp), 0, np.array(hole.shape) - 1).T
            source = own + moved[cell[0], cell[1]]
            total += weight * (_copied(rgb, source) + mend[cell[0], cell[1]])
        result[part] = total
    return result


def _copied(rgb: NDArray[np.uint8], places: Plane) -> Plane:
    """The colours of ``rgb`` at whole places (N, 2), mirrored at its borders: (N, 3) sRGB 0..1."""
    last = np.array(rgb.shape[:2]) - 1
    y, x = (last - np.abs(last - np.abs(places.astype(np.intp)))).clip(0).T
    return to_float(rgb[y, x])
