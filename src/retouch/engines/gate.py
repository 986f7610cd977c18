"""The content gate: judges a picture's pixels, and lets it through or refuses it. Off unless the owner asks.

Yahoo's open_nsfw (Mahadeokar and Pesavento, 2016), a ResNet-50 thin, weights under BSD-2-Clause. It sees the
middle 224 x 224 of the picture pressed to 256 x 256, as BGR less the means of its training pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.nets import CompiledNet, compile_net
from retouch.errors import ContentRefused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.base import Pixels

_PRESSED, _SEEN = 256, 224  # px
_MEANS = np.array([104, 117, 123], np.float32)  # BGR
_RGB = 3  # channels


class ContentGate:
    """One net, loaded once. A picture whose score is ``threshold`` (0..1) or more is refused."""

    def __init__(self, model: Path, threshold: float, cache_dir: Path | None, threads: int) -> None:
        self._threshold = threshold
        self._net: CompiledNet = compile_net(
            model, cache_dir=cache_dir, threads=threads, shapes={0: (1, _SEEN, _SEEN, _RGB)}, exact=True
        )

    def judge(self, pixels: Pixels) -> None:
        """Raise ContentRefused unless the score of (H, W, 3 or 4) uint8 sRGB is surely below the threshold.

        What has no score is refused as well. Of a picture with alpha both are judged: what is seen on white,
        and the colours that lie under the transparency.
        """
        shown = [np.ascontiguousarray(pixels[..., :_RGB])]
        if pixels.shape[2] > _RGB:
            shown.append(_on_white(pixels))
        if not all(self.score(rgb) < self._threshold for rgb in shown):
            raise ContentRefused("The content gate of this service refused the picture.")

    def score(self, rgb: NDArray[np.uint8]) -> float:
        """How sure the net is that nobody wants to see this at work, 0..1."""
        pressed = cv2.resize(rgb, (_PRESSED, _PRESSED), interpolation=cv2.INTER_AREA)
        rim = (_PRESSED - _SEEN) // 2
        seen = pressed[rim : rim + _SEEN, rim : rim + _SEEN, ::-1].astype(np.float32) - _MEANS
        return float(self._net(np.ascontiguousarray(seen)[None])[0, 1])


def _on_white(pixels: Pixels) -> NDArray[np.uint8]:
    alpha = pixels[..., _RGB:].astype(np.uint16)
    mixed = (pixels[..., :_RGB] * alpha + 255 * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)
