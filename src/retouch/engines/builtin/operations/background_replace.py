"""``background.replace``: the subject stays, the place changes.

Arguments: exactly one of ``scene``, ``color``, ``gradient``; scene "studio" may have a ``color`` beside it.
``keep`` "subject" leaves the subject's core as it is, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.compositing import Placement, composite
from retouch.engines.builtin.noise import grain_of
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.scenes import SCENES, Framing, Scene
from retouch.engines.builtin.scenes.scene import rgb_hex
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Put the subject before a scene, a colour or a gradient."""
    matte = found(canvas, context)
    context.progress(0.4)
    if "scene" in arguments:
        background, placement = _before_scene(canvas, matte, arguments, context)
    else:
        background, placement = _before_paper(matte, arguments)
    context.progress(0.75)
    rgb = composite(canvas.rgb, matte, background, placement, context.rng(1))
    context.progress(1.0)
    return Canvas(rgb)


def _before_scene(
    canvas: Canvas, matte: Matte, arguments: Mapping[str, Any], context: Context
) -> tuple[Plane, Placement]:
    scene = _scene(arguments["scene"])
    colour = _colour(arguments["color"]) if "color" in arguments else None
    framing = _framing(matte, colour)
    drawn = scene.draw((matte.shape[1], matte.shape[0]), context.rng(), framing)
    return drawn.linear, Placement(
        keep=_keeps(arguments),
        relight=0.6,
        wrap=0.55,
        shadow=0.7 if scene.ground and not framing.cut else 0.0,
        grain=max(grain_of(canvas.rgb), 0.8 / 255),
    )


def _before_paper(matte: Matte, arguments: Mapping[str, Any]) -> tuple[Plane, Placement]:
    """One colour stays exact; a gradient gets just enough grain to show no bands."""
    shape, keep = (*matte.shape, 3), _keeps(arguments)
    if "color" in arguments:
        background = np.broadcast_to(f32(_colour(arguments["color"])), shape)
        return background, Placement(keep=keep, relight=0.25, wrap=0.2)
    background = _gradient(arguments.get("gradient", ()), shape)
    return background, Placement(keep=keep, relight=0.25, wrap=0.2, grain=0.5 / 255)


def _keeps(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments.get("keep") == "subject")


def _framing(matte: Matte, colour: tuple[float, float, float] | None) -> Framing:
    """Where the subject is. Given only a matte with a subject in it."""
    height, width = matte.shape
    rows, columns = np.flatnonzero((matte > 0.5).any(1)), np.flatnonzero((matte > 0.5).any(0))
    box = (columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
    return Framing(box=box, cut=bool(rows[-1] >= height - 1 - height // 100), color=colour)


def _scene(name: object) -> Scene:
    if isinstance(name, str) and name in SCENES:
        return SCENES[name]
    raise InstructionNotSupported(f"there is no scene {name!r}; there are: {', '.join(SCENES)}")


def _colour(text: object) -> tuple[float, float, float]:
    if isinstance(text, str) and _COLOUR.fullmatch(text):
        return rgb_hex(text)
    raise InstructionNotSupported(f"{text!r} is no colour; write it as #rrggbb")


def _gradient(colours: Sequence[object], shape: tuple[int, int, int]) -> Plane:
    """From the top colour to the bottom one, evenly to the eye."""
    if len(colours) != 2:
        raise InstructionNotSupported("a gradient has two colours, from top to bottom")
    top, bottom = (np.array(_colour(c), np.float32) ** (1 / 2.2) for c in colours)
    ramp = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    return np.broadcast_to(((1 - ramp) * top + ramp * bottom) ** 2.2, shape).astype(np.float32)
