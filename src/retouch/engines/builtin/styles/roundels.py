"""Round things in a picture, such as the eyes of an animal: who cuts a picture into pieces cuts around them.

Loy and Zelinsky, "Fast radial symmetry for detecting points of interest" (2003): every edge votes for the
points that lie across it at the distance of a radius. The votes of a whole rim come together in its middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.colour import to_linear, to_oklab
from retouch.engines.builtin.surface import blur

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane

_SEEN = 256  # px of the long side: eyes are looked for in a small picture
_RADII = (5, 6, 8, 10, 12, 14, 16)  # px there
_COLOUR = 2.0  # a step in a or b of OKLab counts as many in L
_CLEAR, _LEAST = 0.9, 0.25  # quantile of the steps that count whole, and the share below which none counts
_ROUND = 1.9  # votes of a rim's edges that come together: a circle drawn with a pen has about 3
_SPREAD = 0.25  # of a radius: a rim is no perfect circle


class Circle(NamedTuple):
    """In pixels of the picture that was given."""

    x: float
    y: float
    radius: float


def round_things(rgb: Picture) -> list[Circle]:
    """Circles that stand out from what is around them, the clearest first; none overlaps another."""
    scale = min(1.0, _SEEN / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    votes = sorted(_rims(blur(to_oklab(to_linear(small)), 1.0)), reverse=True)
    found: list[Circle] = []
    for _, x, y, radius in votes:
        if all(np.hypot(x - each.x, y - each.y) > radius + each.radius for each in found):
            found.append(Circle(x, y, radius))
    return [Circle((x + 0.5) / scale, (y + 0.5) / scale, radius / scale) for x, y, radius in found]


def _rims(lab: Picture) -> Iterator[tuple[float, int, int, int]]:
    """Votes, x, y and radius of what is round enough, dark or bright."""
    x, y, weight = _steps(lab)
    for radius in _RADII:
        for side in (1, -1):
            votes = _voted(side * radius * x, side * radius * y, weight, radius)
            reach = 2 * radius + 1
            highest = cv2.dilate(votes, np.ones((reach, reach), np.uint8))
            for row, column in np.argwhere((votes == highest) & (votes > _ROUND)):
                yield float(votes[row, column]), int(column), int(row), radius


def _steps(lab: Picture) -> tuple[Plane, Plane, Plane]:
    """Where every pixel's colour changes most: a unit vector up that step, and how much it counts, 0..1."""
    across, down = (cv2.Sobel(lab, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    steepest = (np.hypot(across, down) * np.array([1, _COLOUR, _COLOUR], np.float32)).argmax(-1)[..., None]
    x, y = (f32(np.take_along_axis(way, steepest, -1)[..., 0]) for way in (across, down))
    length = np.hypot(x, y)
    weight = f32(np.minimum(length / (np.quantile(length, _CLEAR) + 1e-6), 1))
    weight[weight < _LEAST] = 0
    return f32(x / (length + 1e-6)), f32(y / (length + 1e-6)), weight


def _voted(across: Plane, down: Plane, weight: Plane, radius: int) -> Plane:
    """What comes together where every pixel points to, as a share of a whole rim's length."""
    height, width = weight.shape
    y, x = np.indices(weight.shape)
    to_x, to_y = np.rint(x + across).astype(np.intp), np.rint(y + down).astype(np.intp)
    inside = (to_x >= 0) & (to_y >= 0) & (to_x < width) & (to_y < height) & (weight > 0)
    places: NDArray[np.intp] = (to_y * width + to_x)[inside]
    votes = np.bincount(places, weights=weight[inside], minlength=weight.size).reshape(weight.shape)
    spread = _SPREAD * radius
    return np.asarray(blur(votes.astype(np.float32), spread) * np.float32(spread**2 / radius), np.float32)
