"""A picture made larger at its sides: what lies beyond is put together from patches of the picture itself."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, strips
from retouch.engines.builtin.colour import to_float, to_uint8
from retouch.engines.builtin.completion import Level, Sheet, complete
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported, TargetNotFound

_SIZES = (44, 88, 176, 320)  # px of the longer side, level by level
_SMALLEST = 14  # px of the shorter side that patches of 7 px need
_JOIN = 0.12  # of 0..1: a larger difference at the border is no shade but another thing
_SPARE = 4  # px about the sheet: its outermost pixels see too few patches


@dataclass(frozen=True, slots=True)
class Sides:
    """Pixels to be added at each side."""

    left: int
    right: int
    top: int
    bottom: int


def extended(canvas: Canvas, sides: Sides, context: Context) -> Canvas:
    """``canvas`` with more picture at its sides; none of its own pixels changes.

    A cut-out gets transparent room. Sides that cut the subject are left out, with a warning.
    Pictures too small to hold a pattern go on with their border's colours.
    """
    if canvas.alpha is not None:
        return Canvas(_padded(canvas.rgb, sides, cv2.BORDER_REPLICATE), _padded(canvas.alpha, sides, None))
    height, width = canvas.rgb.shape[:2]
    if min(height, width) < _SMALLEST or not any(astuple(sides)):
        return Canvas(_padded(canvas.rgb, sides, cv2.BORDER_REPLICATE))
    subject = _subject(canvas, context)
    sides = _without_cut_sides(subject, sides, context)
    result = _padded(canvas.rgb, sides, cv2.BORDER_REPLICATE)
    context.progress(0.2)
    levels = [
        _level(canvas.rgb, subject, sides, scale) for scale in _scales(max(height, width), min(height, width))
    ]
    level = complete(levels, context.rng(), lambda part: context.progress(0.2 + 0.6 * part))
    _render(result, canvas.rgb, level, sides)
    inside = slice(sides.top, sides.top + height), slice(sides.left, sides.left + width)
    result[inside] = canvas.rgb
    return Canvas(result)


def _padded(plane: NDArray[np.uint8], sides: Sides, border: int | None) -> NDArray[np.uint8]:
    widths = sides.top, sides.bottom, sides.left, sides.right
    how = cv2.BORDER_CONSTANT if border is None else border
    return np.asarray(cv2.copyMakeBorder(plane, *widths, how, value=0), np.uint8)


def _subject(canvas: Canvas, context: Context) -> Plane:
    """The matte, or nothing: beyond the border a subject goes on only where it reaches the border."""
    try:
        return found(canvas, context)
    except TargetNotFound:
        return np.zeros(canvas.rgb.shape[:2], np.float32)


def _without_cut_sides(subject: Plane, sides: Sides, context: Context) -> Sides:
    """Sides that cut the subject stay as they are: nothing shows what goes on beyond them."""
    edges = {
        "left": subject[:, 0],
        "right": subject[:, -1],
        "top": subject[0],
        "bottom": subject[-1],
    }
    cut = [name for name, edge in edges.items() if getattr(sides, name) and float((edge > 0.5).mean()) > 0.05]
    left = replace(sides, **dict.fromkeys(cut, 0))
    if not any(astuple(left)):
        raise InstructionNotSupported(
            "The subject is cut by the border here, and what is beyond is not known."
        )
    if cut:
        context.warnings.append(f"not extended: {', '.join(cut)}; the subject is cut there")
    return left


def _scales(longer: int, shorter: int) -> list[float]:
    least = _SMALLEST / shorter
    scales = {min(max(size / longer, least), 1.0) for size in _SIZES}
    return sorted(scales)


def _level(rgb: NDArray[np.uint8], subject: Plane, sides: Sides, scale: float) -> tuple[Sheet, Plane, Plane]:
    height, width = (max(_SMALLEST, round(side * scale)) for side in rgb.shape[:2])
    sy, sx = height / rgb.shape[0], width / rgb.shape[1]
    left, right = (_grown(side, sx) for side in (sides.left, sides.right))
    top, bottom = (_grown(side, sy) for side in (sides.top, sides.bottom))
    sheet = Sheet(height + top + bottom, width + left + right, top, left, height, width)
    small = to_float(np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
    return sheet, small, resize(subject, (width, height))


def _grown(side: int, scale: float) -> int:
    return int(np.ceil(side * scale)) + _SPARE if side else _SPARE


def _render(result: NDArray[np.uint8], rgb: NDArray[np.uint8], level: Level, sides: Sides) -> None:
    """Write the borders at full size, in place: copies of the picture along the level's offsets.

    Each pixel mixes what its four nearest offsets say; the level's own colours correct the mean.
    """
    sheet = level.sheet
    sy, sx = rgb.shape[0] / sheet.known_height, rgb.shape[1] / sheet.known_width
    offsets = _offsets(level)
    repair = _repair(level, offsets)
    offsets *= f32([sy, sx])
    for rows in strips(result.shape[0]):
        y = (np.arange(rows.start, rows.stop) - sides.top + 0.5) / sy - 0.5 + sheet.top
        x = (np.arange(result.shape[1]) - sides.left + 0.5) / sx - 0.5 + sheet.left
        own = np.mgrid[rows, 0 : result.shape[1]].astype(np.float32)
        own -= f32([sides.top, sides.left])[:, None, None]
        total = np.zeros((*own.shape[1:], 3), np.float32)
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            iy, ix = np.floor(y).astype(int) + dy, np.floor(x).astype(int) + dx
            cell = np.ix_(np.clip(iy, 0, sheet.height - 1), np.clip(ix, 0, sheet.width - 1))
            weight = (1 - np.abs(y - iy))[:, None] * (1 - np.abs(x - ix))[None]
            total += (_copied(rgb, own, offsets[cell]) + repair[cell]) * f32(weight)[..., None]
        result[rows] = to_uint8(total)


def _copied(rgb: NDArray[np.uint8], own: Plane, shift: Plane) -> Plane:
    """The picture's colours at places (2, h, w) moved by ``shift`` (h, w, 2): (h, w, 3) sRGB 0..1."""
    y, x = f32(own[0] + shift[..., 0]), f32(own[1] + shift[..., 1])
    taken = cv2.remap(rgb, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return to_float(np.asarray(taken, np.uint8))


def _offsets(level: Level) -> Plane:
    """From each pixel to the one that it is copied from, (H, W, 2); lone ones join the rest."""
    grid = np.mgrid[0 : level.sheet.height, 0 : level.sheet.width]
    planes = (level.rows - grid[0], level.columns - grid[1])
    offsets = np.dstack([cv2.medianBlur(plane.astype(np.float32), 5) for plane in planes])
    offsets[level.sheet.known] = 0
    return f32(offsets)


def _repair(level: Level, offsets: Plane) -> Plane:
    """What copies lack to join the picture: the error at its border, smoothly spread outwards, (H, W, 3)."""
    sheet = level.sheet
    places = np.round(np.mgrid[0 : sheet.height, 0 : sheet.width].transpose(1, 2, 0) + offsets).astype(
        np.intp
    )
    first = np.array([part.start for part in sheet.known])
    last = np.array([part.stop for part in sheet.known]) - 1
    places = np.clip(places, first, last)
    copied = level.picture[places[..., 0], places[..., 1]]
    mend = f32(gaussian(f32(np.clip(level.picture - copied, -_JOIN, _JOIN)), 1.0))
    border = np.zeros((sheet.height, sheet.width), np.float32)
    border[sheet.known] = 1
    border -= np.asarray(cv2.erode(border, np.ones((3, 3))), np.float32)
    error = f32(np.clip(level.error, -_JOIN, _JOIN)) * border[..., None]
    stack, total = f32(np.dstack([error, border])), np.zeros((sheet.height, sheet.width, 4), np.float32)
    share, reach = 1.0, 1.5
    while reach < max(sheet.height, sheet.width):
        total += f32(share) * gaussian(stack, reach)
        share, reach = share * 0.02, reach * 2
    mend += total[..., :3] / np.maximum(total[..., 3:], 1e-12)
    mend[sheet.known] = 0
    return mend
