"""Turning a picture by any angle, to the largest upright part without corners or whole."""

from __future__ import annotations

import math

import cv2
import numpy as np

from retouch.engines.builtin.cropping import mapped
from retouch.engines.builtin.operation import Canvas
from retouch.errors import ImageTooLarge


def turned(canvas: Canvas, degrees: float, most: int) -> Canvas:
    """``degrees`` clockwise: whole quarters by moving pixels, the rest by resampling."""
    quarters = round(degrees / 90)
    rest = degrees - 90 * quarters
    if quarters % 4:
        canvas = mapped(canvas, lambda plane: np.ascontiguousarray(np.rot90(plane, -quarters)))
    return canvas if abs(rest) < 1e-3 else leaned(canvas, rest, most)


def leaned(canvas: Canvas, degrees: float, most: int) -> Canvas:
    """Resampled by an angle: a cut-out is kept whole, a photo cut to what has no corners."""
    height, width = canvas.rgb.shape[:2]
    whole = canvas.alpha is not None and int(canvas.alpha.min()) < 255
    wide, high = (_surrounding if whole else inscribed)(width, height, degrees)
    size = (max(1, round(wide)), max(1, round(high)))
    within_limits(*size, most)
    turn, shift = math.radians(degrees), ((width - 1) / 2, (height - 1) / 2)
    c, s, x, y = math.cos(turn), math.sin(turn), (size[0] - 1) / 2, (size[1] - 1) / 2
    back = np.array([[c, s, shift[0] - c * x - s * y], [-s, c, shift[1] + s * x - c * y]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    if canvas.alpha is None or not whole:
        return mapped(
            canvas,
            lambda plane: np.asarray(
                cv2.warpAffine(plane, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
            ),
        )
    alpha = np.asarray(cv2.warpAffine(canvas.alpha, back, size, flags=flags), np.uint8)
    # Outside a cut-out its colours are of no account: they are taken from the nearest border.
    rgb = cv2.warpAffine(canvas.rgb, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Canvas(np.asarray(rgb, np.uint8), alpha)


def inscribed(width: float, height: float, degrees: float) -> tuple[float, float]:
    """Width and height of the largest upright rectangle inside a turned one.

    Either two opposite corners touch the long sides (a half-constrained solution), or all four sides touch.
    """
    s, c = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    long, short = max(width, height), min(width, height)
    if short <= 2 * s * c * long or abs(s - c) < 1e-9:
        x = short / 2
        wide, high = (x / s, x / c) if width >= height else (x / c, x / s)
    else:
        double = c * c - s * s
        wide, high = (width * c - height * s) / double, (height * c - width * s) / double
    return math.floor(wide), math.floor(high)


def _surrounding(width: float, height: float, degrees: float) -> tuple[float, float]:
    s, c = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    return math.ceil(width * c + height * s), math.ceil(width * s + height * c)


def within_limits(wide: int, high: int, most: int) -> None:
    """Raise ImageTooLarge for a picture of more than ``most`` pixels."""
    if wide * high > most:
        raise ImageTooLarge(
            f"{wide} x {high} are {wide * high / 1e6:.1f} megapixels; the limit is {most / 1e6:g}"
        )
