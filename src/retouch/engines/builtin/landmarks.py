"""Points of a face: MediaPipe's mesh, fitted twice, the second time with the eyes level.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019), weights
under Apache-2.0. It sees 192 x 192 pixels, 0..1, of one face in a square of 1.5 times its box, and says where
468 points lie in it and how sure it is that there is a face (a logit). Which point is what stands in
MediaPipe's ``face_mesh_connections.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.nets import CompiledNet, compile_net

_SIDE, _POINTS = 192, 468
_AROUND = 1.5  # of a face's longer side
_LEAST = 0.0  # logit

_OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
_LIPS: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_EYES: Final = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
_BROWS: Final = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
_NOSTRILS: Final = (98, 97, 2, 326, 327, 460, 328, 94, 99, 240)
_CORNERS: Final = ((33, 133), (362, 263))  # of each eye


@dataclass(frozen=True, slots=True)
class Landmarks:
    """A fitted face: ``points`` (468, 2) float32, x and y in pixels of the picture."""

    points: Plane

    @property
    def oval(self) -> Plane:
        """The face's outline, brow to chin, (N, 2)."""
        return self.points[list(_OVAL)]

    @property
    def eyes(self) -> tuple[Plane, ...]:
        """The rims of the lids, one outline an eye."""
        return tuple(self.points[list(each)] for each in _EYES)

    @property
    def features(self) -> tuple[Plane, ...]:
        """Outlines of all that is no skin: eyes, brows, lips, nostrils."""
        return (*self.eyes, *(self.points[list(each)] for each in (*_BROWS, _LIPS, _NOSTRILS)))

    @property
    def width(self) -> float:
        """What everything is measured by, in pixels: the outline's width, or in profile 0.8 of its height."""
        across, down = np.ptp(self.oval, axis=0)
        return float(max(across, 0.8 * down))


class LandmarkNet:
    """One net, loaded once, used for every face of this process."""

    def __init__(self, model: Path, cache_dir: Path | None, threads: int) -> None:
        self._net: CompiledNet = compile_net(model, cache_dir=cache_dir, threads=threads)

    def fit(self, rgb: NDArray[np.uint8], face: Face) -> Landmarks | None:
        """The points of ``face`` in ``rgb``, (H, W, 3) uint8 sRGB; None where the net sees no face there."""
        middle = np.array([face.x + face.w / 2, face.y + face.h / 2], np.float32)
        points = self._look(rgb, _square(middle, _AROUND * max(face.w, face.h), 0.0))
        if points is None:
            return None
        low, high = points.min(0), points.max(0)
        points = self._look(
            rgb, _square((low + high) / 2, _AROUND * float((high - low).max()), _lean(points))
        )
        return None if points is None else Landmarks(points)

    def _look(self, rgb: NDArray[np.uint8], square: Plane) -> Plane | None:
        """Points (468, 2) in the picture. ``square`` maps pixels of the net to those of the picture."""
        seen = cv2.warpAffine(
            rgb, square, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=(0, 0, 0)
        )
        found, logit = self._net.outputs(f32(f32(seen) / 255)[None], 2)
        if float(logit.ravel()[0]) < _LEAST:
            return None
        points = found.reshape(_POINTS, 3)[:, :2]
        return f32(points @ square[:, :2].T + square[:, 2])


def _square(middle: Plane, side: float, turn: float) -> Plane:
    """(2, 3): from the net's pixels to those of a square about ``middle``, turned by radians."""
    scale = side / _SIDE
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    return f32(np.column_stack([linear, middle - linear @ np.full(2, _SIDE / 2, np.float32)]))


def _lean(points: Plane) -> float:
    """By how many radians the line through the eyes is turned clockwise."""
    one, other = (points[list(corners)].mean(0) for corners in _CORNERS)
    across, down = other - one
    return float(np.arctan2(down, across))
