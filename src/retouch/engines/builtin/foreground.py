"""True foreground colours: what the subject alone would look like where the old background shines through."""

from __future__ import annotations

import numpy as np

from retouch.engines.builtin.blur import Plane, box, f32, resize
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
        (H, W, 3) float32, linear sRGB, 0..1; equal to ``linear`` where the matte is 0 or 1.
    """
    front, back = _surroundings(linear, matte)
    band = (matte > 0) & (matte < 1)
    alpha, colour = matte[band][:, None], linear[band]
    ours, theirs = front[band], back[band]
    result = linear.copy()
    result[band] = np.clip(ours + alpha * (colour - alpha * ours - (1 - alpha) * theirs), 0, 1)
    return result


def _surroundings(linear: Plane, matte: Matte) -> tuple[Plane, Plane]:
    """The foreground's and the background's mean colour about every pixel, by both passes.

    Means are smooth: the narrow pass runs at half the size, the wide one at an eighth.
    """
    height, width = matte.shape
    half = (max(1, width // 2), max(1, height // 2))
    tiny = (max(1, width // 8), max(1, height // 8))
    colour, alpha = resize(linear, half), resize(matte, half)[..., None]
    small, small_alpha = resize(linear, tiny), resize(matte, tiny)[..., None]
    front, back = _local_means(small, small, small_alpha, _WIDE // 8)
    front, back = resize(front, half), resize(back, half)
    front = np.clip(front + alpha * (colour - alpha * front - (1 - alpha) * back), 0, 1)
    front, back = _local_means(front, back, alpha, _NARROW // 2)
    return resize(front, (width, height)), resize(back, (width, height))


def _local_means(front: Plane, back: Plane, alpha: Plane, radius: int) -> tuple[Plane, Plane]:
    """Means of the foreground weighted by alpha, and of the background by its complement."""
    mean_alpha = box(alpha, radius).reshape(alpha.shape)
    mean_front = box(front * alpha, radius) / (mean_alpha + _TINY)
    mean_back = box(back * (1 - alpha), radius) / (1 - mean_alpha + _TINY)
    return f32(mean_front), f32(mean_back)
