"""``background.replace``: the subject stays, the place changes.

Arguments: exactly one of ``scene``, ``color``, ``gradient``; ``scene`` "studio" may have a ``color`` beside it.
``keep`` "subject" leaves the subject's core as it is, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retouch.engines.builtin.blur import Plane
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
    keep = arguments.get("keep") == "subject"
    if "scene" in arguments:
        return _before_scene(canvas, matte, _scene(arguments["scene"]), arguments.get("color"), keep, context)
    shape = (*matte.shape, 3)
    if "color" in arguments:
        background = np.broadcast_to(np.array(_colour(arguments["color"]), np.float32), shape)
        return _finish(canvas, matte, background, Placement(keep=keep, relight=0.25, wrap=0.2), context)
    background = _gradient(arguments.get("gradient", ()), shape)
    placement = Placement(keep=keep, relight=0.25, wrap=0.2, grain=0.5 / 255)
    return _finish(canvas, matte, background, placement, context)


def _before_scene(
    canvas: Canvas, matte: Matte, scene: Scene, colour: str | None, keep: bool, context: Context
) -> Canvas:
    height, width = matte.shape
    framing = _framing(matte, None if colour is None else _colour(colour))
    drawn = scene.draw((width, height), context.rng(), framing)
    context.progress(0.75)
    placement = Placement(
        keep=keep,
        relight=0.6,
        wrap=0.55,
        shadow=0.7 if scene.ground and not framing.cut else 0.0,
        grain=max(grain_of(canvas.rgb), 0.8 / 255),
    )
    return _finish(canvas, matte, drawn.linear, placement, context)


def _finish(
    canvas: Canvas, matte: Matte, background: Plane, placement: Placement, context: Context
) -> Canvas:
    rgb = composite(canvas.rgb, matte, background, placement, context.rng(1))
    context.progress(1.0)
    return Canvas(rgb)


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
