"""Taking haze out: the darkest channel nearby tells how much air lies between.

He, Sun and Tang, "Single image haze removal using dark channel prior" (2011), and their guided filter (2013).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.atmosphere import sky_of, small_size
from retouch.engines.builtin.blur import Plane, enlarged, f32, strips
from retouch.engines.builtin.colour import to_float, to_uint8

_WORK = 720  # px of the longer side: haze is smooth
_LEAST = 0.25  # transmission: less would only bring up noise
_SKY = 0.75  # transmission of the sky: no darker than this


@dataclass(frozen=True, slots=True)
class Veil:
    """``thickness`` (h, w) 0..1: the air's part of a place's light; ``air`` (3,) sRGB; ``amount`` 0..1."""

    thickness: Plane
    air: Plane
    amount: float

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> Veil:
        """Measure the haze in (H, W, 3) uint8 sRGB; the sky counts as clear, or it would turn dark."""
        size = small_size(rgb.shape, _WORK)
        photo = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        small = to_float(photo)
        sky = sky_of(photo, np.zeros(photo.shape[:2], np.float32))
        radius = max(1, round(max(photo.shape) / 60))
        air = _air(small, _dark(small, radius))
        dark = np.clip(_dark(f32(small / air), radius), 0, 1)
        thickness = _smooth(dark, small, radius)
        ground = sky < 0.5
        amount = float(np.quantile(thickness[ground], 0.25)) if ground.any() else 0.0
        thickness = f32(
            np.where(sky > 0, thickness * (1 - sky) + np.minimum(thickness, 1 - _SKY) * sky, thickness)
        )
        return cls(thickness, air, amount)


def _dark(picture: Plane, radius: int) -> Plane:
    lowest = np.minimum(np.minimum(picture[..., 0], picture[..., 1]), picture[..., 2])
    return f32(cv2.erode(lowest, np.ones((2 * radius + 1, 2 * radius + 1))))


def _air(picture: Plane, dark: Plane) -> Plane:
    """The light of the haze itself: the mean of the haziest hundredth, no brighter than white."""
    count = max(1, dark.size // 100)
    haziest = np.argpartition(dark.ravel(), -count)[-count:]
    air = picture.reshape(-1, 3)[haziest].mean(0)
    # The air is nearly grey: a strong colour here is a thing, not haze.
    return f32(np.clip(0.7 * air + 0.3 * air.mean(), 0.35, 1.0))


def _smooth(plane: Plane, guide: Plane, radius: int) -> Plane:
    if min(plane.shape) < 3:
        return plane
    return f32(np.clip(cv2.ximgproc.guidedFilter(guide, plane, 4 * radius, 1e-3), 0, 1))


def dehazed(
    rgb: NDArray[np.uint8], strength: float, progress: Callable[[float], None], veil: Veil | None = None
) -> NDArray[np.uint8]:
    """``rgb`` with ``strength`` 0..1 of its haze taken out, up to 95 %; its brightness is mostly kept."""
    veil = Veil.of(rgb) if veil is None else veil
    progress(0.4)
    size = (rgb.shape[1], rgb.shape[0])
    result = np.empty_like(rgb)
    lift = _lift(rgb, veil, strength)
    for rows in strips(rgb.shape[0]):
        clear = np.clip(1 - 0.95 * strength * enlarged(veil.thickness, size, rows), _LEAST, 1)[..., None]
        scene = np.clip((to_float(rgb[rows]) - veil.air * (1 - clear)) / clear, 0, 1)
        result[rows] = to_uint8(f32(scene ** f32(lift)))
        progress(0.4 + 0.6 * rows.stop / rgb.shape[0])
    return result


def _lift(rgb: NDArray[np.uint8], veil: Veil, strength: float) -> float:
    """The gamma that gives back most of the brightness that went with the haze."""
    height, width = veil.thickness.shape
    small = to_float(np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
    clear = np.clip(1 - 0.95 * strength * veil.thickness, _LEAST, 1)[..., None]
    before = float(small.mean())
    after = float(np.clip((small - veil.air * (1 - clear)) / clear, 0, 1).mean())
    wanted = np.clip(0.6 * before + 0.4 * after, 0.02, 0.98)
    return float(np.clip(np.log(wanted) / np.log(np.clip(after, 0.02, 0.98)), 0.6, 1.0))
