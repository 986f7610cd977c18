"""Pixels to bytes, in the formats that are served. Nothing but pixels goes in: no metadata comes out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from retouch.errors import EngineFailed
from retouch.images.decode import flatten

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.task import OutputFormat

# What the formats themselves can hold; AVIF's is the encoder's.
_SIDE_MAX: Final = {"png": 2**31 - 1, "jpeg": 65_500, "webp": 16_383, "avif": 65_536}

# 4 megapixels of photo: PNG level 2 takes 0.21 s; 1 takes as long for 3 % more bytes, 3 takes 0.28 s for 3 %
# fewer, 6 (the usual default) 0.75 s for 12 % fewer. WebP method 2 halves the time of 4 for 3 % more bytes;
# AVIF speed 8 takes 0.28..0.58 s where 6 takes 0.56..0.94, for 16..21 % more.
_PNG_LEVEL: Final = 2
_WEBP_METHOD: Final = 2
_AVIF_SPEED: Final = 8
_QUALITY: Final = {"jpeg": 92, "webp": 90, "avif": 80}
_FINE: Final = 90  # from here on JPEG keeps full colour resolution


def encode(pixels: NDArray[np.uint8], output_format: OutputFormat, compression: int | None = None) -> bytes:
    """(H, W, 3|4) uint8 sRGB, straight alpha, as a file.

    ``compression`` is the quality, 0..100 (100 best), of JPEG, WebP and AVIF; PNG is lossless and has none.
    JPEG holds no transparency: it is laid on white.

    Raises:
        EngineFailed: the picture is larger than the format can hold.
    """
    if max(pixels.shape[:2]) > _SIDE_MAX[output_format]:
        raise EngineFailed(
            f"A picture of {pixels.shape[1]} x {pixels.shape[0]} pixels does not fit into {output_format}."
        )
    image = Image.fromarray(flatten(pixels) if output_format == "jpeg" else pixels)
    buffer = io.BytesIO()
    image.save(buffer, output_format.upper(), **_options(output_format, compression))
    return buffer.getvalue()


def _options(output_format: OutputFormat, compression: int | None) -> dict[str, Any]:
    if output_format == "png":
        return {"compress_level": _PNG_LEVEL}
    quality = _QUALITY[output_format] if compression is None else min(max(compression, 0), 100)
    if output_format == "jpeg":
        return {"quality": max(1, quality), "subsampling": 0 if quality >= _FINE else 2}
    if output_format == "webp":
        return {"quality": quality, "method": _WEBP_METHOD}
    return {"quality": quality, "speed": _AVIF_SPEED}


def thumbnail(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """``pixels`` made smaller, in proportion, until no side is longer than ``side``."""
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.BILINEAR)
    return np.asarray(image)


def resize(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """``pixels`` at exactly ``width`` x ``height``; Lanczos, alpha premultiplied meanwhile."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
