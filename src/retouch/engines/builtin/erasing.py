"""Text taken off a picture: its strokes become holes, and the holes are filled from the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.inpainting import fill
from retouch.engines.builtin.ocr import TextLine
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.strokes import strokes


def erased(
    canvas: Canvas,
    lines: Sequence[TextLine],
    rng: np.random.Generator,
    progress: Callable[[float], None],
    allowed: NDArray[np.uint8] | None = None,
) -> Canvas:
    """The canvas without ``lines``; outside of their strokes it is the same to the byte.

    ``allowed``, (H, W): 0 where nothing may be edited. What is transparent is no source for the filling.
    """
    hole = np.zeros(canvas.rgb.shape[:2], np.bool_)
    for line in lines:
        found = strokes(canvas.rgb, line)
        hole[found.rows, found.columns] |= found.all
    source = None if canvas.alpha is None else canvas.alpha > 0
    if allowed is not None:
        hole &= allowed > 0
    return Canvas(fill(canvas.rgb, hole, rng, progress, source=source), canvas.alpha)
