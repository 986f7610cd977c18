"""``privacy``: faces are made unrecognisable, for good.

Arguments: ``mode`` "blur" | "pixelate"; ``target`` "faces" (the default, and the only one).

Of each face no more is left than the mean colours of seven cells across: what was between them is in the
picture no longer, so no sharpening brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, known
from retouch.engines.builtin.blur import Plane, f32, smoothstep
from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.operation import Canvas, Context
from retouch.errors import TargetNotFound

_CELLS = 7  # across a face
_WIDE, _HIGH = 1.75, 2.0  # of the box: the ears, the hair and the chin belong to a face
_UP = 0.10  # of the box's height: more is missing above it than below
_RIM = 0.12  # of the ellipse: the soft edge, outside of the face


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Hide every face of the picture; TargetNotFound where there is none."""
    known(arguments, ("mode", "target"), "privacy")
    mode = choice({"mode": "blur", **arguments}, "mode", ("blur", "pixelate"))
    choice({"target": "faces", **arguments}, "target", ("faces",))
    faces = context.faces(canvas.rgb)
    context.progress(0.6)
    if not faces:
        raise TargetNotFound("no face was found in the picture")
    rgb = canvas.rgb.copy()
    # All there is to vary is how far the ellipse goes beyond the face: other cells would tell more of it.
    reach = 1 + 0.15 * (context.vary(1.0) - 1)
    for face in faces:
        hide(rgb, face, mode, reach)
    context.progress(1.0)
    return Canvas(rgb, canvas.alpha)


def hide(rgb: NDArray[np.uint8], face: Face, mode: str, reach: float = 1.0) -> None:
    """Cover one face of ``rgb``, (H, W, 3) uint8 sRGB, in place, in an ellipse ``reach`` times the usual."""
    middle = face.x + face.w / 2, face.y + face.h * (0.5 - _UP)
    radii = face.w * _WIDE / 2 * reach, face.h * _HIGH / 2 * reach
    part = _around(rgb.shape, middle, radii)
    below = rgb[part]
    if below.size == 0:
        return
    cover = _ellipse(part, middle, radii)[..., None]
    cell = max(2, round(max(face.w, face.h) / _CELLS))
    mixed = below * (1 - cover) + _coarse(below, cell, smooth=mode == "blur") * cover
    rgb[part] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _around(
    shape: tuple[int, ...], middle: tuple[float, float], radii: tuple[float, float]
) -> tuple[slice, slice]:
    """Rows and columns of the ellipse that lie in the picture."""
    (x, y), (across, up) = middle, radii
    rows = slice(max(0, int(y - up)), max(0, min(shape[0], int(y + up) + 2)))
    return rows, slice(max(0, int(x - across)), max(0, min(shape[1], int(x + across) + 2)))


def _ellipse(part: tuple[slice, slice], middle: tuple[float, float], radii: tuple[float, float]) -> Plane:
    """1 over the face, 0 outside of the ellipse: (h, w) float32."""
    y, x = np.mgrid[part].astype(np.float32)
    distance = np.hypot((x - middle[0]) / max(radii[0], 1), (y - middle[1]) / max(radii[1], 1))
    return smoothstep(1.0, 1.0 - _RIM, f32(distance))


def _coarse(rgb: NDArray[np.uint8], cell: int, *, smooth: bool) -> Plane:
    """The cells' mean colours over the same area, as squares or flowing into each other."""
    height, width = rgb.shape[:2]
    size = (-(-width // cell), -(-height // cell))
    padded = cv2.copyMakeBorder(
        rgb, 0, size[1] * cell - height, 0, size[0] * cell - width, cv2.BORDER_REPLICATE
    )
    means = f32(cv2.resize(f32(padded), size, interpolation=cv2.INTER_AREA))
    if not smooth:
        return f32(np.kron(means, np.ones((cell, cell, 1), np.float32))[:height, :width])
    means = f32(cv2.GaussianBlur(means, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE))
    whole = (size[0] * cell, size[1] * cell)
    return f32(cv2.resize(means, whole, interpolation=cv2.INTER_CUBIC))[:height, :width]
