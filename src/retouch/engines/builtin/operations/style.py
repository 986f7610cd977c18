"""The operation ``style``: the photo as a painting, a drawing, a night in a neon city, or like another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_float, to_uint8
from retouch.engines.builtin.face_outlines import face_outlines
from retouch.engines.builtin.further import further
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.styles import STYLES
from retouch.engines.builtin.styles.reference import Reference
from retouch.engines.builtin.styles.sheet import Enlarge, Sheet, Style
from retouch.errors import InstructionNotSupported

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.operation import Matte
    from retouch.engines.builtin.styles.sheet import Plane

# Small photos are worked at up to twice their size, so that a line may be thinner than a pixel of theirs.
_SMALLEST, _MAGNIFY = 1024, 2.0
_LIKE_ANOTHER = 900  # px: the nets have learnt strokes for pictures of about that size
_BAND = 256  # rows mixed at a time: a float copy of a 24-megapixel picture alone would take 288 MB


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Paint the canvas in ``arguments["style"]``; ``strength`` 0..100 (default 100; others are clamped).

    ``image`` instead of ``style`` is the place of a further picture, 1 for the second: its style is taken.
    Strength 0 gives the picture back byte for byte. Alpha is kept, and is the subject's matte where the
    canvas has one. The same seed gives the same bytes, another seed another hand.
    Raises InstructionNotSupported for a style that is not in STYLES, a picture that is not there or a
    strength that is no number; WeightsMissing where another's style is asked for without its nets.
    """
    strength = _strength(arguments.get("strength", 100))
    style = _style(canvas, arguments, context)
    if strength == 0:
        return canvas
    context.progress(0.02)
    work = _working(canvas.rgb, style)
    subject = cache(lambda: _subject(canvas, context, work))
    faces = cache(lambda: _faces(canvas, context, work))
    sheet = Sheet(to_float(work), strength, context.rng, subject, context.progress, faces)
    painted = to_uint8(style.render(sheet))
    if canvas.alpha is None:  # else it would show what the alpha hides
        context.preview(Canvas(painted))
    context.progress(0.9)
    full = _enlarge(painted, work, canvas.rgb, style.enlarge)
    return Canvas(_mix(canvas.rgb, full, 1 - (1 - strength) ** 2), canvas.alpha)


def _style(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Style:
    if "image" in arguments:
        if "style" in arguments:
            raise InstructionNotSupported("a style has a name or is another picture's, not both")
        return _like_another(canvas, further(arguments["image"], context), context)
    style = STYLES.get(str(arguments.get("style")))
    if style is None:
        raise InstructionNotSupported(
            f"unknown style {arguments.get('style')!r}; styles are: {', '.join(STYLES)}"
        )
    return style


def _like_another(canvas: Canvas, example: NDArray[np.uint8], context: Context) -> Style:
    """The style of ``example``."""
    height, width = canvas.rgb.shape[:2]
    reference = Reference(context.style_nets(), example, context.vary(1.0))
    # Enlarged many times, strokes are stains: a large photo's own detail says more.
    large = max(height, width) > 2 * _LIKE_ANOTHER
    return Style(reference.render, "detail" if large else "paint", largest=_LIKE_ANOTHER)


def _strength(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InstructionNotSupported(f"a style's strength is a number from 0 to 100, not {value!r}")
    return min(max(float(value), 0), 100) / 100


def _working(rgb: NDArray[np.uint8], style: Style) -> NDArray[np.uint8]:
    """The photo at the size at which it is painted."""
    height, width = rgb.shape[:2]
    long = max(height, width)
    scale = min(1.0, style.largest / long)
    if style.enlarge in {"paint", "ink"}:
        least = min(_SMALLEST, style.largest)
        scale = min(scale if long > least else least / long, _MAGNIFY)
    if scale == 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _resize(rgb, size)


def _resize(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    smaller = size[0] < picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _subject(canvas: Canvas, context: Context, work: NDArray[np.uint8]) -> Plane:
    """The subject at working size: a cut-out's own alpha, else the matte."""
    if canvas.alpha is not None and int(canvas.alpha.min()) < 128:
        matte: Matte = to_float(canvas.alpha)
    else:
        matte = context.matte(canvas.rgb)
    size = (work.shape[1], work.shape[0])
    return np.asarray(np.clip(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), 0, 1), np.float32)


def _faces(canvas: Canvas, context: Context, work: NDArray[np.uint8]) -> tuple[Plane, ...]:
    """Outlines of the faces at working size."""
    (high, wide), (height, width) = work.shape[:2], canvas.rgb.shape[:2]
    scale = np.array([wide / width, high / height], np.float32)
    return tuple(outline * scale for outline in face_outlines(canvas.rgb, context))


def _enlarge(
    painted: NDArray[np.uint8], work: NDArray[np.uint8], photo: NDArray[np.uint8], enlarge: Enlarge
) -> NDArray[np.uint8]:
    """The painted picture at the photo's size."""
    height, width = photo.shape[:2]
    if painted.shape == photo.shape:
        return painted
    if enlarge == "cells":
        return np.asarray(cv2.resize(painted, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    full = _resize(painted, (width, height))
    if enlarge == "detail":
        _bring_detail(full, _resize(work, (width, height)), photo)
    elif width > 1.2 * work.shape[1]:
        full = (_hardened if enlarge == "ink" else _crisp)(full, width / work.shape[1])
    return full


def _crisp(full: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Unsharp mask as wide as one pixel of the working picture has become."""
    soft = cv2.GaussianBlur(full, (0, 0), 0.6 * scale)
    return np.asarray(cv2.addWeighted(full, 1.9, soft, -0.9, 0), np.uint8)


def _hardened(full: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Contrast around mid-grey by ``scale``: an edge is again about one pixel wide."""
    levels = (np.arange(256, dtype=np.float32) - 127.5) * min(scale, 4) + 127.5
    return np.asarray(cv2.LUT(full, np.clip(levels, 0, 255).astype(np.uint8)), np.uint8)


def _bring_detail(full: NDArray[np.uint8], soft: NDArray[np.uint8], photo: NDArray[np.uint8]) -> None:
    """Add, in place, what the photo has over its own reduced copy, scaled with the new brightness."""
    for top in range(0, full.shape[0], _BAND):
        rows = slice(top, top + _BAND)
        painted, before = to_float(full[rows]), to_float(soft[rows])
        gain = np.clip((painted.mean(-1) + 0.05) / (before.mean(-1) + 0.05), 0.2, 1.2)[..., None]
        full[rows] = to_uint8(painted + gain * (to_float(photo[rows]) - before))


def _mix(photo: NDArray[np.uint8], painted: NDArray[np.uint8], amount: float) -> NDArray[np.uint8]:
    if amount >= 1:
        return painted
    return np.asarray(cv2.addWeighted(painted, amount, photo, 1 - amount, 0), np.uint8)
