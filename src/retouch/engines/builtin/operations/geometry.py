"""``geometry``: crop, resize, rotate, flip, straighten, extend. One ``action`` with its own arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from retouch.engines.builtin.arguments import choice, known, number
from retouch.engines.builtin.cropping import crop, cut, largest, mapped, subject_if_any
from retouch.engines.builtin.extension import Sides, extended
from retouch.engines.builtin.horizon import tilt
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.resampling import resized
from retouch.engines.builtin.turning import leaned, turned, within_limits
from retouch.errors import InstructionNotSupported, TargetNotFound

_SAME_RATIO = 0.02  # sizes that differ less are stretched: nobody sees it
_LEVEL = 0.25  # degrees that nobody sees
_ALIKE = "further pictures are like the first: this change of geometry has only one answer"
_SIDES = ("left", "right", "top", "bottom")


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Carry out ``arguments["action"]``.

    - crop: ``ratio`` "W:H" or "square", and/or ``to`` "subject". Without ``to`` the largest such part, about
      the subject where there is one. Further pictures are cropped a little closer.
    - resize: ``width`` and/or ``height`` in pixels, or ``percent``. Both sides in another ratio cut what
      is over, about the subject, and say so; nothing is distorted.
    - rotate: ``degrees`` clockwise. Quarter turns are exact; others are cut to the largest upright part
      without corners, or, where the canvas is a cut-out, kept whole in a larger one.
    - flip: ``axis`` "horizontal" (left and right change places) or "vertical".
    - straighten: level by the picture's own lines, 15 degrees at most.
    - extend: ``percent`` a side (25; 1..100) of the picture's own width or height, on ``sides`` (all). Every
      original pixel stays as it is.

    Raises:
        InstructionNotSupported: an unknown action or argument, or a value that cannot be used.
        TargetNotFound: no subject to crop to, or no lines to straighten by.
        ImageTooLarge: the result would have more pixels than are served.
    """
    action = choice(arguments, "action", _ACTIONS)
    names, carry_out = _ACTIONS[action]
    known(arguments, ("action", *names), action)
    result = carry_out(canvas, arguments, context)
    context.progress(1.0)
    return result


# --- resize ----------------------------------------------------------------------------------------


def _resize(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    height, width = canvas.rgb.shape[:2]
    wide, high = _wanted(arguments, width, height)
    within_limits(wide, high, context.pixels_max)
    if "width" in arguments and "height" in arguments and abs(wide / high * height / width - 1) > _SAME_RATIO:
        context.warnings.append(
            f"the sides were cut to {wide}:{high}, about the subject: nothing is distorted"
        )
        canvas = cut(canvas, largest(wide / high, (width, height), subject_if_any(canvas, context), 1))
    context.progress(0.5)
    return _only_one(resized(canvas, wide, high), context)


def _wanted(arguments: Mapping[str, Any], width: int, height: int) -> tuple[int, int]:
    sides = [name for name in ("width", "height") if name in arguments]
    if bool(sides) == ("percent" in arguments):
        raise InstructionNotSupported("a resize needs a width and/or a height in pixels, or a percent")
    if not sides:
        scale = number(arguments, "percent", limits=(1, 1000)) / 100
        return max(1, round(width * scale)), max(1, round(height * scale))
    given = {name: _pixels(arguments, name) for name in sides}
    wide = given.get("width") or max(1, round(width * given["height"] / height))
    high = given.get("height") or max(1, round(height * given["width"] / width))
    return wide, high


def _pixels(arguments: Mapping[str, Any], name: str) -> int:
    value = number(arguments, name, limits=(-math.inf, math.inf))
    if value < 1 or value != round(value):
        raise InstructionNotSupported(
            f"{name} is a whole number of pixels, 1 or more, not {arguments[name]!r}"
        )
    return int(value)


# --- rotate, flip, straighten ----------------------------------------------------------------------


def _rotate(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    degrees = number(arguments, "degrees", limits=(-1e6, 1e6)) % 360
    return _only_one(turned(canvas, degrees, context.pixels_max), context)


def _flip(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    axis = 1 if choice(arguments, "axis", ("horizontal", "vertical")) == "horizontal" else 0
    return _only_one(mapped(canvas, lambda plane: np.ascontiguousarray(np.flip(plane, axis))), context)


def _straighten(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    del arguments
    lean = tilt(canvas.rgb)
    context.progress(0.4)
    if lean is None:
        raise TargetNotFound("no horizon and no upright lines were found to straighten the picture by")
    if abs(lean.degrees) < _LEVEL:
        context.warnings.append("the picture is level already: it was left as it is")
        return canvas
    return _only_one(leaned(canvas, -lean.degrees, context.pixels_max), context)


def _only_one(canvas: Canvas, context: Context) -> Canvas:
    if context.variation:
        context.warnings.append(_ALIKE)
    return canvas


# --- extend ----------------------------------------------------------------------------------------


def _extend(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    percent = number(arguments, "percent", 25, limits=(1, 100)) / 100
    sides = arguments.get("sides", _SIDES)
    if not isinstance(sides, list | tuple) or not sides or not set(sides) <= set(_SIDES):
        raise InstructionNotSupported(f"sides are a list of: {', '.join(_SIDES)}; not {sides!r}")
    height, width = canvas.rgb.shape[:2]
    across, along = max(1, round(width * percent)), max(1, round(height * percent))
    wanted = Sides(
        left=across * ("left" in sides),
        right=across * ("right" in sides),
        top=along * ("top" in sides),
        bottom=along * ("bottom" in sides),
    )
    within_limits(width + wanted.left + wanted.right, height + wanted.top + wanted.bottom, context.pixels_max)
    return extended(canvas, wanted, context)


_Action = tuple[tuple[str, ...], Callable[[Canvas, Mapping[str, Any], Context], Canvas]]
_ACTIONS: Final[Mapping[str, _Action]] = {
    "crop": (("ratio", "to"), crop),
    "resize": (("width", "height", "percent"), _resize),
    "rotate": (("degrees",), _rotate),
    "flip": (("axis",), _flip),
    "straighten": ((), _straighten),
    "extend": (("percent", "sides"), _extend),
}
