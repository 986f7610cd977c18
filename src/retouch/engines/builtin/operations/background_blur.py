"""``background.blur``: as a wide open lens would have shown it. ``strength`` 0..100 (50)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize
from retouch.engines.builtin.colour import decode
from retouch.engines.builtin.compositing import Placement, composite
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported

_WIDEST = 0.035  # radius of the circle of confusion at strength 100, of the longer side
_LARGEST = 4096  # px: no blurred background needs more
_DISC = 12  # px: larger discs are drawn on a smaller picture


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Blur the background by discs in linear light; the subject stays byte-exact and sheds no halo."""
    strength = arguments.get("strength", 50)
    if not isinstance(strength, int | float) or not 0 <= strength <= 100:
        raise InstructionNotSupported("the strength of a blur is a number from 0 to 100")
    matte = found(canvas, context)
    context.progress(0.4)
    radius = min(context.vary(float(strength)), 130) / 100 * _WIDEST * max(matte.shape)
    if radius < 0.3:
        return canvas
    back = _without_subject(canvas.rgb, matte, radius)
    context.progress(0.8)
    placement = Placement(ambient=(0, 0, 0), keep=True, relight=0, wrap=0, grain=0.5 / 255)
    rgb = composite(canvas.rgb, matte, back, placement, context.rng())
    context.progress(1.0)
    return Canvas(rgb, canvas.alpha)


def _without_subject(rgb: NDArray[np.uint8], matte: Matte, radius: float) -> Plane:
    """The blurred background, on a smaller picture where the discs are large: (h, w, 3), linear.

    Normalised convolution: only background light is spread, so the subject leaves no halo.
    """
    height, width = matte.shape
    scale = max(1.0, radius / _DISC, max(height, width) / _LARGEST)
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    photo = decode(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    weight = np.clip(1 - resize(matte, size) * 1.06, 0, 1)[..., None]
    stack = f32(np.concatenate([_highlights(photo) * weight, weight], -1))
    spread = lens(stack, radius / scale)
    # Behind the subject's middle no disc reaches any background: light from farther off fills it.
    spread += f32(0.02) * gaussian(stack, 3 * radius / scale + 3)
    spread += f32(1e-4) * gaussian(stack, max(size) * 0.08)
    return _compress(f32(spread[..., :3] / np.maximum(spread[..., 3:], 1e-6)))


def _highlights(photo: Plane) -> Plane:
    """Clipped lights get back some of the power that the sensor could not hold: they become bokeh."""
    peak = photo.max(-1, keepdims=True)
    return np.asarray(photo * (1 + 2.5 * np.clip((peak - 0.8) / 0.2, 0, 1) ** 3), np.float32)


def _compress(light: Plane) -> Plane:
    """Bring what rose over 1 back without changing anything under 0.8."""
    over = np.maximum(light - 0.8, 0)
    return np.asarray(np.where(light > 0.8, 0.8 + 0.2 * (1 - np.exp(-over / 0.2)), light), np.float32)
