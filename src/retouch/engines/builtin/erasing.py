"""Text taken off a picture: its strokes become holes that are filled from the rest, its shade goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.inpainting import fill
from retouch.engines.builtin.ocr import TextLine
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.seams import Area, Part
from retouch.engines.builtin.shade import ABOUT, Shade, shade_about
from retouch.engines.builtin.strokes import Strokes, strokes

_TRACES = 0.05  # of a line's height: so far beyond the holes compression has smeared letters


@dataclass(frozen=True, slots=True)
class Shaded:
    """A shade about the letters of a line, (h, w), in a part of the picture; ``kept`` is no ground."""

    shade: Shade
    part: Part
    letters: Area
    kept: Area


def erased(
    canvas: Canvas,
    lines: Sequence[TextLine],
    rng: np.random.Generator,
    progress: Callable[[float], None],
    allowed: NDArray[np.uint8] | None = None,
    *,
    read: Sequence[TextLine] = (),
) -> Canvas:
    """The canvas without ``lines``; outside of their strokes and of a clear shade it is the same to the byte.

    ``allowed``, (H, W): 0 where nothing may be edited. ``read``: all text, which is no ground. What is
    transparent is no source for the filling.
    """
    hole = covered(canvas, lines)
    letters = hole | covered(canvas, read)
    rgb = canvas.rgb
    for line in lines:
        shaded = shaded_by(rgb, line, strokes(canvas.rgb, line), letters)
        if shaded is not None:
            rgb = _lifted(rgb, shaded, allowed)
    source = ~_widened(letters, max((line.height for line in lines), default=0.0))
    if canvas.alpha is not None:
        source &= canvas.alpha > 0
    if allowed is not None:
        hole &= allowed > 0
    return Canvas(fill(rgb, hole, rng, progress, source=source), canvas.alpha)


def _widened(text: Area, height: float) -> Area:
    """``text`` with what is left of its edges about it, which nothing is to be copied from."""
    side = 2 * round(_TRACES * height) + 1
    return np.asarray(cv2.dilate(text.astype(np.uint8), np.ones((side, side), np.uint8)), np.bool_)


def covered(canvas: Canvas, lines: Sequence[TextLine]) -> Area:
    """Where strokes of ``lines`` are, soft edges and outlines included, (H, W)."""
    area = np.zeros(canvas.rgb.shape[:2], np.bool_)
    for line in lines:
        found = strokes(canvas.rgb, line)
        area[found.rows, found.columns] |= found.all
    return area


def shaded_by(rgb: NDArray[np.uint8], line: TextLine, found: Strokes, text: Area) -> Shaded | None:
    """The shade that ``line`` lies on; ``text``, (H, W), is no ground."""
    if not found.clear:
        return None
    wide = int(ABOUT * line.height) + 1
    x, y = np.floor(line.corners.min(0)).astype(int) - wide
    right, bottom = np.ceil(line.corners.max(0)).astype(int) + wide
    part = slice(max(0, y), max(0, bottom)), slice(max(0, x), max(0, right))
    letters = np.zeros(rgb.shape[:2], np.bool_)
    letters[found.rows, found.columns] = found.sure
    shade = shade_about(rgb[part], letters[part], text[part], line.height)
    return None if shade is None else Shaded(shade, part, letters[part], text[part])


def _lifted(rgb: NDArray[np.uint8], shaded: Shaded, allowed: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """``rgb`` without the shade; text, and what may not be edited, stays."""
    stays = shaded.kept if allowed is None else shaded.kept | (allowed[shaded.part] == 0)
    lifted = rgb.copy()
    lifted[shaded.part] = shaded.shade.lifted(rgb[shaded.part], f32(shaded.letters))
    lifted[shaded.part][stays] = rgb[shaded.part][stays]
    return lifted
