"""Where the faces of a picture are, for operations that spare them but do not depend on finding any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from retouch.engines.builtin.blur import Plane, f32
from retouch.errors import WeightsMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.faces import Face
    from retouch.engines.builtin.operation import Context

Seen = TypeVar("Seen")

_CORNERS = 36
_WIDE, _HIGH, _UP = 0.5, 0.62, 0.06  # half axes of an ellipse, of a face's box, and how far it lies above


def face_outlines(rgb: NDArray[np.uint8], context: Context) -> tuple[Plane, ...]:
    """Brow to chin of each face, (N, 2) x and y in pixels; none where the nets for it are not there.

    What the second net says is no face, in its pose, gets an ellipse about its box.
    """
    faces = _or_none(context.faces, rgb)
    ovals = [each.oval for each in _or_none(context.portraits, rgb)] if faces else []
    return tuple(next((oval for oval in ovals if _is_of(oval, face)), _ellipse(face)) for face in faces)


def _or_none(
    look: Callable[[NDArray[np.uint8]], tuple[Seen, ...]], rgb: NDArray[np.uint8]
) -> tuple[Seen, ...]:
    try:
        return look(rgb)
    except WeightsMissing:
        return ()


def _is_of(oval: Plane, face: Face) -> bool:
    x, y = (oval.min(0) + oval.max(0)) / 2
    return bool(face.x <= x <= face.x + face.w and face.y <= y <= face.y + face.h)


def _ellipse(face: Face) -> Plane:
    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    x = face.x + face.w / 2 + _WIDE * face.w * np.cos(turn)
    y = face.y + face.h * (0.5 - _UP) + _HIGH * face.h * np.sin(turn)
    return f32(np.stack([x, y], -1))
