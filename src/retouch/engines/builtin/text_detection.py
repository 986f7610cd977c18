"""Finding lines of text: the PP-OCR detector, a net that says of each pixel whether it lies in the core of a
line.

Liao et al., "Real-time Scene Text Detection with Differentiable Binarization" (2020): the map is cut at a
threshold, each connected piece gets the smallest rectangle around it, turned as it likes, and this is grown
back by area * ratio / perimeter, as lines were shrunk for training. Thresholds and ratio are those published
with the weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.nets import CompiledNet, compile_net

Corners: TypeAlias = "NDArray[np.float32]"  # (4, 2) x, y: upper left, upper right, lower right, lower left

_SHORTER, _LONGER = 736, 1600  # px: what the net is shown has at least, or at most
_STRIDE = 32
_CORE, _SURE = 0.3, 0.5  # of a pixel, and of the mean over a rectangle
_GROWN = 1.6  # unclip ratio
_THINNEST = 3.0  # px of the net's picture
_MOST = 400  # lines; more is texture


class TextDetector:
    """One net, loaded once."""

    def __init__(self, model: Path, cache_dir: Path | None, threads: int) -> None:
        self._net: CompiledNet = compile_net(model, cache_dir=cache_dir, threads=threads)

    def detect(self, rgb: NDArray[np.uint8]) -> list[tuple[Corners, float]]:
        """Lines of text in ``rgb``, (H, W, 3) uint8 sRGB, and how sure the net is of each, 0..1."""
        tensor, scale = prepared(rgb)
        return lines_of(self._net(tensor)[0, 0], scale)


def prepared(rgb: NDArray[np.uint8]) -> tuple[Plane, tuple[float, float]]:
    """The net's input (1, 3, h, w), BGR, -1..1; and how many pixels of ``rgb`` one of it is, in x and y."""
    height, width = rgb.shape[:2]
    scale = max(1.0, _SHORTER / min(height, width))
    scale = min(scale, _LONGER / max(height, width))
    size = tuple(max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown = f32(cv2.resize(rgb, size, interpolation=method))[..., ::-1]
    tensor = np.ascontiguousarray((shown / f32(127.5) - f32(1)).transpose(2, 0, 1)[None])
    return tensor, (width / size[0], height / size[1])


def lines_of(likely: Plane, scale: tuple[float, float]) -> list[tuple[Corners, float]]:
    """The rectangles in the net's map (h, w), 0..1, in pixels of the picture."""
    core = cv2.dilate((likely > _CORE).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:_MOST]:
        middle, (across, down), angle = cv2.minAreaRect(contour)
        sure = _mean_within(likely, np.asarray(contour, np.int32))
        if min(across, down) < _THINNEST or sure < _SURE:
            continue
        by = across * down * _GROWN / (2 * (across + down))
        grown = cv2.boxPoints((middle, (across + 2 * by, down + 2 * by), angle))
        found.append((f32(in_reading_order(f32(grown)) * np.array(scale, np.float32)), sure))
    return found


def _mean_within(likely: Plane, contour: NDArray[np.int32]) -> float:
    x, y, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [contour], -1, 1, cv2.FILLED, offset=(-x, -y))
    return float(cv2.mean(likely[y : y + height, x : x + width], inside)[0])


def in_reading_order(corners: Corners) -> Corners:
    """Corners of a rectangle from the upper left around; a line leans by less than 45 degrees, or stands."""
    order = np.argsort(np.arctan2(*(corners - corners.mean(0)).T[::-1]))  # around, clockwise as y points down
    turned = corners[order]
    first = int(np.argmin(turned.sum(1)))
    return f32(np.roll(turned, -first, axis=0))
