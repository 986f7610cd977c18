"""Finding faces: MediaPipe's full-range detector, asked about the whole picture and about parts of it.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019); the full-range
model of 2021, weights under Apache-2.0. It sees 192 x 192 pixels, -1..1, in the picture's proportions on
black. For each of 48 x 48 cells of 4 pixels it says by how many pixels the middle of a face lies off the
cell's middle, how wide and high the face is, and how sure it is (a logit). These numbers are those of
``mediapipe/modules/face_detection/face_detection_full_range.pbtxt``: one layer, stride 4, anchors of unit
size, scales of 192.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.nets import CompiledNet, compile_net

_SIDE, _STRIDE = 192, 4
_LOGIT = 80.0  # beyond it the exponential of a float32 overflows
_SURE = 0.6  # of a face in the whole picture, as MediaPipe has it
_SURER = 0.72  # in a part of it or from afar, where more things resemble a face
_SAME = 0.3  # of the union: boxes that share more are one face
_PARTS = (2, 4, 8)  # along the shorter side
_INSIDE = 0.7  # of a box's area
_SMALLEST = 240  # px of a part's side: in less the net sees nothing more
_SHARED = 0.3  # of a part's side lies in the next one: a face on the border is whole in one of them


@dataclass(frozen=True, slots=True)
class Face:
    """A face's box, brow to chin, in pixels of the picture; ``score`` 0..1. It may reach over the border."""

    x: float
    y: float
    w: float
    h: float
    score: float


class FaceDetector:
    """One net, loaded once, used for every picture of this process."""

    def __init__(self, model: Path, cache_dir: Path | None, threads: int) -> None:
        self._net: CompiledNet = compile_net(model, cache_dir=cache_dir, threads=threads)

    def detect(self, rgb: NDArray[np.uint8]) -> tuple[Face, ...]:
        """The faces of ``rgb``, (H, W, 3) uint8 sRGB, the surest first.

        Its parts are looked at too: a face that is large enough to be known may be a speck in 192 pixels. One
        that fills the picture is too large for the net: where it finds none, it looks again from afar.
        """
        height, width = rgb.shape[:2]
        boxes = [self._ask(rgb, (0, 0, width, height), _SURE)]
        boxes += [self._ask(rgb, part, _SURER) for part in parts(width, height)]
        found = distinct(np.concatenate(boxes))
        return found or distinct(self._ask(rgb, (0, 0, width, height), _SURER, _SIDE // 4))

    def _ask(
        self, rgb: NDArray[np.uint8], part: tuple[int, int, int, int], least: float, border: int = 0
    ) -> Plane:
        """Boxes (N, 5): x, y, w, h in pixels of ``rgb``, score."""
        left, top, width, height = part
        square, scale = fitted(rgb[top : top + height, left : left + width], border)
        raw, logits = self._net.outputs(square[None], 2)
        found = decoded(raw[0], logits[0, :, 0], least)
        found[:, :2] -= border
        found[:, :4] /= scale
        found[:, :2] += np.array([left, top], np.float32)
        return found


def parts(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Overlapping squares (left, top, width, height) that cover a picture, none for a small one."""
    for count in _PARTS:
        side = round(min(width, height) / (count - (count - 1) * _SHARED))
        if side < _SMALLEST:
            return
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield left, top, min(side, width - left), min(side, height - top)


def _starts(length: int, side: int) -> list[int]:
    count = max(1, int(np.ceil((length - side) / (side * (1 - _SHARED)) - 0.05)) + 1)
    return [round(place) for place in np.linspace(0, max(length - side, 0), count)]


def fitted(rgb: NDArray[np.uint8], border: int = 0) -> tuple[Plane, float]:
    """The net's square (192, 192, 3), -1..1, and the scale of the picture in it: upper left, in a border."""
    height, width = rgb.shape[:2]
    scale = (_SIDE - 2 * border) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.full((_SIDE, _SIDE, 3), -1, np.float32)
    square[border : border + size[1], border : border + size[0]] = f32(
        cv2.resize(rgb, size, interpolation=method)
    ) / f32(127.5) - f32(1)
    return square, scale


def decoded(raw: Plane, logits: Plane, least: float) -> Plane:
    """The net's answer, (2304, 16) and (2304,), as boxes (N, 5): x, y, w, h in its pixels, score."""
    score = 1 / (1 + np.exp(-np.clip(logits, -_LOGIT, _LOGIT)))
    chosen = np.flatnonzero(score >= least)
    across = _SIDE // _STRIDE
    anchors = np.stack([chosen % across, chosen // across], -1) * _STRIDE + _STRIDE / 2
    size = np.maximum(raw[chosen, 2:4], 0)
    corner = anchors + raw[chosen, 0:2] - size / 2
    return f32(np.concatenate([corner, size, score[chosen, None]], -1))


def distinct(boxes: Plane) -> tuple[Face, ...]:
    """One face from all boxes that overlap with a surer one: their mean, weighted by score (BlazeFace 3.4).

    A part of the picture that cuts through a face shows half a face to the net: such a box lies in a larger
    one, and is left out.
    """
    left = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    merged = np.zeros((0, 5), np.float32)
    while len(left):
        common, union = _shared(left[0], left)
        same = common > _SAME * union
        same[0] = True
        mean = np.average(left[same], axis=0, weights=left[same, 4])
        merged = np.concatenate([merged, [[*mean[:4], left[0, 4]]]])
        left = left[~same]
    return tuple(Face(*(float(value) for value in box)) for box in merged if not _in_a_larger(box, merged))


def _in_a_larger(box: Plane, boxes: Plane) -> bool:
    common, _ = _shared(box, boxes)
    larger = boxes[:, 2] * boxes[:, 3] > box[2] * box[3]
    return bool((larger & (common > _INSIDE * box[2] * box[3])).any())


def _shared(box: Plane, boxes: Plane) -> tuple[Plane, Plane]:
    """Areas that a box has in common with each of ``boxes``, and of their unions."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[:2] + box[2:4], boxes[:, :2] + boxes[:, 2:4])
    common = f32(np.prod(np.clip(high - low, 0, None), -1))
    return common, f32(np.prod(boxes[:, 2:4], -1) + np.prod(box[2:4]) - common)
