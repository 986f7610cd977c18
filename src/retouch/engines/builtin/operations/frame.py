"""``frame``: what goes about or over a finished picture: borders, outlines, shadows, vignette, grain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, colour, known, number
from retouch.engines.builtin.blur import Plane, f32, gaussian, strips
from retouch.engines.builtin.colour import decode, luminance, to_float, to_srgb, to_uint8
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.outlines import (
    Colour,
    band,
    cut_out,
    on_paper,
    outlined,
    padded,
    rounded_corners,
    shadowed,
    without_specks,
)
from retouch.engines.builtin.subject import found

_WHITE: Final[Colour] = (255, 255, 255)
_THICK = 128  # rows of grain at a time: clumps need room about them


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Give the canvas ``arguments["frame"]``; ``strength`` 0..100 (50; clamped) is its size or amount.

    - border: ``color`` (white) about the picture, up to 12 % of the shorter side; the picture stays exact.
    - polaroid: paper (``color``, a warm white) with a broad foot, its shadow on white.
    - vignette: darker (toward ``color``, black) to the corners as behind a lens, by up to 3 stops.
    - rounded: transparent corners (filled, where there is a ``color``); 100 makes a circle of a square.
    - sticker outline: the subject cut out with a line of ``color`` (white) about it.
    - drop shadow: of a cut-out, which stays one, or of the whole picture on white; ``color`` is the shadow's.
    - grain: of film, strongest in the mid-tones.

    Further pictures of a request turn the amount a little. Raises InstructionNotSupported for an unknown
    frame or a wrong value, TargetNotFound for a sticker without a subject.
    """
    name = choice(arguments, "frame", _FRAMES)
    known(arguments, ("frame", "color", "strength"), "a frame")
    strength = min(context.vary(number(arguments, "strength", 50)), 100) / 100
    result = _FRAMES[name](canvas, strength, arguments, context)
    context.progress(1.0)
    return result


def _border(canvas: Canvas, strength: float, arguments: Mapping[str, Any], context: Context) -> Canvas:
    del context
    width = max(1, round(0.12 * strength * min(canvas.rgb.shape[:2])))
    paint = colour(arguments, default="#ffffff")
    sides = (width, width, width, width)
    alpha = None if canvas.alpha is None else padded(canvas.alpha, sides, 255)
    return Canvas(padded(canvas.rgb, sides, paint), alpha)


def _polaroid(canvas: Canvas, strength: float, arguments: Mapping[str, Any], context: Context) -> Canvas:
    paper = colour(arguments, default="#f8f5ee")
    height, width = canvas.rgb.shape[:2]
    unit = (0.03 + 0.07 * strength) * min(height, width)
    side, foot = max(1, round(unit)), max(1, round(3.6 * unit))
    photo = canvas.rgb if canvas.alpha is None else on_paper(canvas, paper, context.rng(3))
    card = _toothed(padded(photo, (side, foot, side, side), paper), (side, side, height, width), context)
    room = max(2, round(1.1 * unit))
    sides = (room, round(1.4 * room), room, room)
    solid = np.full(card.shape[:2], 255, np.uint8)
    loose = Canvas(padded(card, sides, paper), padded(solid, sides, 0))
    context.progress(0.5)
    dropped = shadowed(loose, 0.55 * unit, 0.55, (20, 18, 16))
    if canvas.alpha is not None:
        return dropped
    return Canvas(on_paper(dropped, _WHITE, context.rng(1)))


def _toothed(
    card: NDArray[np.uint8], window: tuple[int, int, int, int], context: Context
) -> NDArray[np.uint8]:
    """The paper's faint tooth, and the shade of its edge about the photo; the photo itself stays exact."""
    top, left, height, width = window
    inside = slice(top, top + height), slice(left, left + width)
    photo = card[inside].copy()
    outside = np.ones(card.shape[:2], np.float32)
    outside[inside] = 0
    rim = gaussian(1 - outside, max(0.8, 0.0012 * max(card.shape))) * outside
    rng = context.rng(2)
    for rows in strips(len(card), band(card.shape)):
        tooth = f32(rng.standard_normal((*card[rows].shape[:2], 1), np.float32) * (0.9 / 255))
        card[rows] = to_uint8(to_float(card[rows]) * (1 - 0.18 * rim[rows][..., None]) + tooth)
    card[inside] = photo
    return card


