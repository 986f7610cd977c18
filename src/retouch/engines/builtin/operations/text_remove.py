"""``text.remove``: text taken off the picture.

Argument: ``text``, only what says this; left out: all text. Nothing but the letters themselves is filled in
where the ground lets them be told from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import known
from retouch.engines.builtin.erasing import erased
from retouch.engines.builtin.lettering.wording import first_words, worded
from retouch.engines.builtin.ocr import TextLine
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.text_matching import Match, matches
from retouch.errors import InstructionNotSupported, TargetNotFound


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Take text off. Raises TargetNotFound where there is none, or none that says ``arguments["text"]``."""
    known(arguments, ("text",), "text.remove")
    read = lines = context.texts(canvas.rgb)
    context.progress(0.3)
    if not lines:
        raise TargetNotFound("no text was found in the picture")
    if "text" in arguments:
        wanted = worded(arguments, "text", context.warnings)
        lines = tuple(part for match in found(lines, wanted) for part in match.parts)
    if context.mask is not None:
        lines = tuple(line for line in lines if _is_marked(line, context.mask))
        if not lines:
            raise TargetNotFound("there is no text inside the mask")
    return erased(
        *(canvas, lines, context.rng(), lambda part: context.progress(0.3 + 0.7 * part), context.mask),
        read=read,
    )


def _is_marked(line: TextLine, mask: NDArray[np.uint8]) -> bool:
    """Whether the middle of ``line`` may be edited."""
    x, y = (
        min(max(int(place), 0), side - 1) for place, side in zip(line.middle, mask.shape[::-1], strict=True)
    )
    return bool(mask[y, x])


def found(lines: tuple[TextLine, ...], wanted: str) -> tuple[Match, ...]:
    """Where ``wanted`` stands.

    Raises InstructionNotSupported where it may stand in a script that is not read, TargetNotFound otherwise.
    """
    places = matches(lines, wanted)
    if places:
        return places
    if not readable(wanted):
        raise InstructionNotSupported(
            f"“{wanted[:40]}” cannot be looked for: text is read in Latin letters, Chinese and Japanese only"
        )
    read = first_words([line.text for line in lines if line.text]) or "nothing"
    raise TargetNotFound(f"“{wanted[:40]}” was not found in the picture; what was read: {read}")


def readable(text: str) -> bool:
    """Whether all letters of ``text`` are of a script that is read."""
    return all(_is_read(char) for char in text if char.isalpha())


def _is_read(char: str) -> bool:
    code = ord(char)
    latin = code < 0x0250 or 0x1E00 <= code < 0x1F00 or 0xFF21 <= code < 0xFF5B
    return latin or 0x3005 <= code < 0x3100 or 0x3400 <= code < 0xA000 or 0xF900 <= code < 0xFB00
