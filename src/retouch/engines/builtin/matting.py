"""Finding the subject: U²-Net says roughly where it is, the picture's own colours say where it ends.

Qin et al., "U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection" (2020), weights under
Apache-2.0. The net sees 320 x 320 pixels and no more: larger inputs make it lose the subject. Refinement
works at no more than :data:`PROXY` pixels a side and is carried up to full size by a guided filter.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, gaussian, resize
from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.nets import CompiledNet, compile_net
from retouch.engines.builtin.operation import Matte

PROXY = 1024
_SIDE = 320
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet, as the net was trained
_STD = np.array([0.229, 0.224, 0.225], np.float32)
_SURE_FRONT, _SURE_BACK = 0.94, 0.06


class U2NetMatting:
    """The default matte: one net, loaded once, used for every picture of this process."""

    def __init__(self, model: Path, cache_dir: Path | None, threads: int) -> None:
        self._net: CompiledNet = compile_net(model, cache_dir=cache_dir, threads=threads)

    def coarse(self, rgb: NDArray[np.uint8]) -> Matte:
        """The net's own answer: (320, 320) float32, 0..1, stretched to the net's square."""
        small = np.asarray(cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)
        normal = (small / max(float(small.max()), 1.0) - _MEAN) / _STD
        answer = self._net(np.ascontiguousarray(normal.transpose(2, 0, 1)[None]))[0, 0]
        low, high = float(answer.min()), float(answer.max())
        if high < 0.3:  # nothing stands out: stretching this would invent a subject
            return answer
        return np.asarray((answer - low) / (high - low), np.float32)

    def matte(self, rgb: NDArray[np.uint8]) -> Matte:
        """The subject of ``rgb``, (H, W, 3) uint8 sRGB, as (H, W) float32 alpha, 0..1."""
        return refine(rgb, self.coarse(rgb))


def refine(rgb: NDArray[np.uint8], coarse: Matte) -> Matte:
    """A coarse matte of any size -> alpha of the picture's size that follows its hairs and edges."""
    height, width = rgb.shape[:2]
    scale = min(1.0, PROXY / max(height, width))
    if scale == 1:
        return _refine_proxy(to_float(rgb), coarse)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    proxy = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    small = _refine_proxy(to_float(proxy), coarse)
    return _guided_upsample(rgb, proxy, small)


def trimap(coarse: Matte) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels that are surely subject, and surely not: thresholds, drawn back from the edge."""
    reach = max(3, int(min(coarse.shape) * 0.012)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    front = cv2.erode((coarse > _SURE_FRONT).astype(np.uint8), kernel)
    back = cv2.erode((coarse < _SURE_BACK).astype(np.uint8), kernel)
    return front.astype(bool), back.astype(bool)


def _refine_proxy(guide: Plane, coarse: Matte) -> Matte:
    height, width = guide.shape[:2]
    alpha = np.clip(resize(coarse, (width, height)), 0, 1)
    front, back = trimap(alpha)
    radius = max(4, max(height, width) // 100)
    alpha = np.asarray(cv2.ximgproc.guidedFilter(guide, alpha, radius, 1e-4), np.float32)
    alpha = np.clip((alpha - 0.05) / 0.9, 0, 1)
    alpha[front], alpha[back] = 1, 0
    return np.asarray(alpha, np.float32)


def _guided_upsample(rgb: NDArray[np.uint8], proxy: NDArray[np.uint8], alpha: Matte) -> Matte:
    """He and Sun, "Fast Guided Filter" (2015): the filter's coefficients are smooth, so they scale up."""
    height, width = rgb.shape[:2]
    gray = np.asarray(cv2.cvtColor(proxy, cv2.COLOR_RGB2GRAY), np.float32) / 255
    mean_gray, mean_alpha = gaussian(gray, 1.5), gaussian(alpha, 1.5)
    variance = gaussian(gray * gray, 1.5) - mean_gray**2
    slope = (gaussian(gray * alpha, 1.5) - mean_gray * mean_alpha) / (variance + 1e-4)
    offset = mean_alpha - slope * mean_gray
    full = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32) / 255
    up = resize(np.asarray(slope, np.float32), (width, height)) * full + resize(
        np.asarray(offset, np.float32), (width, height)
    )
    plain = resize(alpha, (width, height))
    certain = (plain > 0.995) | (plain < 0.005)
    return np.asarray(np.clip(np.where(certain, plain, up), 0, 1), np.float32)
