"""What the completion of a small picture has found, carried out on the large one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.completion import Level, nearest
from retouch.engines.builtin.seams import Indices, correction


class Patchwork:
    """Copies as sharp as the picture, corrected by what the level says of their seams."""

    def __init__(self, level: Level) -> None:
        hole = level.layer.hole
        inside = nearest(hole)
        self._origin, self._scale = f32(level.layer.origin), f32(level.layer.scale)
        self._last = np.array(hole.shape) - 1
        self._mend = correction(level.layer.picture, hole, level.rows, level.columns)[inside]
        moved = np.stack([level.rows, level.columns], -1) - np.moveaxis(np.indices(hole.shape), 0, -1)
        self._moved = np.round(moved[inside] / self._scale)

    def pixels(self, rgb: NDArray[np.uint8], y: Indices, x: Indices) -> Plane:
        """Pixels of the hole at the picture's own size: (N, 3) sRGB 0..1.

        Each, at row ``y`` and column ``x``, (N,), of ``rgb``, (H, W, 3) uint8 sRGB, mixes what its four
        nearest offsets say. Places outside of ``rgb`` may be asked for.
        """
        own = f32(np.stack([y, x], -1))
        place = (own + f32(0.5)) * self._scale - f32(0.5) + self._origin
        low = np.floor(place)
        total = np.zeros((len(own), 3), np.float32)
        for corner in np.array([(0, 0), (0, 1), (1, 0), (1, 1)]):
            weight = f32(np.abs(1 - corner - (place - low)).prod(-1, keepdims=True))
            row, column = np.clip((low + corner).astype(np.intp), 0, self._last).T
            source = own + self._moved[row, column]
            total += weight * (_copied(rgb, source) + self._mend[row, column])
        return total


def _copied(rgb: NDArray[np.uint8], places: Plane) -> Plane:
    """The colours of ``rgb`` at whole places (N, 2), mirrored at its borders: (N, 3) sRGB 0..1."""
    last = np.array(rgb.shape[:2]) - 1
    y, x = (last - np.abs(last - np.abs(places.astype(np.intp)))).clip(0).T
    return to_float(rgb[y, x])
