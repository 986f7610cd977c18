"""Keeping what a mask protects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEATHER: Final = 1 / 200  # of the longer side: seen as a soft edge, not as a halo
_OPAQUE: Final = 255


def keep_outside(
    before: NDArray[np.uint8], after: NDArray[np.uint8], mask: NDArray[np.uint8], *, feather: bool = True
) -> NDArray[np.uint8]:
    """``after`` inside ``mask``, ``before`` outside, byte for byte; the feather lies inside the mask.

    ``before`` and ``after``: (H, W, 3|4) uint8 sRGB; ``mask``: (H, W) uint8, 255 = may be edited. Without
    ``feather`` all inside the mask is ``after``: where something was removed up to the mask's rim, a mix
    would bring a ghost of it back.
    """
    before, after = _same_channels(before, after)
    if not feather:
        return np.where(mask[..., None] == 0, before, after)
    weight = _feathered(mask)[..., None]
    mixed = before + (after.astype(np.float32) - before) * weight
    return np.where(mask[..., None] == 0, before, np.rint(mixed).astype(np.uint8))


def _feathered(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    radius = max(1, round(max(mask.shape) * _FEATHER))
    inside = cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, 3)
    ramp = np.clip(inside / radius, 0, 1).astype(np.float32)
    weight: NDArray[np.float32] = ramp * (mask.astype(np.float32) / np.float32(_OPAQUE))
    return weight


def _same_channels(
    first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    channels = max(first.shape[2], second.shape[2])
    return _with_channels(first, channels), _with_channels(second, channels)


def _with_channels(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    if pixels.shape[2] == channels:
        return pixels
    return np.dstack([pixels, np.full(pixels.shape[:2], _OPAQUE, np.uint8)])
