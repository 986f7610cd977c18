"""A picture of the owner's as a scene: cut to the photo's proportions, the horizon left at its height."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from retouch.engines.builtin.colour import decode as to_linear
from retouch.engines.builtin.scenes.scene import Framing, Scene, SceneImage, Size
from retouch.images.decode import decode
from retouch.images.encode import encode

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from retouch.engines.folder import OwnScene

_PIXELS_MAX: Final = 64_000_000
_LARGEST: Final = 3200  # px: as in background.replace, no finer detail is shown
_QUALITY: Final = 95
_MIDDLE: Final = 0.5
_DEPTH: Final = 0.004  # as behind a portrait of the drawn landscapes


def own_scene(own: OwnScene) -> Scene:
    """The picture of ``own`` as a scene in focus. Opens its file.

    Kept as JPEG of at most 3200 px: decoded, a folder of them would take gigabytes in every child.

    Raises:
        TaskError: it is no picture, broken, or has over 64 megapixels.
        OSError: it cannot be read.
    """
    kept = encode(
        _reduced(decode(own.file.read_bytes(), _PIXELS_MAX, keep_alpha=False).pixels), "jpeg", _QUALITY
    )
    middle = _MIDDLE if own.horizon is None else own.horizon

    def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:  # noqa: ARG001 - no chance in a photo
        return SceneImage.of(to_linear(covering(decode(kept, _LARGEST**2).pixels, size, middle)))

    return Scene(own.name, draw, own.licence, own.horizon, ground=own.ground, depth=_DEPTH)


def covering(picture: NDArray[np.uint8], size: Size, middle: float) -> NDArray[np.uint8]:
    """``picture`` cut and scaled to ``size``. What lies ``middle`` of the way down stays there, 0..1."""
    scale = max(size[0] / picture.shape[1], size[1] / picture.shape[0])
    width = max(1, min(picture.shape[1], round(size[0] / scale)))
    height = max(1, min(picture.shape[0], round(size[1] / scale)))
    left, top = (picture.shape[1] - width) // 2, round((picture.shape[0] - height) * middle)
    part = picture[top : top + height, left : left + width]
    method = cv2.INTER_AREA if size[0] < width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size, interpolation=method), np.uint8)


def _reduced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = _LARGEST / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
