"""Reading an operation's arguments: what is missing has a default, what is wrong is refused by name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from retouch.errors import InstructionNotSupported

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def known(arguments: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    """Refuse arguments other than ``names``: a misspelt one must not be dropped silently."""
    unknown = sorted(set(arguments) - set(names))
    if unknown:
        raise InstructionNotSupported(
            f"{what} knows no argument {unknown[0]!r}; it knows: {', '.join(names) or 'none'}"
        )


def choice(arguments: Mapping[str, Any], name: str, choices: Iterable[str]) -> str:
    """The argument ``name``, one of ``choices``; InstructionNotSupported names them otherwise."""
    value = arguments.get(name)
    if isinstance(value, str) and value in choices:
        return value
    raise InstructionNotSupported(f"there is no {name} {value!r}; there are: {', '.join(choices)}")


def number(
    arguments: Mapping[str, Any],
    name: str,
    default: float | None = None,
    limits: tuple[float, float] = (0, 100),
) -> float:
    """The argument ``name``, clamped to ``limits``; InstructionNotSupported where it is no finite number."""
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InstructionNotSupported(
            f"{name} is a number from {limits[0]:g} to {limits[1]:g}, not {value!r}"
        )
    return min(max(float(value), limits[0]), limits[1])


def colour(
    arguments: Mapping[str, Any], name: str = "color", default: str | None = None
) -> tuple[int, int, int]:
    """The argument ``name``, "#rrggbb", as sRGB 0..255; InstructionNotSupported for anything else."""
    value = arguments.get(name, default)
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise InstructionNotSupported(f"{value!r} is no colour; write it as #rrggbb")
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)
