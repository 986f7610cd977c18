"""``upscale``: two or four times the size, with detail that interpolation does not give.

Argument: ``factor`` 2 | 4 (2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import known
from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.colour import to_srgb, to_uint8
from retouch.engines.builtin.denoising import blockiness, deblocked, denoised, noise_of
from retouch.engines.builtin.enlarging import enlarged
from retouch.engines.builtin.foreground import Unmixer
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.errors import ImageTooLarge, InstructionNotSupported

FACTORS: Final = (2, 4)
_DETAIL = 0.9  # the net's share
_BLOCKY, _NOISY = 0.35, 1.2  # from here on the net would make worms of what it takes for detail
_CALM, _CALMER = 0.35, 0.6


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Enlarge by a net; JPEG blocks and noise are calmed before. Alpha is enlarged by cubic interpolation.

    Further pictures have a little more or less of the net's detail.

    Raises:
        InstructionNotSupported: another factor.
        ImageTooLarge: the result would have more pixels than are served.
        WeightsMissing: the net is not on this machine.
    """
    known(arguments, ("factor",), "upscale")
    factor = _factor(arguments)
    _within_limits(canvas.rgb.shape, factor, context.pixels_max)
    net = context.enlarger(factor)
    rgb = canvas.rgb if canvas.alpha is None else _filled(canvas.rgb, canvas.alpha)
    rgb = _calmed(rgb, context)
    detail = _DETAIL * context.vary(1.0)
    rgb = enlarged(rgb, net, detail, context.part(0.1, 1.0))
    return Canvas(rgb, None if canvas.alpha is None else _larger(canvas.alpha, factor))


def _factor(arguments: Mapping[str, Any]) -> int:
    value = arguments.get("factor", 2)
    if isinstance(value, int) and value in FACTORS:
        return value
    raise InstructionNotSupported(f"a picture is upscaled 2 or 4 times, not {value!r}")


def _within_limits(shape: tuple[int, ...], factor: int, most: int) -> None:
    height, width = shape[:2]
    if width * height * factor**2 <= most:
        return
    possible = [each for each in FACTORS if width * height * each**2 <= most]
    advice = f"{possible[-1]} times is possible" if possible else "it cannot be upscaled"
    raise ImageTooLarge(
        f"{factor} times {width} x {height} are {width * height * factor**2 / 1e6:.1f} megapixels;"
        f" the limit is {most / 1e6:g}: {advice}"
    )


def _calmed(rgb: NDArray[np.uint8], context: Context) -> NDArray[np.uint8]:
    """Without what is no detail: blocks first, which look like noise."""
    said = []
    if blockiness(rgb)[0] > _BLOCKY:
        rgb = deblocked(rgb, _CALMER, context.part(0.0, 0.05))
        said.append("JPEG blocks")
    noise = noise_of(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8))
    if noise > _NOISY:
        rgb = denoised(rgb, _CALM, context.part(0.05, 0.1), noise)
        said.append("noise")
    if said:
        context.warnings.append(f"taken out before enlarging: {' and '.join(said)}")
    return rgb


def _filled(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The visible colours carried on into what is transparent: what is hidden there must not be seen."""
    matte: Matte = f32(alpha / np.float32(255))
    means = to_uint8(to_srgb(Unmixer.of(rgb, matte).front))
    height, width = alpha.shape
    spread = np.asarray(cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.asarray(np.where(alpha[..., None] > 0, rgb, spread), np.uint8)


def _larger(alpha: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(alpha, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)
