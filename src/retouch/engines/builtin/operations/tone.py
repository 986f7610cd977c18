"""The operation ``tone``: axes of light and colour, or a named look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retouch.engines.builtin.colour import decode, to_float, to_linear, to_srgb, to_uint8
from retouch.engines.builtin.looks import LOOKS, Band, Look, looked
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.tone import AXES, Axes, adjusted, local_lightness
from retouch.errors import InstructionNotSupported

_BAND = 1 << 16  # pixels in float at a time: what stays in the cache is three times as fast


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Turn the axes named in ``arguments`` (-100..100 each, clamped) or give it ``look``.

    ``strength`` 0..100 (clamped) is how much of the look; axes beside a look are applied after it. Axes of 0
    and strength 0 give the picture back byte for byte.
    Picture 0 is the exact answer, the further ones turn it a little. Alpha is kept.
    Raises InstructionNotSupported for an unknown look or axis, or a value that is no number.
    """
    look, strength, axes = _understood(arguments, context)
    if (look is None or strength == 0) and axes == Axes():
        return canvas
    wants_base = axes.local or look is not None
    base = local_lightness(canvas.rgb) if wants_base else None
    context.progress(0.2)
    result = np.empty_like(canvas.rgb)
    height = canvas.rgb.shape[0]
    side = float(context.rng(1).choice((-1.0, 1.0)))
    step = max(1, _BAND // canvas.rgb.shape[1])
    for top in range(0, height, step):
        rows = slice(top, top + step)
        linear = decode(canvas.rgb[rows])
        here = None if base is None else base[rows]
        if look is not None and here is not None:
            srgb = looked(Band(linear, here, top, height), look, context.rng(2 + top), side)
            if strength < 1:
                before = to_float(canvas.rgb[rows])
                srgb = before + strength * (srgb - before)
            if axes != Axes():
                linear = to_linear(np.clip(srgb, 0, 1))
        if axes != Axes():
            srgb = to_srgb(adjusted(linear, axes, here if axes.local else None))
        result[rows] = to_uint8(srgb)
        context.progress(0.2 + 0.8 * min(1.0, (top + step) / height))
    return Canvas(result, canvas.alpha)


def _understood(arguments: Mapping[str, Any], context: Context) -> tuple[Look | None, np.float32, Axes]:
    unknown = set(arguments) - {*AXES, "look", "strength"}
    if unknown:
        raise InstructionNotSupported(f"unknown tone axis {min(unknown)!r}; axes are: {', '.join(AXES)}")
    axes = {name: context.vary(_number(arguments[name], name)) for name in AXES if name in arguments}
    name = arguments.get("look")
    if name is None:
        return None, np.float32(0), Axes.of(axes)
    if name not in LOOKS:
        raise InstructionNotSupported(f"unknown look {name!r}; looks are: {', '.join(LOOKS)}")
    strength = min(max(_number(arguments.get("strength", 100), "strength"), 0), 100) / 100
    if strength > 0:
        # A look has no more than all of it to give: further pictures turn light and contrast instead.
        turn = 100 * strength * (context.vary(1) - 1)
        axes["contrast"] = axes.get("contrast", 0) + 0.6 * turn
        axes["exposure"] = axes.get("exposure", 0) + 0.4 * turn
    return LOOKS[name], np.float32(strength), Axes.of(axes)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise InstructionNotSupported(f"{name} is a number, not {value!r}")
    return float(value)
