"""``geometry``: crop, resize, rotate, flip, straighten, extend. One ``action`` with its own arguments."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, known, number
from retouch.engines.builtin.extension import Sides, extended
from retouch.engines.builtin.horizon import tilt
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.resampling import resized
from retouch.engines.builtin.subject import found
from retouch.errors import ImageTooLarge, InstructionNotSupported, TargetNotFound

_RATIO = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
_RATIO_MAX = 20.0
_MARGIN = 0.08  # around a subject, of its longer side
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


@dataclass(frozen=True, slots=True)
class _Box:
    """A part of a picture, in pixels; right and bottom are just outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def moved_into(self, width: int, height: int) -> _Box:
        """The same size, as little moved as needed to lie inside; what is larger starts at 0."""
        x = min(max(self.left, 0), max(width - self.width, 0))
        y = min(max(self.top, 0), max(height - self.height, 0))
        return _Box(x, y, x + self.width, y + self.height)


# --- crop ------------------------------------------------------------------------------------------


def _crop(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    ratio = _ratio(arguments["ratio"]) if "ratio" in arguments else None
    tight = _to_subject(arguments)
    if ratio is None and not tight:
        raise InstructionNotSupported('a crop needs a ratio ("W:H" or "square"), or to: "subject"')
    subject = _subject(canvas, context) if tight else _subject_if_any(canvas, context)
    context.progress(0.6)
    if tight and subject is not None:
        return _cut(canvas, _about(subject, ratio, canvas, context))
    height, width = canvas.rgb.shape[:2]
    closer = 1 - 0.03 * context.variation
    return _cut(canvas, _largest(ratio or 1.0, (width, height), subject, closer))


def _to_subject(arguments: Mapping[str, Any]) -> bool:
    return "to" in arguments and choice(arguments, "to", ("subject",)) == "subject"


def _ratio(text: object) -> float:
    if text == "square":
        return 1.0
    match = _RATIO.fullmatch(text) if isinstance(text, str) else None
    sides = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if min(sides) <= 0 or not 1 / _RATIO_MAX <= sides[0] / sides[1] <= _RATIO_MAX:
        raise InstructionNotSupported(
            f'{text!r} is no ratio; write it as "W:H" from 1:20 to 20:1, or "square"'
        )
    return sides[0] / sides[1]


def _subject(canvas: Canvas, context: Context) -> _Box:
    """The box about the subject, without specks beside it."""
    solid = (found(canvas, context) > 0.5).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    parts = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= 0.03 * stats[1:, cv2.CC_STAT_AREA].max()]
    left, top = parts[:, cv2.CC_STAT_LEFT], parts[:, cv2.CC_STAT_TOP]
    right, bottom = left + parts[:, cv2.CC_STAT_WIDTH], top + parts[:, cv2.CC_STAT_HEIGHT]
    return _Box(float(left.min()), float(top.min()), float(right.max()), float(bottom.max()))


def _subject_if_any(canvas: Canvas, context: Context) -> _Box | None:
    try:
        return _subject(canvas, context)
    except TargetNotFound:
        return None


def _about(subject: _Box, ratio: float | None, canvas: Canvas, context: Context) -> _Box:
    """The subject with a margin, widened to the ratio; a warning if it does not fit whole."""
    height, width = canvas.rgb.shape[:2]
    margin = _MARGIN / context.vary(1) * max(subject.width, subject.height)
    room = _Box(
        max(subject.left - margin, 0),
        max(subject.top - margin, 0),
        min(subject.right + margin, width),
        min(subject.bottom + margin, height),
    )
    if ratio is None:
        return room
    wide = max(room.width, room.height * ratio)
    wide = min(wide, width, height * ratio)
    high = wide / ratio
    if wide < subject.width - 1 or high < subject.height - 1:
        context.warnings.append("the subject does not fit whole into this ratio; the crop shows most of it")
    return _placed(subject, wide, high, (width, height))


def _largest(ratio: float, size: tuple[int, int], subject: _Box | None, closer: float) -> _Box:
    width, height = size
    wide = min(width, height * ratio) * closer
    high = wide / ratio
    middle = _Box(0, 0, width, height) if subject is None else subject
    return _placed(middle, wide, high, size)


def _placed(about: _Box, wide: float, high: float, size: tuple[int, int]) -> _Box:
    """A box of that size about something: its middle, but the upper end of what is too tall."""
    x, y = about.centre
    top = about.top - 0.06 * high if high < about.height else y - high / 2
    return _Box(x - wide / 2, top, x + wide / 2, top + high).moved_into(*size)