def _vignette(canvas: Canvas, strength: float, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Light falls with the fourth power of its angle's cosine, as in a lens; dithered against bands."""
    light = decode(np.array(colour(arguments, default="#000000"), np.uint8))
    height, width = canvas.rgb.shape[:2]
    tangent = 2.0 ** (1.5 * strength) - 1  # squared, at the corner: 3 stops at full strength
    x = ((np.arange(width, dtype=np.float32) + f32(0.5)) / f32(width / 2) - 1) ** 2
    y = ((np.arange(height, dtype=np.float32) + f32(0.5)) / f32(height / 2) - 1) ** 2
    rng = context.rng()
    result = np.empty_like(canvas.rgb)
    for rows in strips(height, band(canvas.rgb.shape)):
        radius = (x[None] + y[rows][:, None]) / 2
        fall = f32((1 + tangent * radius) ** -2)[..., None]
        mixed = to_srgb(decode(canvas.rgb[rows]) * fall + light * (1 - fall))
        dither = rng.random((*mixed.shape[:2], 1), np.float32) - f32(0.5)
        result[rows] = to_uint8(mixed + dither * f32(1 / 255) * (1 - fall))
    return Canvas(result, canvas.alpha)


def _rounded(canvas: Canvas, strength: float, arguments: Mapping[str, Any], context: Context) -> Canvas:
    shape = canvas.rgb.shape[:2]
    cover = rounded_corners((shape[0], shape[1]), 0.5 * strength**2 * min(shape))
    if canvas.alpha is not None:
        cover = cover * to_float(canvas.alpha)
    cut = Canvas(canvas.rgb, to_uint8(cover))
    if "color" not in arguments:
        return cut
    return Canvas(on_paper(cut, colour(arguments), context.rng()))


def _sticker(canvas: Canvas, strength: float, arguments: Mapping[str, Any], context: Context) -> Canvas:
    paint = colour(arguments, default="#ffffff")
    matte = without_specks(found(canvas, context))
    context.progress(0.4)
    width = (0.005 + 0.03 * strength) * max(matte.shape)
    cut = cut_out(canvas.rgb, matte)
    context.progress(0.6)
    return outlined(_with_room(cut, int(np.ceil(1.4 * width + 2))), width, paint)


def _with_room(cut: Canvas, room: int) -> Canvas:
    """Larger at those sides that the subject comes near to, so that the line stays whole."""
    if cut.alpha is None:
        return cut
    rows, columns = (np.flatnonzero((cut.alpha > 12).any(axis)) for axis in (1, 0))
    height, width = cut.alpha.shape
    free = (rows[0], height - 1 - rows[-1], columns[0], width - 1 - columns[-1])
    top, bottom, left, right = (max(0, room - int(side)) for side in free)
    sides = (top, bottom, left, right)
    rgb = np.asarray(cv2.copyMakeBorder(cut.rgb, *sides, cv2.BORDER_REPLICATE), np.uint8)
    return Canvas(rgb, padded(cut.alpha, sides, 0))


def _shadow(canvas: Canvas, strength: float, arguments: Mapping[str, Any], context: Context) -> Canvas:
    paint = colour(arguments, default="#000000")
    reach = (0.015 + 0.05 * strength) * max(canvas.rgb.shape[:2])
    room = int(np.ceil(2.6 * reach))
    if canvas.alpha is not None and int(canvas.alpha.min()) < 255:
        return shadowed(_with_room(canvas, room), reach, 0.35 + 0.5 * strength, paint)
    sides = (round(0.7 * room), room, round(0.85 * room), round(0.85 * room))
    solid = np.full(canvas.rgb.shape[:2], 255, np.uint8)
    loose = Canvas(padded(canvas.rgb, sides, _WHITE), padded(solid, sides, 0))
    context.progress(0.4)
    dropped = shadowed(loose, reach, 0.35 + 0.5 * strength, paint)
    if canvas.alpha is not None:
        return dropped
    return Canvas(on_paper(dropped, _WHITE, context.rng()))


def _grain(canvas: Canvas, strength: float, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Silver grain: fine and coarse clumps, seen most in mid-tones and barely in black and white."""
    if "color" in arguments:
        context.warnings.append("grain has no colour of its own: the colour was not used")
    size = max(canvas.rgb.shape[:2]) / 1800
    rng = context.rng()
    result = np.empty_like(canvas.rgb)
    for rows in strips(len(canvas.rgb), _THICK):
        srgb = to_float(canvas.rgb[rows])
        tone = f32(np.sqrt(luminance(decode(canvas.rgb[rows]))))
        seen = f32(0.12 + 3.5 * tone * (1 - tone))[..., None] * f32(0.085 * strength)
        shape = tone.shape
        common = _clumps(rng, shape, size)[..., None]
        tint = np.dstack([_clumps(rng, shape, size) for _ in range(3)])
        result[rows] = to_uint8(srgb + seen * (0.93 * common + 0.25 * tint))
    return Canvas(result, canvas.alpha)


def _clumps(rng: np.random.Generator, shape: tuple[int, ...], size: float) -> Plane:
    """Noise with clumps of two sizes, mean 0, deviation 1."""
    white = rng.standard_normal((shape[0] + 16, shape[1] + 16), np.float32)
    if size < 0.35:
        return white[8:-8, 8:-8]
    fine, coarse = (f32(cv2.GaussianBlur(white, (0, 0), sigma)) for sigma in (0.55 * size, 1.3 * size))
    mixed = (fine / (fine.std() + 1e-6) + 0.45 * coarse / (coarse.std() + 1e-6))[8:-8, 8:-8]
    return f32(mixed / 1.3)


_Frame = Callable[[Canvas, float, Mapping[str, Any], Context], Canvas]
_FRAMES: Final[Mapping[str, _Frame]] = {
    "border": _border,
    "polaroid": _polaroid,
    "vignette": _vignette,
    "rounded": _rounded,
    "sticker outline": _sticker,
    "drop shadow": _shadow,
    "grain": _grain,
}
