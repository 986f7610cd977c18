"""Colour maths shared by the operations: sRGB transfer, OKLab, luminance.

All functions take and give float32 arrays of any leading shape with the channels last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
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


def power(values: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    """``values`` (>= 0) to the ``exponent``, to 1e-6 of it; OpenCV is five times as fast at it as numpy."""
    if values.size == 0:
        return values
    flat = np.ascontiguousarray(values, Float).reshape(1, -1)
    return np.asarray(cv2.pow(flat, exponent), Float).reshape(values.shape)


def mixed(colours: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """``matrix`` (3, 3) times every colour; five times as fast as ``@`` with so small a matrix."""
    if colours.size == 0:
        return colours
    row = np.ascontiguousarray(colours, Float).reshape(1, -1, 3)
    return np.asarray(cv2.transform(row, matrix), Float).reshape(colours.shape)


def to_linear(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB 0..1 -> linear light."""
    linear = power((np.maximum(srgb, 0) + Float(0.055)) * Float(1 / 1.055), 2.4)
    np.copyto(linear, srgb * Float(1 / 12.92), where=srgb <= Float(0.04045))
    return linear


def to_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light -> sRGB; values under 0 are taken as 0, those over 1 stay over 1."""
    linear = np.maximum(linear, 0)
    srgb = power(linear, 1 / 2.4)
    srgb *= Float(1.055)
    srgb -= Float(0.055)
    np.copyto(srgb, linear * Float(12.92), where=linear <= Float(0.0031308))
    return srgb


def luminance(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Relative luminance of linear RGB; drops the channel axis."""
    return np.asarray(linear @ LUMINANCE, Float)


def to_oklab(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear RGB -> OKLab (L 0..1, a and b about -0.4..0.4)."""
    return mixed(power(np.maximum(mixed(np.maximum(linear, 0), _LMS), 0), 1 / 3), _LAB)


def from_oklab(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """OKLab -> linear RGB; may leave 0..1 where the colour lies outside sRGB."""
    roots = mixed(lab, _LAB_INVERSE)
    return mixed(roots * roots * roots, _LMS_INVERSE)
