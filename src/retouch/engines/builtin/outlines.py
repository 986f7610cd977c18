"""Shapes about a subject: its outline as a sticker has it, the shadow that it drops, and room for both."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep, strips
from retouch.engines.builtin.colour import decode, to_srgb, to_uint8
from retouch.engines.builtin.foreground import Unmixer
from retouch.engines.builtin.operation import Canvas, Matte

_SHADOW = 768  # px: shadows are soft, they are drawn no larger
_BAND = 1 << 16  # pixels
_SPECK = 0.02  # of the largest part of a subject: less is an error of the matte

Colour = tuple[int, int, int]  # sRGB, 0..255


def band(shape: tuple[int, ...]) -> int:
    """How many rows of a picture to work on at a time: what stays in the cache is several times as fast."""
    return max(1, _BAND // shape[1])


def padded(
    plane: NDArray[np.uint8], sides: tuple[int, int, int, int], value: Colour | int
) -> NDArray[np.uint8]:
    """``plane`` with ``sides`` (top, bottom, left, right) of one value about it."""
    border = value if isinstance(value, int) else (*value, 0)
    return np.asarray(cv2.copyMakeBorder(plane, *sides, cv2.BORDER_CONSTANT, value=border), np.uint8)


def cut_out(rgb: NDArray[np.uint8], matte: Matte) -> Canvas:
    """The subject with straight alpha, its rim in its own colours."""
    unmixer = Unmixer.of(rgb, matte)
    own = rgb.copy()
    for rows in strips(len(matte)):
        alpha = matte[rows]
        y, x = np.nonzero((alpha > 0) & (alpha < 1))
        own[rows][y, x] = to_uint8(to_srgb(unmixer.unmix(rgb, matte, rows, y, x)))
    return Canvas(own, to_uint8(matte))


def without_specks(matte: Matte) -> Matte:
    """``matte`` without what lies apart from the subject and is far smaller."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((matte > 0.1).astype(np.uint8))
    if count <= 2:
        return matte
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = np.concatenate([[False], areas >= _SPECK * areas.max()])
    return f32(matte * keep[labels])


def outlined(canvas: Canvas, width: float, colour: Colour) -> Canvas:
    """A cut-out with a line of ``width`` px about it, opaque, smooth where the subject is ragged.

    The line is the set of points nearer than ``width``, with corners rounded off as a knife would.
    """
    alpha = _alpha(canvas)
    distance = f32(cv2.distanceTransform((alpha < 128).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    # Half a pixel: the border of the subject runs through its pixels' middle, not behind them.
    distance = gaussian(np.minimum(distance, f32(3 * width + 4)), max(0.8, 0.3 * width))
    line = np.maximum(np.clip(f32(width) + 0.5 - distance, 0, 1), alpha * f32(1 / 255))
    return _over(canvas, colour, f32(line))


def _alpha(canvas: Canvas) -> NDArray[np.uint8]:
    return np.full(canvas.rgb.shape[:2], 255, np.uint8) if canvas.alpha is None else canvas.alpha


def _over(canvas: Canvas, colour: Colour, cover: Plane) -> Canvas:
    """The cut-out over a shape of one colour, (H, W) 0..1: light is mixed, straight alpha comes out."""
    front = _alpha(canvas)
    rgb, alpha = canvas.rgb.copy(), np.empty_like(front)
    light = decode(np.array(colour, np.uint8))
    for rows in strips(len(front), band(front.shape)):
        a = f32(front[rows] / 255)
        behind = cover[rows] * (1 - a)
        alpha[rows] = to_uint8(a + behind)
        rgb[rows][a == 0] = colour
        y, x = np.nonzero((a > 0) & (a < 1))
        share = a[y, x][:, None] / np.maximum((a + behind)[y, x], 1e-4)[:, None]
        rgb[rows][y, x] = to_uint8(to_srgb(f32(decode(canvas.rgb[rows][y, x]) * share + light * (1 - share))))
    return Canvas(rgb, alpha)


def shadowed(canvas: Canvas, reach: float, darkness: float, colour: Colour) -> Canvas:
    """A cut-out with its shadow below and to the right, ``reach`` px away, sharper where it is near."""
    alpha = f32(_alpha(canvas) / 255)
    scale = min(1.0, _SHADOW / max(alpha.shape))
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    small = resize(alpha, size)
    near = gaussian(_moved(small, 0.25 * reach * scale), 0.22 * reach * scale)
    far = gaussian(_moved(small, 0.8 * reach * scale), 0.75 * reach * scale)
    shade = f32(darkness) * (1 - (1 - 0.45 * near) * (1 - 0.7 * far))
    return _over(canvas, colour, np.clip(resize(f32(shade), (alpha.shape[1], alpha.shape[0])), 0, 1))


def _moved(plane: Plane, by: float) -> Plane:
    matrix = np.array([[1, 0, 0.5 * by], [0, 1, by]], np.float32)
    return f32(cv2.warpAffine(plane, matrix, (plane.shape[1], plane.shape[0])))


def on_paper(canvas: Canvas, colour: Colour, seed: np.random.Generator) -> NDArray[np.uint8]:
    """A canvas with alpha on one colour, (H, W, 3); soft shades are dithered so that they show no bands."""
    alpha = _alpha(canvas)
    light = decode(np.array(colour, np.uint8))
    result = canvas.rgb.copy()
    for rows in strips(len(alpha), band(alpha.shape)):
        result[rows][alpha[rows] == 0] = colour
        y, x = np.nonzero((alpha[rows] > 0) & (alpha[rows] < 255))
        a = f32(alpha[rows][y, x] / 255)[:, None]
        mixed = to_srgb(f32(decode(canvas.rgb[rows][y, x]) * a + light * (1 - a)))
        result[rows][y, x] = to_uint8(mixed + (seed.random(a.shape, np.float32) - f32(0.5)) * f32(1 / 255))
    return result


def rounded_corners(shape: tuple[int, int], radius: float) -> Plane:
    """How much of each pixel lies within a rectangle with round corners, (H, W), 0..1."""
    height, width = shape
    y = np.abs(np.arange(height, dtype=np.float32) - f32((height - 1) / 2)) - f32(height / 2 - radius)
    x = np.abs(np.arange(width, dtype=np.float32) - f32((width - 1) / 2)) - f32(width / 2 - radius)
    outside = np.hypot(np.maximum(x, 0)[None], np.maximum(y, 0)[:, None])
    return 1 - smoothstep(-0.5, 0.5, f32(outside - radius)) if radius > 0 else np.ones(shape, np.float32)
