"""A picture made larger at its sides: what lies beyond is put together from patches of the picture itself."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, strips
from retouch.engines.builtin.colour import to_float, to_uint8
from retouch.engines.builtin.completion import Layer, Level, complete
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.patchwork import Patchwork
from retouch.engines.builtin.seams import Indices
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported, TargetNotFound

_SIZES = (44, 88, 176, 320)  # px of the longer side, level by level
_SMALLEST = 14  # px of the shorter side that patches of 7 px need
# Weights of a place (of the longer side) and of being subject, beside colours 0..1 summed over a patch.
_PLACE, _KIND = 3.0, 6.0
_TONE = 6.0  # weight on the coarsest layer of the border's own tone, half of that on each finer one
_EVEN = 0.035  # of the longer side: the border's tone is seen so much blurred along it
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
    layers = [
        _layer(canvas.rgb, subject, sides, scale, _TONE * 0.5**step)
        for step, scale in enumerate(_scales(max(height, width), min(height, width)))
    ]
    level = complete(layers, context.rng(), lambda part: context.progress(0.2 + 0.6 * part))
    _render(result, canvas.rgb, level, sides)
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


def _layer(rgb: NDArray[np.uint8], subject: Plane, sides: Sides, scale: float, tone: float) -> Layer:
    """The picture at one size, room about it. What is dark at the border goes on dark beyond it."""
    known = max(_SMALLEST, round(rgb.shape[0] * scale)), max(_SMALLEST, round(rgb.shape[1] * scale))
    scales = known[0] / rgb.shape[0], known[1] / rgb.shape[1]
    origin = _grown(sides.top, scales[0]), _grown(sides.left, scales[1])
    rows = np.arange(origin[0] + known[0] + _grown(sides.bottom, scales[0])) - origin[0]
    columns = np.arange(origin[1] + known[1] + _grown(sides.right, scales[1])) - origin[1]
    small = to_float(np.asarray(cv2.resize(rgb, known[::-1], interpolation=cv2.INTER_AREA), np.uint8))
    source = np.outer((rows >= 0) & (rows < known[0]), (columns >= 0) & (columns < known[1]))
    mirrored = _mirrored(rows, known[0]), _mirrored(columns, known[1])
    near = np.ix_(np.clip(rows, 0, known[0] - 1), np.clip(columns, 0, known[1] - 1))
    kind, even = resize(subject, known[::-1]), gaussian(small, _EVEN * max(known))
    return Layer(
        origin=origin,
        scale=scales,
        picture=f32(small[np.ix_(*mirrored)]),
        hole=~source,
        source=source,
        hints=f32(np.dstack([_hints(mirrored, max(known), kind[near]), tone * even[near]])),
    )


def _hints(mirrored: tuple[Indices, Indices], longer: int, kind: Plane) -> Plane:
    """Where a patch should come from and whether of the subject, (H, W, 3), in the measure of colours.

    Beyond the border, things go on as they are mirrored in it: at the same height at the sides, sky above,
    ground below. What is beyond the subject's own part of the border is subject, and nothing else is.
    """
    place = np.meshgrid(*mirrored, indexing="ij")
    return f32(np.dstack([_PLACE / longer * place[0], _PLACE / longer * place[1], _KIND * kind]))


def _mirrored(position: Indices, length: int) -> Indices:
    period = max(2 * length - 2, 1)
    folded = np.abs(position) % period
    return np.asarray(np.minimum(folded, period - folded), np.intp)


def _grown(side: int, scale: float) -> int:
    return int(np.ceil(side * scale)) + _SPARE if side else _SPARE


def _render(result: NDArray[np.uint8], rgb: NDArray[np.uint8], level: Level, sides: Sides) -> None:
    """Write the borders at full size, in place: copies of the picture along the level's offsets."""
    beyond = np.ones(result.shape[:2], np.bool_)
    beyond[sides.top : sides.top + rgb.shape[0], sides.left : sides.left + rgb.shape[1]] = False
    patchwork = Patchwork(level)
    for rows in strips(result.shape[0]):
        y, x = np.nonzero(beyond[rows])
        result[rows][y, x] = to_uint8(patchwork.pixels(rgb, y + rows.start - sides.top, x - sides.left))
