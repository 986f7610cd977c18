"""Sharpening of luminance at three scales, without halos and without sharpening noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, strips
from retouch.engines.builtin.denoising import noise_of

_SCALES = ((0.7, 0.9), (1.5, 0.7), (3.5, 0.28))  # sigma in px, gain
_OVERSHOOT = 0.12  # of the local contrast: more shows as a halo
_MARGIN = 16  # rows that the widest scale needs about a strip


def sharpened(rgb: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    """``rgb`` with ``strength`` 0..1 (0.5: clearly, 1: strongly) of detail added to its luma.

    Detail below the measured noise is not amplified. What would rise over the brightest or fall under
    the darkest neighbour by more than an eighth of their difference is held back.
    """
    ycc = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb), np.uint8)
    luma = np.ascontiguousarray(ycc[..., 0])
    core = 1.5 + 2.2 * noise_of(luma)
    for rows in strips(len(luma), 512):
        top = max(0, rows.start - _MARGIN)
        part = f32(luma[top : rows.stop + _MARGIN])
        done = _crisp(part, 2.0 * strength, core)[rows.start - top : rows.stop - top]
        ycc[rows, :, 0] = np.clip(done + f32(0.5), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB), np.uint8)


def _crisp(luma: Plane, amount: float, core: float) -> Plane:
    detail = np.zeros_like(luma)
    before = luma
    for sigma, gain in _SCALES:
        soft = f32(cv2.GaussianBlur(luma, (0, 0), sigma))
        band = before - soft
        # Small: noise, none of it. Large: an edge that is sharp already.
        detail += f32(gain) * band * (1 - np.exp(-((band / f32(core)) ** 2))) / (1 + np.abs(band) / 40)
        before = soft
    wide = np.ones((5, 5), np.uint8)
    high, low = f32(cv2.dilate(luma, wide)), f32(cv2.erode(luma, wide))
    over = f32(_OVERSHOOT) * (high - low)
    return f32(np.clip(luma + f32(amount) * detail, low - over, high + over))


def softness(rgb: NDArray[np.uint8]) -> float:
    """How unsharp a picture is, 0 (crisp) .. 1 (blurred): how little steeper its edges are than blurred ones.

    Crété et al., "The blur effect" (2007): what is blurred already loses little when blurred again.
    """
    gray = f32(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    if min(gray.shape) < 16:
        return 0.0
    noise = noise_of(gray.astype(np.uint8))
    worst = 1.0
    for size in ((9, 1), (1, 9)):
        axis = 1 if size[0] > 1 else 0
        again = f32(cv2.blur(gray, size))
        own, rest = np.abs(np.diff(gray, axis=axis)), np.abs(np.diff(again, axis=axis))
        edges = own > 4 + 3 * noise
        if not edges.any():
            return 0.0
        lost = np.maximum(own - rest, 0)[edges].sum() / own[edges].sum()
        worst = min(worst, 1 - float(lost))
    return worst
