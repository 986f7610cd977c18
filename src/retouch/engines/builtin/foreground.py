"""True foreground colours: what the subject alone would look like where the old background shines through."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Indices, Plane, box, f32, resize, sampled
from retouch.engines.builtin.colour import decode
from retouch.engines.builtin.operation import Matte

# Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): a wide pass finds colours for pixels
# far from any certain one, a narrow one sharpens them. Radii for the reduced picture that it works on.
_WIDE, _NARROW = 90, 6
_PROXY = 1024
_TINY = np.float32(1e-5)


@dataclass(frozen=True, slots=True)
class Unmixer:
    """The mean colours of the foreground and of the background about every pixel, kept small.

    ``front`` and ``back`` are (h, w, 3) float32, linear sRGB, stretched over the picture.
    """

    front: Plane
    back: Plane

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], matte: Matte) -> Unmixer:
        """Look at a picture, (H, W, 3) uint8 sRGB, and its matte, (H, W) float32.

        Means are smooth: the narrow pass runs at half the size, the wide one at an eighth.
        """
        height, width = matte.shape
        scale = min(1.0, _PROXY / max(height, width))
        half = _part(width, scale / 2), _part(height, scale / 2)
        tiny = _part(width, scale / 8), _part(height, scale / 8)
        colour, alpha = decode(_shrunk(rgb, half)), resize(matte, half)[..., None]
        small, small_alpha = resize(colour, tiny), resize(matte, tiny)[..., None]
        front, back = _local_means(small, small, small_alpha, _WIDE // 8)
        front, back = resize(front, half), resize(back, half)
        front = f32(np.clip(front + alpha * (colour - alpha * front - (1 - alpha) * back), 0, 1))
        return cls(*_local_means(front, back, alpha, _NARROW // 2))

    def unmix(self, photo: NDArray[np.uint8], matte: Matte, rows: slice, y: Indices, x: Indices) -> Plane:
        """The foreground's own colours of some pixels of a strip.

        Args:
            photo: (H, W, 3) uint8 sRGB, the picture that :meth:`of` looked at.
            matte: (H, W) float32, 0..1, its matte.
            rows: the strip.
            y: the pixels' rows within the strip, (N,).
            x: their columns, (N,).

        Returns:
            (N, 3) float32, linear sRGB, 0..1; the photograph's own where the matte is 1.
        """
        size = (matte.shape[1], matte.shape[0])
        ours, theirs = (sampled(plane, size, y + rows.start, x) for plane in (self.front, self.back))
        colours, alpha = decode(photo[rows][y, x]), matte[rows][y, x][:, None]
        mixed = np.clip(ours + alpha * (colours - alpha * ours - (1 - alpha) * theirs), 0, 1)
        return f32(np.where(alpha >= 1, colours, mixed))


def _part(side: int, scale: float) -> int:
    return max(1, round(side * scale))


def _shrunk(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _local_means(front: Plane, back: Plane, alpha: Plane, radius: int) -> tuple[Plane, Plane]:
    """Means of the foreground weighted by alpha, and of the background by its complement."""
    mean_alpha = box(alpha, radius).reshape(alpha.shape)
    mean_front = box(front * alpha, radius) / (mean_alpha + _TINY)
    mean_back = box(back * (1 - alpha), radius) / (1 - mean_alpha + _TINY)
    return f32(mean_front), f32(mean_back)
