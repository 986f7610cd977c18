"""The strokes of a line of text: which pixels are letters, their colour.

Letters of a line share one colour, the ground behind them need not. So the letters' colour is that which is
more frequent inside the line's rectangle than about it, and strokes are the pixels that have it. Where no
colour stands out the whole rectangle counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.ocr import TextLine

_CELL = 12  # of a channel of Lab, 0..255: width of the histogram's cells
_TOLERANCE = 26.0  # distance in Lab from the letters' colour of a pixel that is one of theirs
_LEAST, _MOST = 0.06, 0.6  # of the rectangle that strokes may be
_STANDS_OUT = 0.05  # more of the rectangle than of its surroundings has the letters' colour, at least
_OUTLINE = 0.16  # of the height: how far an outline or a glow reaches about the letters
_OUTLINED = 0.15  # more of what is next to the letters than of the rest has the outline's colour, at least
_REACH = 0.04  # of the height: soft edges; every pixel of the ground more says how it goes on
_SLIT = 0.06  # of the height: what is left between letters and no wider would stay as crumbs
_MARGIN = 0.35  # of the height, looked at about a line


@dataclass(frozen=True, slots=True)
class Strokes:
    """Part of the picture (rows, columns); in it (h, w) the sure strokes, and all that goes with them."""

    rows: slice
    columns: slice
    sure: NDArray[np.bool_]
    all: NDArray[np.bool_]
    clear: bool  # the strokes could be told from the ground


def strokes(rgb: NDArray[np.uint8], line: TextLine) -> Strokes:
    """The strokes of ``line`` in ``rgb``, (H, W, 3) uint8 sRGB."""
    rows, columns = _about(rgb.shape, line)
    part = rgb[rows, columns]
    inside = np.zeros(part.shape[:2], np.uint8)
    corner = np.array([columns.start, rows.start], np.float32)
    cv2.fillConvexPoly(inside, np.rint(line.corners - corner).astype(np.int32), 1)
    rectangle = inside.astype(np.bool_)
    lab = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2LAB), np.uint8)
    sure = rectangle & _of_one_colour(lab, rectangle, ~rectangle, _STANDS_OUT)
    share = float(sure.sum()) / max(float(rectangle.sum()), 1.0)
    clear = _LEAST <= share <= _MOST
    letters = sure | _outline(lab, sure, line.height) if clear else rectangle
    grown = _closed(_grown(letters, max(2.0, _REACH * line.height)), _SLIT * line.height)
    return Strokes(rows, columns, sure if clear else rectangle, grown, clear)


def _outline(lab: NDArray[np.uint8], letters: NDArray[np.bool_], height: float) -> NDArray[np.bool_]:
    """A line or a glow about the letters: a colour that is frequent beside them and rare elsewhere."""
    near = _grown(letters, _OUTLINE * height) & ~_grown(letters, 1.0)
    far = ~_grown(letters, 2 * _OUTLINE * height)
    if not (near.any() and far.any()):
        return np.zeros(letters.shape, np.bool_)
    return near & _of_one_colour(lab, near, far, _OUTLINED)


def _grown(area: NDArray[np.bool_], reach: float) -> NDArray[np.bool_]:
    side = 2 * max(1, round(reach)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(area.astype(np.uint8), disc), np.bool_)


def _closed(area: NDArray[np.bool_], width: float) -> NDArray[np.bool_]:
    """``area`` with its slits of at most ``width`` px."""
    side = int(width) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.morphologyEx(area.astype(np.uint8), cv2.MORPH_CLOSE, disc), np.bool_)


def _about(shape: tuple[int, ...], line: TextLine) -> tuple[slice, slice]:
    wide = _MARGIN * line.height + 2
    low, high = line.corners.min(0) - wide, line.corners.max(0) + wide
    columns = slice(max(0, int(low[0])), max(1, min(shape[1], int(high[0]) + 1)))
    return slice(max(0, int(low[1])), max(1, min(shape[0], int(high[1]) + 1))), columns


def _of_one_colour(
    lab: NDArray[np.uint8], inside: NDArray[np.bool_], outside: NDArray[np.bool_], least: float
) -> NDArray[np.bool_]:
    """Pixels of the colour that stands out inside, none where no colour does by a share of ``least``."""
    cells = (lab // _CELL).astype(np.int32) @ np.array([1, 32, 1024], np.int32)
    counts = [np.bincount(cells[area], minlength=32**3) / max(area.sum(), 1) for area in (inside, outside)]
    more = counts[0] - counts[1]
    cell = int(more.argmax())
    if more[cell] < least:
        return np.zeros(inside.shape, np.bool_)
    colour = np.median(lab[inside & (cells == cell)], axis=0)
    return np.asarray(np.sqrt(np.square(f32(lab) - f32(colour)).sum(-1)) < _TOLERANCE)


def colour_of(rgb: NDArray[np.uint8], found: Strokes) -> tuple[int, int, int]:
    """The letters' colour: the median of the inner half of the strokes, where no ground is mixed in."""
    part = rgb[found.rows, found.columns]
    depth = cv2.distanceTransform(found.sure.astype(np.uint8), cv2.DIST_L2, 3)
    inner = found.sure & (depth >= np.quantile(depth[found.sure], 0.5))
    red, green, blue = (round(float(value)) for value in np.median(part[inner], axis=0))
    return red, green, blue
