"""Which part of a picture a crop shows: a ratio, the subject, or both; and cutting it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported, TargetNotFound

_RATIO = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
_RATIO_MAX = 20.0
_MARGIN = 0.08  # around a subject, of its longer side


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in pixels; right and bottom are just outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Of the part, in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Of the part, in pixels."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """x and y of its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def moved_into(self, width: int, height: int) -> Box:
        """The same size, as little moved as needed to lie inside; what is larger starts at 0."""
        x = min(max(self.left, 0), max(width - self.width, 0))
        y = min(max(self.top, 0), max(height - self.height, 0))
        return Box(x, y, x + self.width, y + self.height)


def crop(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """The part that ``ratio`` and ``to`` ask for, as ``geometry`` describes them.

    Raises:
        InstructionNotSupported: neither is given, or a ratio that is none.
        TargetNotFound: no subject to crop to.
    """
    ratio = _ratio(arguments["ratio"]) if "ratio" in arguments else None
    tight = _to_subject(arguments)
    if ratio is None and not tight:
        raise InstructionNotSupported('a crop needs a ratio ("W:H" or "square"), or to: "subject"')
    subject = _subject(canvas, context) if tight else subject_if_any(canvas, context)
    context.progress(0.6)
    if tight and subject is not None:
        return cut(canvas, _about(subject, ratio, canvas, context))
    height, width = canvas.rgb.shape[:2]
    closer = 1 - 0.03 * context.variation
    return cut(canvas, largest(ratio or 1.0, (width, height), subject, closer))


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


def _subject(canvas: Canvas, context: Context) -> Box:
    """The box about the subject, without specks beside it."""
    solid = (found(canvas, context) > 0.5).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    parts = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= 0.03 * stats[1:, cv2.CC_STAT_AREA].max()]
    left, top = parts[:, cv2.CC_STAT_LEFT], parts[:, cv2.CC_STAT_TOP]
    right, bottom = left + parts[:, cv2.CC_STAT_WIDTH], top + parts[:, cv2.CC_STAT_HEIGHT]
    return Box(float(left.min()), float(top.min()), float(right.max()), float(bottom.max()))


def subject_if_any(canvas: Canvas, context: Context) -> Box | None:
    """The box about the subject; None where there is none."""
    try:
        return _subject(canvas, context)
    except TargetNotFound:
        return None


def _about(subject: Box, ratio: float | None, canvas: Canvas, context: Context) -> Box:
    """The subject with a margin, widened to the ratio; a warning if it does not fit whole."""
    height, width = canvas.rgb.shape[:2]
    margin = _MARGIN / context.vary(1) * max(subject.width, subject.height)
    room = Box(
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


def largest(ratio: float, size: tuple[int, int], subject: Box | None, closer: float) -> Box:
    """The largest part of ``size`` (width, height) in ``ratio``, times ``closer``, about the subject."""
    width, height = size
    wide = min(width, height * ratio) * closer
    high = wide / ratio
    middle = Box(0, 0, width, height) if subject is None else subject
    return _placed(middle, wide, high, size)


def _placed(about: Box, wide: float, high: float, size: tuple[int, int]) -> Box:
    """A box of that size about something: its middle, but the upper end of what is too tall."""
    x, y = about.centre
    top = about.top - 0.06 * high if high < about.height else y - high / 2
    return Box(x - wide / 2, top, x + wide / 2, top + high).moved_into(*size)


def cut(canvas: Canvas, box: Box) -> Canvas:
    """The part of the canvas in ``box``, rounded to whole pixels inside it."""
    height, width = canvas.rgb.shape[:2]
    wide, high = min(max(1, round(box.width)), width), min(max(1, round(box.height)), height)
    left, top = min(round(box.left), width - wide), min(round(box.top), height - high)
    part = slice(top, top + high), slice(left, left + wide)
    return mapped(canvas, lambda plane: plane[part].copy())


def mapped(canvas: Canvas, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Canvas:
    """The same ``change`` for colours and alpha."""
    return Canvas(change(canvas.rgb), None if canvas.alpha is None else change(canvas.alpha))
