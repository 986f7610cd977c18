"""Painting a picture in the style of another: two nets, one that sees a style and one that paints in it.

Ghiasi et al., "Exploring the structure of a real-time, arbitrary neural artistic stylization network" (2017):
a style is a point in a space of 100 dimensions, and between the picture's own style and the other one lie
all strengths.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.nets import CompiledNet, compile_net

StyleVector: TypeAlias = "NDArray[np.float32]"  # (1, 1, 1, 100)

_SEEN = 256  # px: the first net sees a square of that side
_BLOCK = 4  # the second net halves its picture twice: sides are multiples of that
_LEAST = 16  # px: in less, the net has nothing to reflect at its borders


class StyleNets:
    """Both nets, loaded once, used for every picture of this process."""

    def __init__(self, predict: Path, transform: Path, cache_dir: Path | None, threads: int) -> None:
        any_size = {0: (1, -1, -1, 3), 1: (1, 1, 1, 100)}
        self._predict: CompiledNet = compile_net(predict, cache_dir=cache_dir, threads=threads, exact=True)
        self._transform: CompiledNet = compile_net(
            transform, cache_dir=cache_dir, threads=threads, shapes=any_size, exact=True
        )
        blank = np.zeros((_LEAST, _LEAST, 3), np.uint8)
        self.painted(f32(blank), self.seen(blank))  # code for a new shape is made at its first use

    def seen(self, rgb: NDArray[np.uint8]) -> StyleVector:
        """The style of ``rgb``, (H, W, 3) uint8 sRGB of any size."""
        square = cv2.resize(rgb, (_SEEN, _SEEN), interpolation=cv2.INTER_AREA)
        return self._predict(f32(square)[None] / f32(255))

    def painted(self, srgb: Plane, style: StyleVector) -> Plane:
        """``srgb``, (H, W, 3) float32 0..1, painted in ``style``: the same shape and range."""
        height, width = srgb.shape[:2]
        below, right = _missing(height), _missing(width)
        padded = cv2.copyMakeBorder(srgb, 0, below, 0, right, cv2.BORDER_REFLECT)
        answer = self._transform(f32(padded)[None], style)
        return f32(np.clip(answer[0, :height, :width], 0, 1))


def _missing(side: int) -> int:
    """Pixels that a side lacks to one that the second net takes."""
    return max(-side % _BLOCK, _LEAST - side)
