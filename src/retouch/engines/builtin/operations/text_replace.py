"""``text.replace``: words in the picture exchanged for others.

Arguments: ``old``, what is read there; ``new``, what is to stand there.

    read the picture → find the old words → take them off
      → set the new ones in their size, weight, colour and slant
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retouch.engines.builtin.arguments import known
from retouch.engines.builtin.erasing import covered, erased, shaded_by
from retouch.engines.builtin.lettering.fonts import load
from retouch.engines.builtin.lettering.ground import Look, blend, windowed
from retouch.engines.builtin.lettering.setting import Align
from retouch.engines.builtin.lettering.wording import worded
from retouch.engines.builtin.ocr import TextLine, beside
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations.text_remove import found, readable
from retouch.engines.builtin.relettering import fitted, placed, slot_of
from retouch.engines.builtin.seams import Area
from retouch.engines.builtin.shade import Shade
from retouch.engines.builtin.strokes import Strokes, colour_of, strokes
from retouch.engines.builtin.text_matching import Match
from retouch.errors import InstructionNotSupported, TargetNotFound

_STANDING = 1.5  # times as high as wide: a line that is written downwards
_SAME_EDGE = 0.35  # of a line's height: lines whose left ends differ by less begin together


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Exchange every occurrence of ``old``.

    Raises TargetNotFound where it is not there, InstructionNotSupported where it cannot be read, or ``new``
    not be set.
    """
    known(arguments, ("old", "new"), "text.replace")
    old, new = (worded(arguments, name, context.warnings).replace("\n", " ") for name in ("old", "new"))
    if not readable(old):
        found((), old)  # says so
    load().choose(new, 700, new)
    lines = context.texts(canvas.rgb)
    context.progress(0.3)
    if not lines:
        raise TargetNotFound("no text was found in the picture")
    places = [_one_line(match) for match in found(lines, old)]
    done = erased(canvas, places, context.rng(), lambda part: context.progress(0.3 + 0.5 * part), read=lines)
    text = covered(canvas, [*places, *lines])
    for place in places:
        own = strokes(canvas.rgb, place)
        shaded = shaded_by(canvas.rgb, place, own, text)
        shade = None if shaded is None else shaded.shade
        look = _Old(place, own, canvas, _align(place, lines), shade, text & ~covered(canvas, places))
        done = _set(done, look, new, 1 + 0.1 * (context.vary(1.0) - 1))
    context.progress(1.0)
    return done


def _one_line(match: Match) -> TextLine:
    """The match as one line; words in several rows, or one below the other, cannot be exchanged."""
    first = match.parts[0]
    if any(not beside(first, part) for part in match.parts) or first.height > _STANDING * first.width > 0:
        raise InstructionNotSupported("text that runs over several lines, or downwards, cannot be replaced")
    if len(match.parts) == 1:
        return first
    last = match.parts[-1]
    corners = np.stack([first.corners[0], last.corners[1], last.corners[2], first.corners[3]])
    return TextLine(corners, " ".join(part.text for part in match.parts))


@dataclass(frozen=True, slots=True)
class _Old:
    """Old words, their strokes, the canvas that they stand on, which of their ends stays, their shade."""

    place: TextLine
    strokes: Strokes
    canvas: Canvas
    align: Align
    shade: Shade | None
    others: Area  # (H, W), text that stays


def _set(done: Canvas, old: _Old, new: str, turn: float) -> Canvas:
    """``new`` set on ``done`` as the old words stood, ``turn`` times as large."""
    fonts = load()
    slot, drawn = fitted(new, slot_of(old.place, old.strokes, fonts), old.align, fonts, turn)
    mask, corner = placed(drawn, slot, old.align, done.rgb.shape[:2])
    window, around = windowed(done, mask, corner, slot.em)
    if old.shade is not None:
        part = window.rows, window.columns
        laid = old.shade.laid(window.canvas.rgb, around)
        laid = np.where(old.others[part][..., None], window.canvas.rgb, laid)
        window = replace(window, canvas=Canvas(laid, window.canvas.alpha))
    look = Look(colour_of(old.canvas.rgb, old.strokes), light=False, halo=0.0)
    return window.put_back(done, blend(window.canvas, around, slot.em, look))


def _align(place: TextLine, lines: Sequence[TextLine]) -> Align:
    """Next to words that stay; else left where another line begins at the same place, or in the middle."""
    near = _SAME_EDGE * place.height
    for line in lines:
        if beside(line, place):
            before, after = (float(np.hypot(*(line.corners[at] - place.corners[at]))) for at in (0, 1))
            if max(before, after) > near and min(before, after) <= near:
                return "right" if before <= near else "left"
        elif abs(line.corners[0, 0] - place.corners[0, 0]) < near < abs(line.middle[0] - place.middle[0]):
            return "left"
    return "center"
