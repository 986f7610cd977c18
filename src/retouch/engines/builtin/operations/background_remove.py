"""``background.remove``: the cut-out, with alpha. No arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from retouch.engines.builtin.blur import f32, strips
from retouch.engines.builtin.colour import to_srgb, to_uint8
from retouch.engines.builtin.foreground import Unmixer
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.subject import found


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Give straight alpha; the half-transparent rim has the subject's true colours, unmixed."""
    del arguments
    matte = f32(found(canvas, context) ** context.vary(1.0))  # further pictures: a wider or tighter rim
    context.progress(0.6)
    unmixer = Unmixer.of(canvas.rgb, matte)
    rgb = np.asarray(cv2.copyTo(canvas.rgb, (matte > 0).astype(np.uint8)), np.uint8)
    for rows in strips(len(matte)):
        alpha = matte[rows]
        y, x = np.nonzero((alpha > 0) & (alpha < 1))
        rgb[rows][y, x] = to_uint8(to_srgb(unmixer.unmix(canvas.rgb, matte, rows, y, x)))
    context.progress(1.0)
    return Canvas(rgb, to_uint8(matte))
