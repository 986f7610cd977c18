"""Putting a subject into another place so that it looks as if it had been photographed there.

    unmix the rim's colours → relight → blend in linear light → wrap light round the rim
      → match grain → put back the untouched core

All light is added in linear sRGB. Lengths are fractions of the longer side unless they say pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, smoothstep
from retouch.engines.builtin.colour import LUMINANCE, decode, luminance, to_srgb, to_uint8
from retouch.engines.builtin.foreground import foreground_colours
from retouch.engines.builtin.noise import grain
from retouch.engines.builtin.operation import Matte

CORE_PIXELS = 8  # how far inside the matte a kept subject is byte-exact
_OPAQUE = 0.995


@dataclass(frozen=True, slots=True)
class Placement:
    """How the subject meets its new background.

    ``ambient``: the new place's mean light, linear RGB. ``keep``: the core stays byte-exact. ``relight``:
    0..1, how far the rim (and without ``keep`` the whole subject) goes toward that light. ``wrap``: 0..1,
    how much of the background's light spills over the rim. ``shadow``: 0..1, contact shadow on the
    ground. ``grain``: standard deviation of the photo's noise, sRGB 0..1, given to the background; 0 leaves
    the background's colours exact.
    """

    ambient: tuple[float, float, float]
    keep: bool = True
    relight: float = 0.5
    wrap: float = 0.5
    shadow: float = 0.0
    grain: float = 0.0


def core(matte: Matte) -> NDArray[np.bool_]:
    """The opaque subject, 8 px in from its rim: (H, W) bool. The picture's border is no rim."""
    side = 2 * CORE_PIXELS + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.erode((matte >= _OPAQUE).astype(np.uint8), kernel), np.bool_)


def composite(
    rgb: NDArray[np.uint8], matte: Matte, background: Plane, placement: Placement, rng: Generator
) -> NDArray[np.uint8]:
    """``rgb``'s subject before ``background``.

    Args:
        rgb: (H, W, 3) uint8 sRGB, the photograph.
        matte: (H, W) float32, 0..1.
        background: (H, W, 3) float32, linear sRGB, 0..1.
        placement: how they meet.
        rng: draws the grain.

    Returns:
        (H, W, 3) uint8 sRGB. Without grain, pixels that neither the subject nor its shadow touches are the
        background's own, rounded.
    """
    longer = max(matte.shape)
    photo = decode(rgb)
    front = foreground_colours(photo, matte)
    back = cast_shadow(background, matte, placement.shadow)
    rim = _rim(matte, longer)
    wide = gaussian(background, longer * 0.03)
    front = _relight(front, _light_about(photo, matte), wide, rim, placement)
    alpha = matte[..., None]
    spill = wide * rim**2 * np.float32(placement.wrap * 0.16)
    mixed = front * alpha + back * (1 - alpha)
    mixed += spill * alpha * (1 - np.clip(mixed, 0, 1))  # a screen: light adds, white stays white
    picture = to_srgb(np.asarray(mixed, np.float32))
    if placement.grain > 0:
        picture += grain(matte.shape, rng, placement.grain) * (1 - alpha)
    result = to_uint8(picture)
    if placement.keep:
        inside = core(matte)
        result[inside] = rgb[inside]
    return result


def cast_shadow(background: Plane, matte: Matte, strength: float) -> Plane:
    """A soft shadow where the subject rests on the ground: dark at the contact, fading away and down."""
    rows = np.flatnonzero((matte > 0.5).any(axis=1))
    if strength <= 0 or rows.size == 0 or rows[-1] >= matte.shape[0] - 3:
        return background
    height = rows[-1] - rows[0] + 1
    bottom = rows[-1]
    y = np.arange(matte.shape[0], dtype=np.float32)[:, None]
    near_ground = np.clip((y - (bottom - 0.35 * height)) / (0.35 * height), 0, 1) * (y <= bottom)
    feet = np.asarray(matte * near_ground**2, np.float32)
    squash = np.array([[1, 0, 0], [0, 0.30, bottom * 0.70 + 0.035 * height]], np.float32)
    size = (matte.shape[1], matte.shape[0])
    flat = f32(cv2.warpAffine(feet, squash, size, flags=cv2.INTER_LINEAR))
    dark = 0.5 * gaussian(flat, height * 0.010) + 0.6 * gaussian(flat, height * 0.045)
    dark += 0.5 * gaussian(flat, height * 0.12)
    return np.asarray(background * (1 - strength * np.clip(dark, 0, 0.92))[..., None], np.float32)


def _rim(matte: Matte, longer: int) -> Plane:
    """(H, W, 1): 1 at the subject's edge, 0 deeper in than the core's border, so that no step shows."""
    solid = (matte >= _OPAQUE).astype(np.uint8)
    depth = np.asarray(cv2.distanceTransform(solid, cv2.DIST_L2, 3), np.float32)
    reach = min(float(CORE_PIXELS), max(3.0, longer * 0.009))
    return (1 - smoothstep(0, reach, depth))[..., None]


def _light_about(photo: Plane, matte: Matte) -> float:
    """The luminance of the light that the subject stood in: its old background's, or its own."""
    weight = (1 - matte if float(matte.mean()) < 0.95 else matte)[..., None]
    return float((photo * weight).sum((0, 1)) @ LUMINANCE / (float(weight.sum()) + 1))


def _relight(front: Plane, level: float, wide: Plane, rim: Plane, placement: Placement) -> Plane:
    """Turn the subject's colour and exposure from ``level`` toward ``wide``, its new surroundings' light."""
    light = wide * rim + np.array(placement.ambient, np.float32) * (1 - rim) + f32(0.02)
    target = luminance(light)[..., None]
    exposure = np.clip(target / (level + 0.02), 0.35, 1.6)
    tint = light / target
    tint = tint / np.maximum(luminance(f32(tint))[..., None], 0.3)
    gain = exposure**0.5 * np.clip(tint, 0.4, 2.0) ** 0.6
    amount = placement.relight * (rim if placement.keep else 0.35 + 0.65 * rim)
    return f32(front * gain**amount)
