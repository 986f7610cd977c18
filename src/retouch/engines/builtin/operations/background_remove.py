"""``background.remove``: the cut-out, with alpha. No arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retouch.engines.builtin.colour import decode, to_srgb, to_uint8
from retouch.engines.builtin.foreground import Unmixer
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.subject import found


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Give straight alpha; the half-transparent rim has the subject's true colours, unmixed."""
    del arguments
    matte = found(canvas, context)
    context.progress(0.6)
    rows, columns = np.nonzero((matte > 0) & (matte < 1))
    alpha, mixed = matte[rows, columns][:, None], decode(canvas.rgb[rows, columns])
    colours = Unmixer.of(canvas.rgb, matte).unmix(mixed, alpha, (rows, columns), matte.shape)
    rgb = canvas.rgb * (matte > 0)[..., None]
    rgb[rows, columns] = to_uint8(to_srgb(colours))
    context.progress(1.0)
    return Canvas(rgb, to_uint8(matte))
