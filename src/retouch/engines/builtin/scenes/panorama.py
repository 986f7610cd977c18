"""Real places, photographed all round and seen through an open portrait lens: far out of focus.

The pictures in ``data/places`` are Poly Haven's panoramas, CC0 1.0, made small by ``scripts/panoramas.py``. A
pixel of theirs is about a hundredth of the view, so the circle of confusion is at least as wide: what is
out of focus needs no more detail, and its light is real, lamps and sun included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, lens, resize
from retouch.engines.builtin.scenes.relief import eye_level
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film

LICENCE = "Apache-2.0; panorama: Poly Haven, CC0-1.0"
_REACH = np.radians(52.0)  # above and below the horizon, that the files hold
_DRAWN = 560  # px: nothing in the picture is sharper than that
_JITTER = 0.06  # rad, of the direction that is looked in
_FLOOR = 0.01  # of the light, below which its logarithm does not go
_CONTRAST = 1.12


@dataclass(frozen=True, slots=True)
class View:
    """A place's good sides.

    ``directions``: degrees from the panorama's left that one may look in. ``field``: width of the view along
    the picture's longer side, degrees. ``horizon``: its height from the top, 0..1. ``exposure`` scales the
    light, ``tint`` (linear RGB) its colour, ``chroma`` how far colours stand from grey.
    ``confusion``: radius of the circle of confusion, of the longer side; a place of few forms is not told
    without them.
    """

    directions: tuple[float, ...]
    field: float = 62.0
    horizon: float = 0.56
    exposure: float = 1.25
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    chroma: float = 1.12
    mirrored: bool = True
    confusion: float = 0.021


def place(name: str, view: View) -> Callable[[Size, Generator, Framing], SceneImage]:
    """What draws the place ``name`` (of ``data/places``), read now and kept in memory."""
    light = _unpacked(files("retouch.engines.builtin").joinpath(f"data/places/{name}.jpg").read_bytes(), view)

    def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
        """Look in one of the good directions, at eye level."""
        scale = min(1.0, _DRAWN / max(size))
        small = max(4, round(size[0] * scale)), max(4, round(size[1] * scale))
        seen = np.exp(_look(light, small, rng, view, eye_level(framing, view.horizon))) - f32(_FLOOR)
        soft = lens(f32(seen), max(small) * view.confusion)
        return SceneImage.of(resize(film(soft * f32(view.exposure)) ** f32(_CONTRAST), size))

    return draw


def _unpacked(packed: bytes, view: View) -> Plane:
    """The logarithm of a place's light, (h, w, 3): between its pixels a lamp's edge must not ring."""
    pixels = np.asarray(cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_COLOR))
    ratio = np.minimum((f32(pixels[..., ::-1]) / f32(255)) ** 2.2, 0.98)
    light = ratio / (1 - ratio)
    grey = light.mean(-1, keepdims=True)
    light = np.maximum(grey + (light - grey) * view.chroma, 0) * np.array(view.tint, np.float32)
    return f32(np.log(light + _FLOOR))


def _look(light: Plane, size: Size, rng: Generator, view: View, horizon: float) -> Plane:
    """The panorama as a lens projects it: rays through every pixel -> angles -> pixels of the band."""
    width, height = size
    turn = np.radians(view.directions[rng.integers(len(view.directions))]) + rng.uniform(-_JITTER, _JITTER)
    side = rng.choice([-1, 1]) if view.mirrored else 1
    reach = np.tan(np.radians(view.field) / 2) * 2 / max(size)
    x = (np.arange(width, dtype=np.float32)[None] - width / 2 + 0.5) * reach * side
    up = (horizon * height - np.arange(height, dtype=np.float32)[:, None] - 0.5) * reach
    azimuth = turn + np.arctan(x) + 0 * up
    elevation = np.clip(np.arctan2(up, np.hypot(x, 1)), -_REACH, _REACH)
    rows, columns = light.shape[:2]
    column = (azimuth / (2 * np.pi) % 1) * columns - 0.5
    row = (0.5 - elevation / (2 * _REACH)) * rows - 0.5
    wide = cv2.copyMakeBorder(light, 2, 2, 4, 4, cv2.BORDER_WRAP)
    wide[:2], wide[-2:] = wide[2], wide[-3]
    return f32(cv2.remap(wide, f32(column + 4), f32(row + 2), cv2.INTER_CUBIC))
