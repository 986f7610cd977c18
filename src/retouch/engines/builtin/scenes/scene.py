"""What a scene is: a place, drawn anew for every seed at whatever size is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32

Size: TypeAlias = tuple[int, int]  # width, height
_ENTRIES = 4096  # of a colour ramp's table


@dataclass(frozen=True, slots=True)
class Framing:
    """How the subject stands in the picture, in fractions of its height and width.

    ``box`` is left, top, right, bottom of the matte; ``bands`` are its left and right ends in equally high
    bands from the top to the bottom. ``cut`` says that the picture's lower border cuts the subject, as in a
    portrait; else it stands or floats freely. ``color`` is a colour that a scene may take up (studio
    paper), linear RGB.
    """

    box: tuple[float, float, float, float] = (0.3, 0.2, 0.7, 1.0)
    bands: tuple[tuple[float, float], ...] = ((0.5, 0.5), (0.35, 0.65), (0.3, 0.7), (0.3, 0.7))
    cut: bool = True
    color: tuple[float, float, float] | None = None

    def beside(self, height: float, rng: Generator) -> float:
        """A place from the left, at ``height`` from the top, that the subject does not hide."""
        left, right = self._band(height)
        middle = left / 2 if left > 1 - right else (1 + right) / 2
        return float(np.clip(middle + rng.uniform(-0.05, 0.05), 0.1, 0.9))

    def lowest_clear(self, *heights: float) -> float:
        """The first of ``heights`` at which a sun beside the subject would be seen; else the last."""
        for height in heights:
            left, right = self._band(height)
            if max(left, 1 - right) > 0.18:
                return height
        return heights[-1]

    def _band(self, height: float) -> tuple[float, float]:
        return self.bands[min(int(height * len(self.bands)), len(self.bands) - 1)]


@dataclass(frozen=True, slots=True)
class SceneImage:
    """A drawn scene: (H, W, 3) float32, linear sRGB, 0..1, and its mean light (linear RGB)."""

    linear: Plane
    ambient: tuple[float, float, float]

    @classmethod
    def of(cls, linear: Plane) -> SceneImage:
        """Clip the drawing and measure its light."""
        clipped = np.asarray(np.clip(linear, 0, 1), np.float32)
        red, green, blue = (float(mean) for mean in clipped.mean((0, 1)))
        return cls(clipped, (red, green, blue))


@dataclass(frozen=True, slots=True)
class Scene:
    """A row of the table of scenes.

    ``horizon`` is the height of the horizon from the top, 0..1, where the scene has one; ``ground``: a freely
    standing subject casts a contact shadow there; ``licence`` is that of what the drawing is made from;
    ``depth``: how far out of focus a portrait lens shows it, a radius in parts of the longer side; 0 where it
    is drawn out of focus already, or as stars are.
    """

    name: str
    draw: Callable[[Size, Generator, Framing], SceneImage]
    licence: str = "Apache-2.0"
    horizon: float | None = None
    ground: bool = False
    depth: float = 0.0


def film(linear: Plane) -> Plane:
    """Unbounded scene light -> 0..1 as film does: linear in the dark, a soft shoulder to white."""
    return np.asarray(1 - cv2.exp(-np.maximum(f32(linear), 0)), np.float32)


def height_ramp(size: Size) -> Plane:
    """(H, 1, 1) float32: 0 at the top of the picture, 1 at its bottom."""
    return np.linspace(0, 1, size[1], dtype=np.float32)[:, None, None]


def colour_ramp(position: Plane, stops: list[tuple[float, str]]) -> Plane:
    """Colours of a ramp, blended in linear light with smooth joints.

    Args:
        position: (..., 1) float32.
        stops: ascending positions with ``rrggbb`` colours.

    Returns:
        (..., 3) float32 linear RGB.
    """
    first, last = stops[0][0], stops[-1][0]
    where = np.clip((position[..., 0] - first) * ((_ENTRIES - 1) / (last - first)), 0, _ENTRIES - 1)
    return f32(np.take(_ramp_table(tuple(stops)), (where + 0.5).astype(np.int32), axis=0))


@lru_cache(maxsize=64)
def _ramp_table(stops: tuple[tuple[float, str], ...]) -> Plane:
    """A ramp's colours at evenly spaced positions: finer than 8 bits, taken by index."""
    places = np.array([place for place, _ in stops])
    colours = np.array([rgb_hex(text) for _, text in stops]) ** (1 / 2.2)
    fine = np.linspace(places[0], places[-1], _ENTRIES)
    table = np.stack([np.interp(fine, places, colours[:, c]) for c in range(3)], -1)
    half = _ENTRIES * 30 // 512
    window = np.hanning(2 * half + 1) / np.hanning(2 * half + 1).sum()
    padded = np.pad(table, ((half, half), (0, 0)), mode="reflect", reflect_type="odd")
    smooth = np.stack([np.convolve(padded[:, c], window, "valid") for c in range(3)], -1)
    return f32(np.clip(smooth, 0, None) ** 2.2)


def rgb_hex(text: str) -> tuple[float, float, float]:
    """``rrggbb`` or ``#rrggbb`` (sRGB) -> linear RGB, 0..1."""
    digits = text.removeprefix("#")
    values = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return red, green, blue
