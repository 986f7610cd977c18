"""Colour maths shared by the operations: sRGB transfer, OKLab, luminance.

All functions take and give float32 arrays of any leading shape with the channels last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Float = np.float32

# IEC 61966-2-1 (sRGB) luminance row.
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], Float)

# Björn Ottosson, "A perceptual color space for image processing" (2020): linear sRGB -> LMS, LMS' -> Lab.
_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    Float,
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    Float,
)
_LMS_INVERSE = np.linalg.inv(_LMS).astype(Float)
_LAB_INVERSE = np.linalg.inv(_LAB).astype(Float)


def _decode_table() -> NDArray[np.float32]:
    srgb = np.arange(256, dtype=np.float64) / 255
    low, high = srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4
    return np.where(srgb <= 0.04045, low, high).astype(Float)


_DECODE = _decode_table()


def to_float(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 0..255 -> float32 0..1, transfer curve untouched."""
    return rgb.astype(Float) * Float(1 / 255)


def to_uint8(rgb: NDArray[np.float32]) -> NDArray[np.uint8]:
    """float32 0..1 (clipped) -> uint8, rounded."""
    return (np.clip(rgb, 0, 1) * Float(255) + Float(0.5)).astype(np.uint8)


def decode(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """sRGB uint8 -> linear light, 0..1, by table."""
    return _DECODE[rgb]


def to_linear(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB 0..1 -> linear light."""
    high = ((np.maximum(srgb, 0) + Float(0.055)) / Float(1.055)) ** Float(2.4)
    return np.where(srgb <= Float(0.04045), srgb / Float(12.92), high).astype(Float)


def to_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light -> sRGB; values under 0 are taken as 0, those over 1 stay over 1."""
    linear = np.maximum(linear, 0)
    high = Float(1.055) * linear ** Float(1 / 2.4) - Float(0.055)
    return np.where(linear <= Float(0.0031308), linear * Float(12.92), high).astype(Float)


def luminance(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Relative luminance of linear RGB; drops the channel axis."""
    return np.asarray(linear @ LUMINANCE, Float)


def to_oklab(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear RGB -> OKLab (L 0..1, a and b about -0.4..0.4)."""
    return np.asarray(np.cbrt(np.maximum(linear, 0) @ _LMS.T) @ _LAB.T, Float)


def from_oklab(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """OKLab -> linear RGB; may leave 0..1 where the colour lies outside sRGB."""
    return np.asarray((lab @ _LAB_INVERSE.T) ** 3 @ _LMS_INVERSE.T, Float)
