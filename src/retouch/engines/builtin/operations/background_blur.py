"""``background.blur``: as a wide open lens would have shown it. ``strength`` 0..100 (50)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retouch.engines.builtin.blur import Plane, gaussian, lens, resize
from retouch.engines.builtin.colour import decode, to_srgb, to_uint8
from retouch.engines.builtin.compositing import core
from retouch.engines.builtin.foreground import foreground_colours
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported

_WIDEST = 0.035  # radius of the circle of confusion at strength 100, of the longer side
_DISC = 12  # px: larger discs are drawn on a smaller picture


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Blur the background by discs in linear light; the subject stays byte-exact and sheds no halo."""
    strength = arguments.get("strength", 50)
    if not isinstance(strength, int | float) or not 0 <= strength <= 100:
        raise InstructionNotSupported("the strength of a blur is a number from 0 to 100")
    matte = found(canvas, context)
    context.progress(0.4)
    photo = decode(canvas.rgb)
    radius = min(context.vary(float(strength)), 130) / 100 * _WIDEST * max(matte.shape)
    back = _without_subject(photo, matte, radius)
    context.progress(0.8)
    alpha = matte[..., None]
    mixed = foreground_colours(photo, matte) * alpha + back * (1 - alpha)
    rgb = to_uint8(to_srgb(np.asarray(mixed, np.float32)))
    inside = core(matte)
    rgb[inside] = canvas.rgb[inside]
    context.progress(1.0)
    return Canvas(rgb, canvas.alpha)


def _without_subject(photo: Plane, matte: Matte, radius: float) -> Plane:
    """The blurred background (normalised convolution: only background light is spread)."""
    weight = np.clip(1 - matte * 1.06, 0, 1)[..., None]
    light = _highlights(photo) * weight
    stack = np.concatenate([light, weight], -1)
    scale = max(1.0, radius / _DISC)
    height, width = matte.shape
    small = resize(stack, (round(width / scale), round(height / scale))) if scale > 1 else stack
    spread = lens(small, radius / scale)
    far = gaussian(small, 3 * radius / scale + 3)
    spread = spread + np.float32(0.02) * far + np.float32(1e-4) * gaussian(small, max(small.shape) * 0.08)
    blurred = spread[..., :3] / np.maximum(spread[..., 3:], 1e-6)
    blurred = resize(np.asarray(blurred, np.float32), (width, height))
    return _compress(blurred)


def _highlights(photo: Plane) -> Plane:
    """Clipped lights get back some of the power that the sensor could not hold: they become bokeh."""
    peak = photo.max(-1, keepdims=True)
    return np.asarray(photo * (1 + 2.5 * np.clip((peak - 0.8) / 0.2, 0, 1) ** 3), np.float32)


def _compress(light: Plane) -> Plane:
    """Bring what rose over 1 back without changing anything under 0.8."""
    over = np.maximum(light - 0.8, 0)
    return np.asarray(np.where(light > 0.8, 0.8 + 0.2 * (1 - np.exp(-over / 0.2)), light), np.float32)
