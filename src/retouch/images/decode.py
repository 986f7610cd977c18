"""Untrusted bytes to pixels. Runs only in the sandboxed child: every line below faces hostile input."""

from __future__ import annotations

import io
import warnings as python_warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

from retouch.errors import ImageTooLarge, ImageUnreadable, TaskError
from retouch.images.heic import open_heic
from retouch.images.metadata import DAMAGED_EXIF, to_srgb, upright
from retouch.images.sniff import check_scans, header_size, sniff

if TYPE_CHECKING:
    from numpy.typing import NDArray

Image.init()
Image.MAX_IMAGE_PIXELS = None  # our own limit is checked first, and is an error where Pillow's would warn
ImageFile.LOAD_TRUNCATED_IMAGES = False
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 20
PngImagePlugin.MAX_TEXT_MEMORY = 8 << 20

_PILLOW_NAMES: Final = {
    "png": "PNG",
    "jpeg": "JPEG",
    "webp": "WEBP",
    "gif": "GIF",
    "avif": "AVIF",
}
_SIDE_MAX: Final = 65_535
_WITH_ALPHA: Final = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_OPAQUE: Final = 255

ANIMATED: Final = "The picture is animated; its first frame was used."
FLATTENED: Final = "The picture's transparency was laid on white."
MASK_STRETCHED: Final = "The mask is not of the picture's size; it was stretched to that."


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture. ``pixels``: (H, W, 3), or (H, W, 4) where any is transparent, uint8 sRGB, straight alpha."""

    pixels: NDArray[np.uint8]
    format: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, max_pixels: int, *, keep_alpha: bool = True) -> Decoded:
    """The first frame of ``data``, upright, in sRGB, without any metadata.

    Without ``keep_alpha`` transparency is laid on white, and said so in ``warnings``.

    Raises:
        ImageUnsupported: a known format that is never opened.
        ImageTooLarge: over ``max_pixels``, judged before anything is allocated for pixels.
        ImageUnreadable: anything else that is wrong with the bytes.
    """
    kind = sniff(data)
    size = header_size(data, kind)
    if size is not None:
        _check_size(*size, max_pixels)
    if kind == "jpeg":
        check_scans(data)
    try:
        with python_warnings.catch_warnings(record=True) as raised:
            python_warnings.simplefilter("always")
            decoded = _decode(data, kind, max_pixels, keep_alpha=keep_alpha)
    except (TaskError, MemoryError):
        raise
    except Exception as error:  # a decoder given hostile bytes raises whatever it likes
        raise ImageUnreadable(f"The {kind.upper()} picture is broken or cut off.") from error
    if any("EXIF" in str(each.message) for each in raised):
        return Decoded(decoded.pixels, kind, (*decoded.warnings, DAMAGED_EXIF))
    return decoded


def decode_mask(data: bytes, max_pixels: int, size: tuple[int, int]) -> Decoded:
    """A mask as (H, W) uint8, 255 = may be edited, scaled to ``size`` (width, height), with a warning.

    A picture with transparency says "edit here" by being transparent, an opaque one by being white.

    Raises:
        TaskError: as :func:`decode`.
    """
    found = decode(data, max_pixels)
    pixels = found.pixels
    has_alpha = pixels.shape[2] == 4  # noqa: PLR2004 - RGBA
    grey = _OPAQUE - pixels[..., 3] if has_alpha else np.asarray(Image.fromarray(pixels).convert("L"))
    if (grey.shape[1], grey.shape[0]) == size:
        return Decoded(grey, found.format)
    stretched = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))
    return Decoded(stretched, found.format, (MASK_STRETCHED,))


def _decode(data: bytes, kind: str, max_pixels: int, *, keep_alpha: bool) -> Decoded:
    found: list[str] = []

    def check(width: int, height: int) -> None:
        _check_size(width, height, max_pixels)

    image = open_heic(data, check, found) if kind == "heic" else _open(data, kind, check, found)
    check(*image.size)
    profile = image.info.get("icc_profile")
    colour, alpha = _split(upright(image, found))
    rgb = np.array(to_srgb(colour, profile, found))
    if alpha is None or alpha.min() == _OPAQUE:
        return Decoded(rgb, kind, tuple(found))
    if keep_alpha:
        return Decoded(np.dstack([rgb, alpha]), kind, tuple(found))
    return Decoded(flatten(np.dstack([rgb, alpha])), kind, (*found, FLATTENED))


def _open(data: bytes, kind: str, check: Callable[[int, int], None], warnings: list[str]) -> Image.Image:
    """The first frame, decoded by the one decoder of its format."""
    image = Image.open(io.BytesIO(data), formats=[_PILLOW_NAMES[kind]])
    check(*image.size)
    if kind != "jpeg" and getattr(image, "is_animated", False):
        warnings.append(ANIMATED)
    image.load()
    return image


def flatten(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) from (H, W, 3|4) uint8: straight alpha laid on white. Blended in sRGB, as browsers do."""
    if pixels.shape[2] == 3:  # noqa: PLR2004 - RGB
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    mixed = pixels[..., :3] * alpha + _OPAQUE * (_OPAQUE - alpha)
    return ((mixed + _OPAQUE // 2) // _OPAQUE).astype(np.uint8)


def _split(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    """Colour as mode L, RGB or CMYK with 8 bits, and the alpha plane."""
    if image.mode.startswith("I"):
        return _eight_bits(image), None
    if image.mode in _WITH_ALPHA or "transparency" in image.info or _palette_has_alpha(image):
        whole = image if image.mode == "RGBA" else image.convert("RGBA")
        return whole.convert("RGB"), np.array(whole.getchannel("A"))
    if image.mode in ("L", "RGB", "CMYK"):
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _palette_has_alpha(image: Image.Image) -> bool:
    return image.mode == "P" and image.palette is not None and image.palette.mode == "RGBA"


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey scaled, not clipped: 65535 -> 255, 32768 -> 128."""
    wide = np.clip(np.asarray(image).astype(np.int64), 0, 0xFFFF)
    return Image.fromarray(((wide + 128) // 257).astype(np.uint8))


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ImageUnreadable("The picture has no pixels.")
    if width > _SIDE_MAX or height > _SIDE_MAX or width * height > max_pixels:
        raise ImageTooLarge(
            f"The picture has {width} x {height} pixels; at most {max_pixels / 1e6:g} megapixels are taken."
        )
