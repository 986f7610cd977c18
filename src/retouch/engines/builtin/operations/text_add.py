"""``text.add``: text set on the picture.

Arguments: ``text``, as it is to be read; ``position`` (bottom, or top where that is calmer), ``color`` (white
or near black, by the ground), ``size`` small | large (in between). Faces are spared where there is room.

    clean the text → choose a face for each character → break it into equal lines, as large as they fit
      → find the colour that can be read there → draw, blend in linear light

Further pictures of a request are set a little larger or smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from retouch.engines.builtin.arguments import choice, colour, known
from retouch.engines.builtin.face_outlines import face_outlines
from retouch.engines.builtin.lettering.fonts import Fonts, Weight, load
from retouch.engines.builtin.lettering.ground import blend, look_for, windowed
from retouch.engines.builtin.lettering.placing import margin, placed
from retouch.engines.builtin.lettering.setting import Align, Line, Setter, draw
from retouch.engines.builtin.lettering.wording import worded
from retouch.engines.builtin.lettering.wrapping import Piece, filled, joined, narrowest, pieces
from retouch.engines.builtin.operation import Canvas, Context
from retouch.errors import InstructionNotSupported

POSITIONS: Final = (
    *("top", "bottom", "center", "left", "right"),
    *("top left", "top right", "bottom left", "bottom right"),
)
_MOST_LINES = 14


@dataclass(frozen=True, slots=True)
class _Size:
    """Limits in shares of the shorter side (an em), of the width inside the margins, of the height."""

    one_line: float  # an em of a single line, at most
    more_lines: float
    easy: float  # an em that is large enough not to break the text once more
    width: float
    height: float
    weight: Weight


_SIZES: Final[Mapping[str, _Size]] = {
    "small": _Size(0.055, 0.045, 0.034, 0.80, 0.40, 700),
    "medium": _Size(0.125, 0.090, 0.060, 0.86, 0.50, 700),
    "large": _Size(0.240, 0.170, 0.095, 1.00, 0.80, 700),
}
_SMALLEST_EM, _SMALLEST_SHARE = 9.0, 0.022  # pixels, and of the shorter side: below it nobody reads


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines and their size: ``em`` in pixels, ``gap`` in em from baseline to baseline."""

    lines: tuple[Line, ...]
    em: float
    gap: float


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Set ``arguments["text"]``.

    Raises InstructionNotSupported for text that is empty, too long, or in a script that no font here covers.
    """
    known(arguments, ("text", "position", "color", "size"), "text.add")
    text = worded(arguments, "text", context.warnings)
    position = choice(arguments, "position", POSITIONS) if "position" in arguments else None
    size = choice({"size": "medium", **arguments}, "size", _SIZES)
    wanted = colour(arguments) if "color" in arguments else None
    fonts = load()
    layout = laid_out(text, canvas.rgb.shape[:2], _SIZES[size], fonts, 1 + 0.3 * (context.vary(1.0) - 1))
    context.progress(0.3)
    mask = draw(layout.lines, layout.em, layout.gap, _align(position or "bottom"), fonts).mask
    corner = placed(mask.shape, canvas.rgb, position, face_outlines(canvas.rgb, context))
    window, around = windowed(canvas, mask, corner, layout.em)
    context.progress(0.6)
    look = look_for(window.canvas, around, layout.em, wanted)
    done = window.put_back(canvas, blend(window.canvas, around, layout.em, look))
    context.progress(1.0)
    return done


def laid_out(text: str, shape: tuple[int, int], size: _Size, fonts: Fonts, turn: float = 1.0) -> Layout:
    """The layout with the fewest lines in which an em is large enough, else that with the largest em.

    ``turn`` is by how much larger than usual the text is to be, as far as there is room.
    """
    setter = Setter.of(text, fonts, size.weight)
    parts = pieces(text, setter.measure)
    side = min(shape)
    edge = 2 * margin(shape)
    room = (shape[1] - edge) * size.width, (shape[0] - edge) * size.height
    options = [
        option for count in range(1, _MOST_LINES + 1) if (option := _option(parts, count, room, setter))
    ]
    limits = [(size.one_line if count == 1 else size.more_lines) * side for count, _ in options]
    ems = [min(em, limit) for (_, em), limit in zip(options, limits, strict=True)]
    fits = [at for at, em in enumerate(ems) if em >= size.easy * side]
    at = fits[0] if fits else int(np.argmax(ems)) if ems else -1
    if at < 0 or ems[at] < max(_SMALLEST_EM, _SMALLEST_SHARE * side):
        raise InstructionNotSupported(
            f"the text of {len(text)} characters would be too small to be read in a picture of "
            f"{shape[1]} x {shape[0]} pixels"
        )
    measure = narrowest(parts, options[at][0]) or 0.0
    lines = tuple(setter.line(joined(parts, line)) for line in filled(parts, measure))
    return Layout(lines, min(ems[at] * turn, options[at][1]), setter.leading)


def _option(
    parts: tuple[Piece, ...], count: int, room: tuple[float, float], setter: Setter
) -> tuple[int, float] | None:
    """The largest em of at most ``count`` lines within ``room``, width and height in pixels."""
    measure = narrowest(parts, count)
    if measure is None:
        return None
    return count, min(room[0] / max(measure, 0.1), room[1] / (1 + setter.leading * (count - 1)))


def _align(position: str) -> Align:
    if "left" in position:
        return "left"
    return "right" if "right" in position else "center"
