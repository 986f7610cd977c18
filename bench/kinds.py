"""One plan for each kind of operation, with a photo that it can be carried out on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from bench.warm import Cost, WarmChild, sized
from retouch.engines.planner import SUPPORTED
from retouch.errors import TaskError

_SALE: Final = {"kind": "text.add", "text": "SALE", "size": "large", "position": "top"}
_PLANS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "background.replace", "scene": "starry sky", "keep": "subject"},
    {"kind": "background.replace", "image": 1},
    {"kind": "background.remove"},
    {"kind": "background.blur", "strength": 50},
    {"kind": "sky.replace", "scene": "sunset"},
    {"kind": "style", "style": "cyberpunk"},
    {"kind": "style", "image": 1},
    {"kind": "tone", "brightness": 20, "warmth": 15, "shadows": 10},
    {"kind": "tone", "look": "film"},
    {"kind": "geometry", "action": "crop", "ratio": "square", "to": "subject"},
    {"kind": "geometry", "action": "rotate", "degrees": 7},
    {"kind": "geometry", "action": "extend", "percent": 20},
    {"kind": "frame", "frame": "drop shadow"},
    {"kind": "weather", "weather": "rain"},
    {"kind": "restore", "mode": "auto"},
    {"kind": "restore", "mode": "denoise"},
    {"kind": "recolor", "target": "subject", "color": "#2d7dd2"},
    {"kind": "remove", "target": "subject"},
    {"kind": "privacy", "target": "faces", "mode": "blur"},
    {"kind": "upscale", "factor": 2},
    {"kind": "retouch", "mode": "smooth skin"},
    _SALE,
    {"kind": "text.replace", "old": "SALE", "new": "SOLD"},
    {"kind": "text.remove"},
)
_PHOTO_OF: Final = {"sky.replace": "china.jpg", "remove": "rocket.jpg", "text.replace": "china.jpg"}
_WRITTEN_ON: Final = frozenset({"text.replace", "text.remove"})


@dataclass(frozen=True, slots=True)
class Row:
    """``written``: the text of :data:`LETTERS` is to be set on the photo first."""

    name: str
    plan: dict[str, Any]
    photo: str
    beside: bool
    written: bool


LETTERS: Final = _SALE


def rows() -> Iterator[Row]:
    """Every kind at least once; a kind that this list forgets is an error."""
    if missing := set(SUPPORTED.kinds) - {plan["kind"] for plan in _PLANS}:
        raise RuntimeError(f"no measurement of {', '.join(sorted(missing))}")
    for plan in _PLANS:
        kind = str(plan["kind"])
        rest = ", ".join(str(value) for key, value in plan.items() if key != "kind")
        name = f"{kind} ({rest})" if rest else kind
        yield Row(name, plan, _PHOTO_OF.get(kind, "astronaut.png"), "image" in plan, kind in _WRITTEN_ON)


def carried_out(child: WarmChild, row: Row, size: tuple[int, int], form: str = "PNG") -> Cost | str:
    """What a row costs on its photo at ``size`` (width, height), or why it could not be done."""
    photo = sized(row.photo, *size, form)
    output: Literal["png", "jpeg"] = "png" if form == "PNG" else "jpeg"
    try:
        if row.written:
            photo = child.edit(LETTERS, photo, output=output).data
        others = (sized("china.jpg", *size, form),) if row.beside else ()
        return child.edit(row.plan, photo, *others, output=output)
    except TaskError as error:
        return f"{type(error).__name__}: {error.message}"