def _cut(canvas: Canvas, box: _Box) -> Canvas:
    height, width = canvas.rgb.shape[:2]
    wide, high = min(max(1, round(box.width)), width), min(max(1, round(box.height)), height)
    left, top = min(round(box.left), width - wide), min(round(box.top), height - high)
    part = slice(top, top + high), slice(left, left + wide)
    return _mapped(canvas, lambda plane: plane[part].copy())


def _mapped(canvas: Canvas, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Canvas:
    return Canvas(change(canvas.rgb), None if canvas.alpha is None else change(canvas.alpha))


# --- resize ----------------------------------------------------------------------------------------


def _resize(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    height, width = canvas.rgb.shape[:2]
    wide, high = _wanted(arguments, width, height)
    _within_limits(wide, high, context.pixels_max)
    if "width" in arguments and "height" in arguments and abs(wide / high * height / width - 1) > _SAME_RATIO:
        context.warnings.append(
            f"the sides were cut to {wide}:{high}, about the subject: nothing is distorted"
        )
        canvas = _cut(canvas, _largest(wide / high, (width, height), _subject_if_any(canvas, context), 1))
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


def _within_limits(wide: int, high: int, most: int) -> None:
    if wide * high > most:
        raise ImageTooLarge(
            f"{wide} x {high} are {wide * high / 1e6:.1f} megapixels; the limit is {most / 1e6:g}"
        )


# --- rotate, flip, straighten ----------------------------------------------------------------------


def _rotate(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    degrees = number(arguments, "degrees", limits=(-1e6, 1e6)) % 360
    return _only_one(_turned(canvas, degrees, context.pixels_max), context)


def _turned(canvas: Canvas, degrees: float, most: int) -> Canvas:
    """``degrees`` clockwise: whole quarters by moving pixels, the rest by resampling."""
    quarters = round(degrees / 90)
    rest = degrees - 90 * quarters
    if quarters % 4:
        canvas = _mapped(canvas, lambda plane: np.ascontiguousarray(np.rot90(plane, -quarters)))
    return canvas if abs(rest) < 1e-3 else _leaned(canvas, rest, most)


def _leaned(canvas: Canvas, degrees: float, most: int) -> Canvas:
    height, width = canvas.rgb.shape[:2]
    whole = canvas.alpha is not None and int(canvas.alpha.min()) < 255
    wide, high = (_surrounding if whole else inscribed)(width, height, degrees)
    size = (max(1, round(wide)), max(1, round(high)))
    _within_limits(*size, most)
    turn, shift = math.radians(degrees), ((width - 1) / 2, (height - 1) / 2)
    c, s, x, y = math.cos(turn), math.sin(turn), (size[0] - 1) / 2, (size[1] - 1) / 2
    back = np.array([[c, s, shift[0] - c * x - s * y], [-s, c, shift[1] + s * x - c * y]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    if canvas.alpha is None or not whole:
        return _mapped(
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


def _flip(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    axis = 1 if choice(arguments, "axis", ("horizontal", "vertical")) == "horizontal" else 0
    return _only_one(_mapped(canvas, lambda plane: np.ascontiguousarray(np.flip(plane, axis))), context)


def _straighten(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    del arguments
    lean = tilt(canvas.rgb)
    context.progress(0.4)
    if lean is None:
        raise TargetNotFound("no horizon and no upright lines were found to straighten the picture by")
    if abs(lean.degrees) < _LEVEL:
        context.warnings.append("the picture is level already: it was left as it is")
        return canvas
    return _only_one(_leaned(canvas, -lean.degrees, context.pixels_max), context)


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
    _within_limits(
        width + wanted.left + wanted.right, height + wanted.top + wanted.bottom, context.pixels_max
    )
    return extended(canvas, wanted, context)


_Action = tuple[tuple[str, ...], Callable[[Canvas, Mapping[str, Any], Context], Canvas]]
_ACTIONS: Final[Mapping[str, _Action]] = {
    "crop": (("ratio", "to"), _crop),
    "resize": (("width", "height", "percent"), _resize),
    "rotate": (("degrees",), _rotate),
    "flip": (("axis",), _flip),
    "straighten": ((), _straighten),
    "extend": (("percent", "sides"), _extend),
}
