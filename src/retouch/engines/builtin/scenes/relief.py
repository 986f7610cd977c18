"""Land and water as a relief seen in perspective: every pixel's ray is followed to the ground that it meets.

Distances and heights are in heights of the eye above the ground's mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.scenes.scene import Framing, Size

TILE = 1024  # pixels of the square, endlessly repeated tile that a ground is made of
_STEPS = 560  # distances at which the ground is looked up
_LARGEST = 1000  # px: reliefs are drawn no larger
_LEVELS = 6  # of the tile, each half as fine as the one before


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the rays meet the ground: all (H, W) float32.

    ``column`` and ``row`` are places on the tile, ``distance`` is that to the eye, ``cover`` is 1 on the
    ground and 0 in the sky, and ``blur`` is how many of the tile's pixels one of the picture's covers.
    """

    column: Plane
    row: Plane
    distance: Plane
    cover: Plane
    blur: Plane

    def look_up(self, tile: Plane) -> Plane:
        """``tile`` (TILE, TILE) as seen from the eye: (H, W); what is too fine for a pixel is averaged."""
        return _sampled(tile, self.column, self.row, self.blur)


def working_size(size: Size) -> Size:
    """A little larger than small pictures, for smooth edges, and smaller than large ones."""
    scale = min(1.1, _LARGEST / max(size))
    return max(8, round(size[0] * scale)), max(8, round(size[1] * scale))


def eye_level(framing: Framing, usual: float, lowest: float = 0.25) -> float:
    """The horizon's height from the top: higher than usual where the subject would else stand behind it."""
    if framing.cut:
        return usual
    top, bottom = framing.box[1], framing.box[3]
    return float(np.clip(bottom - 0.10 - 0.20 * (bottom - top), lowest, usual))


def look_over(
    tile: Plane, size: Size, horizon: float, rng: Generator, width: float, *, far: float = 400.0
) -> Ground:
    """Look over endless ground whose heights are ``tile`` (TILE, TILE), ``width`` of distance wide.

    Rays are not followed one by one. For all columns the ground's height is projected at growing distances;
    a running minimum says what stands out over all before it; a search in that finds each pixel's distance.
    """
    columns, rows = size
    longer = max(size)
    nearest = 0.45 / max((1 - horizon) * rows / longer, 0.05)
    distances = np.geomspace(nearest, far, _STEPS, dtype=np.float32)[:, None]
    across = ((np.arange(columns, dtype=np.float32) + 0.5 - columns / 2) / longer)[None]
    start, per = rng.random(2) * TILE, TILE / width
    column = _wrapped(across * distances * per + start[0])
    row = _wrapped(distances * per + start[1] + 0 * across)
    blur = f32(distances * per / longer + 0 * across)
    heights = _sampled(tile, column, row, blur)
    seen = np.minimum.accumulate(horizon * rows + (1 - heights) / distances * longer, axis=0)
    steps = _first_steps(f32(seen), rows)
    reach = nearest * np.exp(steps * f32(np.log(far / nearest) / (_STEPS - 1)))
    pixel_rows = np.arange(rows, dtype=np.float32)[:, None]
    cover = np.clip(pixel_rows - seen[-1][None] + 0.5, 0, 1)
    slant = np.clip(np.gradient(f32(np.log(reach)), axis=0) * -longer, 1, 12) if rows > 1 else 1.0
    return Ground(
        column=_wrapped(across * reach * per + start[0]),
        row=_wrapped(reach * per + start[1]),
        distance=f32(reach),
        cover=f32(cover),
        blur=f32(reach * per / longer * np.sqrt(slant)),
    )


def _wrapped(place: Plane) -> Plane:
    """A place on the endless ground -> on its tile."""
    return f32(place - np.floor(place / f32(TILE)) * f32(TILE))


def _first_steps(seen: Plane, rows: int) -> Plane:
    """For every pixel the (fractional) step at which the falling line ``seen`` (steps, W) passes its row."""
    wanted = -np.arange(rows, dtype=np.float32)
    out = np.empty((rows, seen.shape[1]), np.float32)
    for column, line in enumerate(-seen.T):
        after = np.clip(np.searchsorted(line, wanted), 1, len(line) - 1)
        low, high = line[after - 1], line[after]
        out[:, column] = after - 1 + np.clip((wanted - low) / np.maximum(high - low, 1e-6), 0, 1)
    return out


def _sampled(tile: Plane, column: Plane, row: Plane, blur: Plane) -> Plane:
    """Bilinear look-up in a tile and in its reduced copies, blended by how much a pixel covers."""
    level = np.log2(np.maximum(blur, 1))
    total = np.zeros_like(column)
    reduced = tile
    for index in range(_LEVELS):
        distance = np.abs(np.minimum(level, _LEVELS - 1) - index)
        weight = np.maximum(1 - distance, 0)
        used = np.flatnonzero((weight > 0).any(axis=1))
        if used.size:
            part = slice(used[0], used[-1] + 1)
            scale = f32(0.5**index)
            x, y = column[part] * scale, row[part] * scale
            taken = cv2.remap(reduced, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            total[part] += weight[part] * taken
        reduced = _halved(reduced)
    return total


def _halved(tile: Plane) -> Plane:
    """Half as fine, without a seam."""
    return f32(
        (tile + np.roll(tile, -1, 0) + np.roll(tile, -1, 1) + np.roll(tile, (-1, -1), (0, 1)))[::2, ::2] / 4
    )


def slopes(tile: Plane, width: float) -> tuple[Plane, Plane]:
    """Rise per distance to the right and away from the eye, of a tile of heights: two (TILE, TILE)."""
    per = f32(len(tile) / width / 2)
    right = (np.roll(tile, -1, 1) - np.roll(tile, 1, 1)) * per
    away = (np.roll(tile, -1, 0) - np.roll(tile, 1, 0)) * per
    return f32(right), f32(away)


def lit(right: Plane, away: Plane, sun: tuple[float, float, float]) -> Plane:
    """Lambert's cosine law for slopes; ``sun`` points to it: right, away, up. 1 where it stands overhead."""
    toward = np.array(sun) / np.linalg.norm(sun)
    dot = (toward[2] - toward[0] * right - toward[1] * away) / np.sqrt(1 + right**2 + away**2)
    return f32(np.clip(dot, 0, 1))


def sunlit(tile: Plane, width: float, steepness: float, soft: float = 1.2) -> Plane:
    """1 where the sun reaches a tile, 0 in cast shadow; it stands in the left, at atan(``steepness``)."""
    fall = f32(np.arange(2 * len(tile)) * (width / len(tile)) * steepness)[None]
    doubled = np.concatenate([tile, tile], axis=1) + fall
    edge = np.maximum.accumulate(doubled, axis=1)
    reached = f32((doubled >= edge - 1e-5)[:, len(tile) :])
    return f32(cv2.GaussianBlur(reached, (0, 0), soft))
