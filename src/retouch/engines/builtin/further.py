"""The further pictures of a request, by their places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.operation import Context
from retouch.errors import InstructionNotSupported


def further(place: object, context: Context) -> NDArray[np.uint8]:
    """The picture at ``place``, 1 for the second one: (H, W, 3) uint8 sRGB, transparency on white.

    Raises InstructionNotSupported for a place where there is none.
    """
    if not isinstance(place, int) or isinstance(place, bool) or place < 1:
        raise InstructionNotSupported(f"image is the place of a further picture, from 1 on, not {place!r}")
    if place > len(context.others):
        raise InstructionNotSupported(
            f"the instruction points to picture {place + 1}, and the request has {1 + len(context.others)}"
        )
    pixels = context.others[place - 1]
    if pixels.shape[2] == 3:
        return pixels
    alpha = f32(pixels[..., 3:]) / f32(255)
    return (f32(pixels[..., :3]) * alpha + f32(255) * (1 - alpha) + f32(0.5)).astype(np.uint8)
