"""How far a photograph is tilted: the angle at which its long level and upright edges stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

_WORK = 1000  # px of the longer side: finer lines say nothing about the camera
_MOST = 15.0  # degrees: what leans more is meant to
_LEANS = np.arange(-_MOST, _MOST + 0.1, 0.2)
_FANS = (0.0, -9.0, -6.0, -4.0, -2.0, 2.0, 4.0, 6.0, 9.0)  # degrees from the middle to the side
_NEAR = 1.0  # degrees: lines that agree
_SHORTEST = 0.035  # of the longer side
_HORIZON = 0.25  # of the longer side
_LEAST_AGREEMENT = 0.28  # of the weight of all nearly level and upright lines
_LONG = 0.1  # of the longer side: many short lines may be a roof, or a wall seen from the side
_LEAST_LENGTH = 0.45  # of the longer side, all lines that agree together

Values: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tilt:
    """``degrees`` clockwise that the picture leans; ``agreement`` 0..1 of its lines that say so."""

    degrees: float
    agreement: float


def tilt(rgb: NDArray[np.uint8]) -> Tilt | None:
    """The lean of ``rgb``, (H, W, 3) uint8 sRGB, within 15 degrees; None where no lines agree on one.

    Line segments (von Gioi et al., "LSD", 2012) vote with their squared length: one horizon outweighs many
    leaves. Uprights may converge, as they do before a camera that looks up or down: their lean may change
    evenly across the picture, and counts in its middle. Level lines short of a horizon say little, because
    perspective tilts them.
    """
    lines = _lines(rgb)
    if lines.weight.size == 0:
        return None
    peak, fan = max(((a, f) for f in _FANS for a in _LEANS), key=lambda guess: lines.votes(*guess))
    near = lines.off(peak, fan) < _NEAR
    agreement = float(lines.weight[near].sum() / lines.weight.sum())
    if agreement < _LEAST_AGREEMENT or lines.length[near].sum() < _LEAST_LENGTH:
        return None
    if lines.length[near].max() < _LONG:
        return None
    mean = np.average((lines.lean - fan * lines.side)[near], weights=lines.weight[near])
    return Tilt(float(mean), agreement)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Segments, (N,) each: lean in degrees, length in longer sides, weight, -1..1 across (0: a level one)."""

    lean: Values
    length: Values
    weight: Values
    side: Values

    def off(self, lean: float, fan: float) -> Values:
        """Degrees between the lines and a picture of that lean, its uprights fanned out by ``fan``."""
        return np.asarray(np.abs(self.lean - lean - fan * self.side), np.float64)

    def votes(self, lean: float, fan: float) -> float:
        """How much speaks for it; a fan has to be worth it."""
        return float(self.weight @ np.exp(-((self.off(lean, fan) / 0.5) ** 2))) * (1 - 0.02 * abs(fan))


def _lines(rgb: NDArray[np.uint8]) -> _Lines:
    """What is level or upright within 15 degrees."""
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    scale = min(1.0, _WORK / max(gray.shape))
    if scale < 1:
        gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    found = cv2.createLineSegmentDetector().detect(gray)[0] if min(gray.shape) >= 16 else None
    ends = np.zeros((0, 4)) if found is None else np.asarray(found, np.float64).reshape(-1, 4)
    dx, dy = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    length, direction = np.hypot(dx, dy) / max(gray.shape), np.degrees(np.arctan2(dy, dx))
    lean = (direction + 45) % 90 - 45
    level = np.abs((direction + 90) % 180 - 90) < 45
    side = np.where(level, 0, (ends[:, 0] + ends[:, 2]) / gray.shape[1] - 1)
    weight = length**2 * np.where(level & (length < _HORIZON), 0.03, 1.0)
    keep = (
        (np.abs(lean) <= _MOST + np.abs(side) * max(_FANS))
        & (length > _SHORTEST)
        & ~_framing(ends, gray.shape)
    )
    return _Lines(lean[keep], length[keep], weight[keep], side[keep])


def _framing(ends: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Lines along the picture's border: a frame says nothing about what was photographed."""
    height, width = shape
    x, y = ends[:, 0::2], ends[:, 1::2]
    edge = [(x < 4), (x > width - 5), (y < 4), (y > height - 5)]
    return np.asarray(np.any([side.all(axis=1) for side in edge], axis=0), np.bool_)
