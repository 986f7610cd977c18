"""A canvas at another size: Lanczos, in linear light on the way down, alpha premultiplied meanwhile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.colour import decode, to_float, to_srgb, to_uint8
from retouch.engines.builtin.operation import Canvas


def resized(canvas: Canvas, width: int, height: int) -> Canvas:
    """``canvas`` at ``width`` x ``height``.

    Light adds up linearly, so smaller pictures are means of light; enlarging in linear light would ring
    darkly around bright edges, so that is done in sRGB. One channel at a time: 24 megapixels need 200 MB.
    """
    if canvas.rgb.shape[:2] == (height, width):
        return canvas
    linear = width * height < canvas.rgb.shape[0] * canvas.rgb.shape[1]
    weight = None if canvas.alpha is None else to_float(canvas.alpha)
    cover = None if weight is None else _scaled(weight, width, height)
    rgb = np.empty((height, width, 3), np.uint8)
    for channel in range(3):
        rgb[..., channel] = _channel(canvas.rgb[..., channel], weight, cover, (width, height), linear=linear)
    return Canvas(rgb, None if cover is None else to_uint8(cover))


def _channel(
    plane: NDArray[np.uint8],
    weight: Plane | None,
    cover: Plane | None,
    size: tuple[int, int],
    *,
    linear: bool,
) -> NDArray[np.uint8]:
    light = decode(plane) if linear else to_float(plane)
    if weight is None or cover is None:
        light = _scaled(light, *size)
    else:
        light = f32(_scaled(light * weight, *size) / np.maximum(cover, 1e-4))
    return to_uint8(to_srgb(light) if linear else light)


def _scaled(plane: Plane, width: int, height: int) -> Plane:
    return f32(Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS))
