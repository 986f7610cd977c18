"""Touches every codec once, so that what they load lazily is loaded while files can still be opened."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from retouch.errors import ImageUnreadable
from retouch.images.composite import keep_outside
from retouch.images.decode import decode, decode_mask
from retouch.images.encode import encode, resize, thumbnail
from retouch.task import OutputFormat

_FORMATS: Final[tuple[OutputFormat, ...]] = ("png", "jpeg", "webp", "avif")
_HEIC_HEAD: Final = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1"


def rehearse() -> None:
    """Encode and decode a small picture in every format, transparency and profiles included."""
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[8:24, 8:24] = (200, 100, 50, 128)
    for name in _FORMATS:
        decode(encode(pixels, name), pixels.size, keep_alpha=False)
    for mode in ("P", "RGB", "L"):
        decode(_saved(Image.fromarray(pixels).convert(mode), "GIF" if mode == "P" else "PNG"), pixels.size)
    decode(_saved(Image.new("CMYK", (32, 32)), "JPEG"), pixels.size)
    try:
        decode(_HEIC_HEAD, pixels.size)
    except ImageUnreadable:
        mask = decode_mask(encode(pixels, "png"), pixels.size, (16, 16)).pixels
        keep_outside(thumbnail(pixels, 16), resize(pixels, 16, 16), mask)


def _saved(image: Image.Image, name: str) -> bytes:
    buffer = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {} if image.mode == "CMYK" else {"icc_profile": profile}
    image.save(buffer, name, **options)
    return buffer.getvalue()
