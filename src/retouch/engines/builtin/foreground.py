"""True foreground colours: what the subject alone would look like where the old background shines through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, box, resize
from retouch.engines.builtin.operation import Matte

# Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): a wide pass finds colours for pixels
# far from any certain one, a narrow one sharpens them. Radii for a picture of about 1024 px.
_WIDE, _NARROW = 90, 6
_TINY = np.float32(1e-5)


def foreground_colours(linear: Plane, matte: Matte) -> Plane:
    """The unmixed foreground of ``linear``.

    Args:
        linear: (H, W, 3) float32, linear sRGB, 0..1.
        matte: (H, W) float32, 0..1.

    Returns:
        (H, W, 3) float32, linear sRGB, 0..1; equal to ``linear`` where the matte is 1.
    """
    alpha = matte[..., None]
    front, back = _wide_pass(linear, matte)
    front, back = _local_means(front, back, alpha, _NARROW)
    estimate = front + alpha * (linear - alpha * front - (1 - alpha) * back)
    return np.asarray(np.where(alpha >= 1, linear, np.clip(estimate, 0, 1)), np.float32)


def _wide_pass(linear: Plane, matte: Matte) -> tuple[Plane, Plane]:
    """First pass, on a quarter of the size: its radius is far wider than a pixel of that."""
    height, width = matte.shape
    small = (max(1, width // 4), max(1, height // 4))
    colour, alpha = resize(linear, small), resize(matte, small)[..., None]
    front, back = _local_means(colour, colour, alpha, _WIDE // 4)
    front = np.clip(front + alpha * (colour - alpha * front - (1 - alpha) * back), 0, 1)
    return resize(np.asarray(front, np.float32), (width, height)), resize(back, (width, height))


def _local_means(front: Plane, back: Plane, alpha: NDArray[np.float32], radius: int) -> tuple[Plane, Plane]:
    """Means of the foreground weighted by alpha, and of the background by its complement."""
    mean_alpha = box(alpha, radius).reshape(alpha.shape)
    mean_front = box(front * alpha, radius) / (mean_alpha + _TINY)
    mean_back = box(back * (1 - alpha), radius) / (1 - mean_alpha + _TINY)
    return np.asarray(mean_front, np.float32), np.asarray(mean_back, np.float32)
