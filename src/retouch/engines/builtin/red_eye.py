"""Red pupils, of a flash that the back of the eye threw back: found within the lids, and made dark again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, smoothstep
from retouch.engines.builtin.colour import decode, to_srgb, to_uint8

# Red over the larger of green and blue, in linear light: skin and the corner of an eye have 2, a brown iris
# up to 4, a red pupil 5 to 30.
_RED, _REDDISH = 4.5, 2.0
_LIT = 0.05  # linear red: below it nobody sees the colour
_GLINT = 0.35  # linear green and blue: from here on it is the flash's own reflection
_SMALLEST, _LARGEST = 0.015, 0.7  # of the area within the lids
_SOLID, _LONG = 0.72, 2.2  # of its hull; longer side to shorter: a pupil is a disc, a brown iris a ring
_BEYOND = 0.25  # of a pupil's radius: how far its red reaches
_DARK = 0.6  # of its own green and blue: a pupil is dark,
_DARKEST = 0.03  # and never lighter than this, linear


def correct(rgb: NDArray[np.uint8], lids: Plane, strength: float, darkness: float = _DARK) -> bool:
    """Neutralise a red pupil within ``lids``, (N, 2) pixels, of ``rgb``, (H, W, 3) uint8 sRGB, in place.

    ``strength`` 0..1 mixes. The catch light stays: it is not red. False where there is no red pupil.
    """
    low = np.maximum(np.floor(lids.min(0) - 0.2 * np.ptp(lids[:, 0])), 0).astype(int)
    high = np.ceil(lids.max(0) + 0.2 * np.ptp(lids[:, 0]) + 1).astype(int)
    part = rgb[low[1] : max(high[1], 0), low[0] : max(high[0], 0)]
    if min(part.shape[:2]) < 3:
        return False
    light = decode(part)
    pupil = _pupil(light, f32(lids - low))
    if pupil is None:
        return False
    part[:] = to_uint8(to_srgb(_dark(light, f32(pupil * np.float32(strength)), darkness)))
    return True


def _dark(light: Plane, pupil: Plane, darkness: float) -> Plane:
    """Grey and dark where it is red; the glint keeps its light, and loses the red that shines into it."""
    red = pupil * smoothstep(_REDDISH, _RED, _redness(light))
    tinged = np.maximum(red, pupil * smoothstep(0.1, _GLINT, f32(light[..., 1:].min(-1))))
    out = light.copy()
    out[..., 0] += tinged * (np.minimum(light[..., 0], light[..., 1:].max(-1)) - light[..., 0])
    own = light[..., 1:].mean(-1, keepdims=True) * np.float32(darkness)
    neutral = _DARKEST * (1 - np.exp(-own / _DARKEST))
    return f32(out + red[..., None] * (neutral - out))


def _redness(light: Plane) -> Plane:
    return f32(light[..., 0] / np.maximum(light[..., 1:].max(-1), 2e-3))


def _pupil(light: Plane, lids: Plane) -> Plane | None:
    """(h, w) float32: 1 on the red pupil, a soft rim about it; None where there is none."""
    opening = np.zeros(light.shape[:2], np.uint8)
    cv2.fillPoly(opening, [np.round(lids * 16).astype(np.int32)], 1, shift=4)
    if not opening.any():
        return None
    red = (_redness(light) > _RED) & (light[..., 0] > _LIT)
    glint = light[..., 1:].min(-1) > _GLINT
    area = int(opening.sum())
    # The lids are known to a pixel or two; a pupil may lie under the upper one.
    near = cv2.dilate(opening, np.ones((3, 3), np.uint8), iterations=max(1, round(0.06 * np.sqrt(area))))
    disc = _disc((red & (near > 0)).astype(np.uint8), glint, area)
    if disc is None:
        return None
    reach = max(1, round(_BEYOND * float(np.sqrt(disc.sum() / np.pi))))
    grown = cv2.dilate(disc, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    return gaussian(f32(grown), 0.4 * reach)


def _disc(red: NDArray[np.uint8], glint: NDArray[np.bool_], area: int) -> NDArray[np.uint8] | None:
    """The largest red part, filled up, if it is as large and as round as a pupil."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(red)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    own = np.asarray(parts == largest, np.uint8)
    outlines, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros_like(own)
    cv2.fillPoly(hull, [cv2.convexHull(max(outlines, key=len))], 1)
    filled = own | (hull & glint)
    size, sides = int(hull.sum()), stats[largest, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    right = _SMALLEST * area <= size <= _LARGEST * area and size >= 4
    round_ = int(filled.sum()) >= _SOLID * size and max(sides) <= _LONG * min(sides)
    return hull if right and round_ else None
