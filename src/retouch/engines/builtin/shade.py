"""The soft shade or glow about letters: found, taken back, laid about others.

Text on photos often stands on a shade that fades out far beyond its letters. Filled in with the letters, it
takes with it what can still be seen under it; left alone, it goes on showing where the letters were. In
linear light it is the ground times a factor whose logarithm is a sum of blurs of the letters. So its slopes
are sums of the slopes of these blurs, and what the ground does has nothing to do with the letters: a robust
fit of the slopes tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian
from retouch.engines.builtin.colour import decode, luminance, to_srgb, to_uint8

Area = NDArray[np.bool_]

_WIDTHS: Final = (0.08, 0.25)  # of a line's height: deviations of the blurs
ABOUT: Final = 1.1  # of the height: where the widest of them has faded out
_LOOKED_AT = 0.8  # of the height: how far from the letters slopes are compared
_DARK = 0.02  # of the light: below it slopes are noise
_AGREED = 1  # of the weights in the four halves, from the least: one may be all edges
_ROUNDS, _SWEEPS = 8, 40
_EDGE = 1.5  # times the usual misfit: beyond it a slope is an edge of the ground, and counts less
_LEAST = 0.12  # of the logarithm of the factor: a weaker shade is not sure to be one
_MOST = 1.8  # of it: beyond that too little is left under a shade to be brought back
_SAME = 0.004  # of it: nothing to be seen


@dataclass(frozen=True, slots=True)
class Shade:
    """``weights`` of the blurs of letters ``height`` px high; a ``glow`` goes to white, a shade to black."""

    weights: tuple[float, ...]
    height: float
    glow: bool

    def depth(self, letters: Plane) -> Plane:
        """Minus the logarithm of the factor about ``letters``, (H, W) 0..1."""
        depth = np.zeros_like(letters)
        for weight, blurred in zip(self.weights, _blurs(letters, self.height), strict=True):
            depth += f32(weight) * blurred
        return f32(np.where(depth < _SAME, 0, np.minimum(depth, _MOST)))

    def lifted(self, rgb: NDArray[np.uint8], letters: Plane) -> NDArray[np.uint8]:
        """``rgb``, (H, W, 3) uint8 sRGB, without the shade about ``letters``."""
        return self._times(rgb, self.depth(letters))

    def laid(self, rgb: NDArray[np.uint8], letters: Plane) -> NDArray[np.uint8]:
        """``rgb`` with it."""
        return self._times(rgb, -self.depth(letters))

    def _times(self, rgb: NDArray[np.uint8], power: Plane) -> NDArray[np.uint8]:
        factor = np.exp(power)[..., None]
        light = decode(rgb)
        light = 1 - (1 - light) * factor if self.glow else light * factor
        return np.where(power[..., None] != 0, to_uint8(to_srgb(f32(np.clip(light, 0, 1)))), rgb)


def shade_about(rgb: NDArray[np.uint8], letters: Area, barred: Area, height: float) -> Shade | None:
    """The shade about ``letters`` of lines ``height`` px high; None where there is no clear one.

    Args:
        rgb: (H, W, 3) uint8 sRGB, the surroundings of the letters, ``ABOUT`` times the height wide.
        letters: (H, W), the strokes.
        barred: (H, W), what is no ground: letters with their soft edges, other text.
        height: of a line, px.
    """
    light = luminance(decode(rgb))
    near = cv2.distanceTransform((~letters).astype(np.uint8), cv2.DIST_L2, 3) < _LOOKED_AT * height
    ground = near & ~_grown(barred)
    if not ground.any() or not letters.any():
        return None
    glow = bool(np.median(light[letters]) < np.median(light[ground]))
    value = 1 - light if glow else light
    seen = f32(value / (value + f32(_DARK)))[ground]
    blurs = _blurs(f32(letters), height)
    slopes = np.stack([_slopes(blurred, ground, seen) for blurred in blurs], -1)
    wanted = -_slopes(gaussian(f32(np.log(value + f32(_DARK))), 1.0), ground, f32(1))
    weights = np.sort([_fitted(slopes[part], wanted[part]) for part in _halves(ground)], axis=0)[_AGREED]
    shade = Shade(tuple(map(float, weights)), height, glow)
    return shade if float(np.quantile(shade.depth(f32(letters))[ground], 0.95)) > _LEAST else None


def _blurs(letters: Plane, height: float) -> list[Plane]:
    return [gaussian(letters, max(width * height, 1.0)) for width in _WIDTHS]


def _grown(area: Area) -> Area:
    return np.asarray(cv2.dilate(area.astype(np.uint8), np.ones((5, 5), np.uint8)), np.bool_)


def _slopes(plane: Plane, ground: Area, scale: Plane) -> Plane:
    """Slopes across and down at the pixels of ``ground``, times ``scale``: (2 N,)."""
    across, down = (cv2.Sobel(plane, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=0.125)[ground] for dx in (1, 0))
    return f32(np.concatenate([across * scale, down * scale]))


def _halves(ground: Area) -> list[Area]:
    """Left, right, upper and lower half of the ``2 N`` slopes: only a shade is the same in all of them."""
    places = np.stack(np.nonzero(ground))
    far = places > np.median(places, axis=1, keepdims=True)
    return [np.tile(half, 2) for half in (*far, *~far)]


def _fitted(slopes: Plane, wanted: Plane) -> NDArray[np.float64]:
    """Weights, none below 0, of the columns of ``slopes``, (N, K), that make up ``wanted``, (N,).

    Least squares with Cauchy's weights, again and again: what does not fit is an edge of the ground.
    """
    weights = np.zeros(slopes.shape[1])
    for _ in range(_ROUNDS):
        misfit = np.abs(wanted - slopes @ f32(weights))
        trust = 1 / (1 + np.square(misfit / (_EDGE * np.median(misfit) + 1e-4)))
        matrix = (slopes * trust[:, None]).T @ slopes + 1e-9 * np.eye(len(weights))
        vector = slopes.T @ (trust * wanted)
        for _ in range(_SWEEPS):
            for at in range(len(weights)):
                rest = vector[at] - matrix[at] @ weights + matrix[at, at] * weights[at]
                weights[at] = max(rest / matrix[at, at], 0.0)
    return weights
