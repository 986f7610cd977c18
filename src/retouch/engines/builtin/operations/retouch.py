"""``retouch``: smoother skin, a brighter face, no red eyes; for every face of the picture.

Arguments: ``mode`` "smooth skin" | "brighten face" | "red eye"; ``strength`` 0..100 (50; 100 for red eyes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, known, number
from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.colour import to_float, to_uint8
from retouch.engines.builtin.landmarks import Landmarks
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.red_eye import correct
from retouch.engines.builtin.retouching import lifting, smoothing
from retouch.engines.builtin.skin import Portrait
from retouch.errors import TargetNotFound

_MODES: Final = ("smooth skin", "brighten face", "red eye")
_USUAL: Final = {"smooth skin": 50.0, "brighten face": 50.0, "red eye": 100.0}
_SMALLEST = 24  # px of a face's width: in less nothing can be told apart


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Retouch all faces; alpha, and what is no face, stay. Further pictures get a little more or less.

    Raises:
        TargetNotFound: no face, or for ``red eye`` no red pupil in any.
        WeightsMissing: the nets that find faces are not on this machine.
        InstructionNotSupported: an unknown mode or a wrong value.
    """
    known(arguments, ("mode", "strength"), "retouch")
    mode = choice(arguments, "mode", _MODES)
    asked = number(arguments, "strength", _USUAL[mode])
    faces = [each for each in context.portraits(canvas.rgb) if each.width >= _SMALLEST]
    context.progress(0.4)
    if not faces:
        raise TargetNotFound("no face was found in the picture that is large enough to retouch")
    rgb = canvas.rgb.copy()
    if mode == "red eye":
        _red_eyes(rgb, faces, asked / 100, context)
    else:
        _each(rgb, faces, _change(mode, canvas.rgb, min(context.vary(asked), 100) / 100, context), context)
    context.progress(1.0)
    return Canvas(rgb, canvas.alpha)


def _red_eyes(rgb: NDArray[np.uint8], faces: Sequence[Landmarks], strength: float, context: Context) -> None:
    darkness = 0.6 * context.vary(1.0)
    found = [correct(rgb, lids, strength, darkness) for face in faces for lids in face.eyes]
    if not any(found):
        raise TargetNotFound("no red eye was found in the faces of the picture")


def _change(
    mode: str, rgb: NDArray[np.uint8], strength: float, context: Context
) -> Callable[[Portrait], Plane]:
    if mode == "smooth skin":
        return lambda portrait: smoothing(portrait, strength)
    matte = context.matte(rgb)
    return lambda portrait: lifting(portrait, matte, strength)


def _each(
    rgb: NDArray[np.uint8],
    faces: Sequence[Landmarks],
    change: Callable[[Portrait], Plane],
    context: Context,
) -> None:
    """Add a change to every face, in place."""
    for done, marks in enumerate(faces):
        portrait = Portrait.of(rgb, marks)
        if portrait is not None:
            _add(rgb[portrait.place], change(portrait))
        context.progress(0.4 + 0.6 * (done + 1) / len(faces))


def _add(part: NDArray[np.uint8], change: Plane) -> None:
    """Add ``change``, at a smaller size or the same, to a part of a picture: detail finer than it stays."""
    height, width = part.shape[:2]
    if change.shape[:2] != (height, width):
        change = f32(cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR))
    part[:] = to_uint8(to_float(part) + change)
