"""The two things in a file besides its pixels that change what is seen: orientation and colour profile.

Everything else (EXIF, GPS, XMP, comments, thumbnails) is dropped: only pixels leave :mod:`decode`.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageCms

_ORIENTATION: Final = 0x0112
_PROFILE_MAX: Final = 8 << 20
_SRGB: Final = ImageCms.createProfile("sRGB")
_MODES: Final = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # ICC colour space -> Pillow mode

# EXIF 2.3, tag 0x0112: how the stored picture is turned to be seen upright.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

DAMAGED_PROFILE: Final = "The picture's colour profile could not be used; its colours were taken as sRGB."
DAMAGED_EXIF: Final = "The picture's EXIF data is damaged; its orientation was not applied."


def upright(image: Image.Image, warnings: list[str]) -> Image.Image:
    """The picture turned as its EXIF orientation asks."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - EXIF is hostile input to a pure-Python parser that raises anything
        warnings.append(DAMAGED_EXIF)
        return image
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def to_srgb(image: Image.Image, profile: bytes | None, warnings: list[str]) -> Image.Image:
    """``image`` (mode L, RGB or CMYK) as RGB in sRGB, through its ICC profile where it has one.

    Perceptual intent. A broken or unfitting profile is named in ``warnings`` and the colours are taken as
    they are.
    """
    if profile:
        converted = _through_profile(image, profile)
        if converted is not None:
            return converted
        warnings.append(DAMAGED_PROFILE)
    return image if image.mode == "RGB" else image.convert("RGB")


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    if len(profile) > _PROFILE_MAX:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES.get(source.profile.xcolor_space.strip())
        if mode is None or (mode == "CMYK") != (image.mode == "CMYK"):
            return None
        if mode == "RGB" and "sRGB" in (source.profile.profile_description or ""):
            return image.convert("RGB")
        return ImageCms.profileToProfile(image.convert(mode), source, _SRGB, outputMode="RGB")
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        return None
