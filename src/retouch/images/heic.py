"""HEIC, through pi-heif's binding of libheif, without the part of it that reads metadata.

The library's own opener also fetches metadata, thumbnails, depth and auxiliary pictures. None is needed
(libheif itself turns a HEIC upright), and fetching metadata of a file with broken lengths crashes pi-heif 1.4
(found by tests/security/test_pictures_mutants.py). So the primary picture is asked for, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pi_heif.heif import BaseImage, _pi_heif
from PIL import Image

from retouch.errors import ImageUnreadable

_THREADS: Final = 1
SEVERAL: Final = "The file holds several pictures; its main one was used."


def open_heic(data: bytes, check_size: Callable[[int, int], None], warnings: list[str]) -> Image.Image:
    """The primary picture, decoded and upright; an ICC profile stands in ``info`` as Pillow has it.

    ``check_size(width, height)`` raises before pixels are allocated.

    Raises:
        ImageUnreadable: there is no primary picture. libheif's own complaints come as OSError and the like.
    """
    found = [image for image in _load(data) if image is not None]
    primary = next((image for image in found if image.primary), None)
    if primary is None:
        raise ImageUnreadable("The HEIC file holds no picture.")
    if len(found) > 1:
        warnings.append(SEVERAL)
    picture = BaseImage(primary)
    check_size(*picture.size)
    image: Image.Image = picture.to_pillow()
    profile = primary.color_profile
    if profile and profile["type"] in {"rICC", "prof"}:
        image.info["icc_profile"] = profile["data"]
    return image


def _load(data: bytes) -> list[Any]:
    """The top-level pictures, not yet decoded, as 8 bits; libheif's security limits stay on."""
    to_8_bits, bgr, without_stride, to_16_bits, no_limits = True, False, True, False, False
    images: list[Any] = _pi_heif.load_file(
        data, _THREADS, to_8_bits, bgr, without_stride, to_16_bits, "", no_limits
    )
    return images
