"""Rows of other packages under watch: what they give is looked at before anything is made of it.

A wrong result is the package's fault and no picture's: it ends as EngineFailed, which names the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retouch.engines.builtin.operation import Canvas, Context, OperationFunction
from retouch.engines.builtin.scenes.scene import Framing, Scene, SceneImage, Size
from retouch.engines.builtin.styles.sheet import Picture, Sheet, Style
from retouch.errors import EngineFailed

if TYPE_CHECKING:
    from numpy.random import Generator

_SLACK: Final = 1e-3  # over 0 and 1: what rounding makes of them is cut off


def checked_scene(scene: Scene) -> Scene:
    """``scene``, whose drawing is (H, W, 3) float32 of the size asked for, finite, 0..1, or EngineFailed."""
    what = f"the scene {scene.name!r}"

    def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
        drawn: object = scene.draw(size, rng, framing)
        if not isinstance(drawn, SceneImage):
            raise EngineFailed(f"{what} gave {type(drawn).__name__} instead of a SceneImage")
        linear = checked_picture(drawn.linear, (size[1], size[0], 3), what)
        if not (len(drawn.ambient) == 3 and np.isfinite(drawn.ambient).all()):
            raise EngineFailed(f"{what} gave an ambient light of {drawn.ambient}")
        return replace(drawn, linear=linear)

    return replace(scene, draw=draw)


def checked_style(name: str, style: Style) -> Style:
    """``style``, whose picture has the sheet's shape, float32, finite, 0..1, or EngineFailed."""

    def render(sheet: Sheet) -> Picture:
        return checked_picture(style.render(sheet), sheet.rgb.shape, f"the style {name!r}")

    return replace(style, render=render)


def checked_operation(kind: str, apply: OperationFunction) -> OperationFunction:
    """``apply``, whose canvas is (H, W, 3) uint8 with an alpha of (H, W) uint8 or none, or EngineFailed."""

    def watched(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
        made: object = apply(canvas, arguments, context)
        if not isinstance(made, Canvas):
            raise EngineFailed(f"the operation {kind!r} gave {type(made).__name__} instead of a Canvas")
        _check_plane(made.rgb, 3, f"the operation {kind!r}: rgb")
        if made.alpha is not None:
            _check_plane(made.alpha, None, f"the operation {kind!r}: alpha")
            if made.alpha.shape != made.rgb.shape[:2]:
                raise EngineFailed(f"the operation {kind!r}: alpha and rgb are of different sizes")
        return made

    return watched


def checked_picture(picture: object, shape: tuple[int, ...], what: str) -> Picture:
    """``picture`` cut to 0..1; EngineFailed where it is not float32 of ``shape``, or strays from 0..1."""
    if not isinstance(picture, np.ndarray) or picture.dtype != np.float32 or picture.shape != shape:
        raise EngineFailed(f"{what} gave {described(picture)} instead of {shape} float32")
    low, high = float(picture.min()), float(picture.max())
    if not (low >= -_SLACK and high <= 1 + _SLACK):  # False for NaN too, which min and max hand on
        raise EngineFailed(f"{what} gave values from {low:.3g} to {high:.3g} instead of 0 to 1")
    return np.asarray(np.clip(picture, 0, 1), np.float32)


def described(value: object) -> str:
    """Shape and type of an array, else the type."""
    return f"{value.shape} {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _check_plane(plane: object, channels: int | None, what: str) -> None:
    shape = plane.shape if isinstance(plane, np.ndarray) and plane.dtype == np.uint8 else ()
    wanted = (2 if channels is None else 3, channels or (shape[-1] if shape else None))
    if (len(shape), shape[-1] if shape else None) != wanted or 0 in shape:
        raise EngineFailed(f"{what} is {described(plane)} instead of uint8 pixels")
