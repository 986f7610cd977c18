"""Strokes of a brush, laid one by one: large ones first, smaller ones where the picture still differs.

Hertzmann, "Painterly rendering with curved brush strokes of multiple sizes" (1998). Each stroke here is a
few bristles beside each other, in colours of their own, and leaves a height for the light to find.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.bands import side_by_side
from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.surface import blur

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.painting import Flow
    from retouch.engines.builtin.styles.sheet import Picture, Plane

_PARTS = 8  # of the board, whatever the number of threads: a line cut at a border rounds its own way
_SHORT = 12  # px: of steps shorter than half of this every other one will do
_SHIFT = 3  # fractional bits of the coordinates given to OpenCV


@dataclass(frozen=True, slots=True)
class Brush:
    """One size of brush: lengths in pixels, ``tolerance`` and ``jitter`` in sRGB 0..1."""

    radius: float
    steps: int  # longest stroke, in radii
    bristles: int
    tolerance: float  # the mean difference of a cell that calls for a stroke
    jitter: float  # deviation of a stroke's colour


class Board:
    """The painting as it grows: sRGB and paint height, 0..255 each."""

    def __init__(self, ground: Picture) -> None:
        height = np.full((*ground.shape[:2], 1), 0.5, np.float32)
        board = np.clip(np.concatenate([ground, height], -1), 0, 1) * 255
        self._board = np.ascontiguousarray(board.astype(np.uint8))

    @property
    def picture(self) -> Picture:
        """(H, W, 3) sRGB 0..1."""
        return to_float(self._board[..., :3])

    @property
    def height(self) -> Plane:
        """(H, W) 0..1, 0.5 where no paint lies."""
        return to_float(self._board[..., 3])

    def lay(
        self,
        aim: Picture,
        stream: Flow,
        brush: Brush,
        rng: np.random.Generator,
        eagerness: Plane | None = None,
    ) -> None:
        """Paint towards ``aim`` with one brush; ``eagerness`` (H, W) multiplies the difference it sees."""
        wanted = blur(aim, 0.4 * brush.radius)
        error = np.abs(self.picture - wanted).sum(-1)
        if eagerness is not None:
            error = error * eagerness
        starts = _starts(error, brush, rng)
        if len(starts) == 0:
            return
        paths, lengths = _paths(starts, wanted, stream, brush)
        points = _bristles(paths, lengths, brush)
        tints = _tints(wanted[starts[:, 1], starts[:, 0]], brush, rng)
        if 2 * brush.radius <= _SHORT:
            points, lengths = np.ascontiguousarray(points[:, :, ::2]), (lengths + 1) // 2
        self._draw(_Strokes(points, lengths, tints, rng.permutation(len(starts))), brush)

    def _draw(self, strokes: _Strokes, brush: Brush) -> None:
        """All strokes, one upon the other; parts of the board are painted side by side."""
        width = max(1, round(2.2 * brush.radius / brush.bristles))
        top = strokes.points[..., 1].min((1, 2)) / (1 << _SHIFT) - width
        bottom = strokes.points[..., 1].max((1, 2)) / (1 << _SHIFT) + width

        def paint(rows: slice) -> None:
            board, order = self._board[rows], strokes.order
            touching = order[(top[order] < rows.stop) & (bottom[order] >= rows.start)]
            points = strokes.points[touching]
            points[..., 1] -= rows.start << _SHIFT
            tints, lengths = strokes.tints[touching].tolist(), strokes.lengths[touching].tolist()
            for stroke, length, colours in zip(points, lengths, tints, strict=True):
                for line, tint in zip(stroke, colours, strict=True):
                    # Positional: keywords cost a fifth more, 100,000 times over.
                    cv2.polylines(board, [line[:length]], False, tint, width, cv2.LINE_AA, _SHIFT)  # noqa: FBT003

        height = len(self._board)
        edges = [height * part // _PARTS for part in range(_PARTS + 1)]
        side_by_side(paint, [slice(a, b) for a, b in itertools.pairwise(edges) if b > a])


@dataclass(frozen=True, slots=True)
class _Strokes:
    """One layer of paint, ready to be drawn."""

    points: NDArray[np.int32]  # (N, bristles, points, 2), x and y, fixed point
    lengths: NDArray[np.intp]  # (N,) points that count
    tints: NDArray[np.float64]  # (N, bristles, 4), 0..255
    order: NDArray[np.intp]  # (N,)


def _bristles(paths: NDArray[np.float32], lengths: NDArray[np.intp], brush: Brush) -> NDArray[np.int32]:
    """Every path once for each bristle, side by side: (N, bristles, points, 2), fixed point."""
    chord = paths[np.arange(len(paths)), lengths - 1] - paths[:, 0]
    normal = np.stack([-chord[:, 1], chord[:, 0]], -1) / (np.hypot(*chord.T) + 1e-6)[:, None]
    aside = (np.arange(brush.bristles) + 0.5) / brush.bristles - 0.5
    offsets = 2 * brush.radius * aside[None, :, None] * normal[:, None, :]
    return np.asarray((paths[:, None] + offsets[:, :, None]) * (1 << _SHIFT), np.int32)


def _tints(colours: NDArray[np.float32], brush: Brush, rng: np.random.Generator) -> NDArray[np.float64]:
    """Colour and height of every bristle, (N, bristles, 4), 0..255."""
    count, single = len(colours), brush.bristles == 1
    stroke = (
        colours
        + rng.normal(0, 0.8 * brush.jitter, (count, 1))
        + rng.normal(0, 0.6 * brush.jitter, (count, 3))
    )
    shade = np.zeros((count, 1)) if single else rng.normal(0, 1, (count, brush.bristles))
    # Paint is pushed to the edges of a stroke and dragged thin in its middle.
    edge = np.abs((np.arange(brush.bristles) + 0.5) / brush.bristles - 0.5) * 2
    tall = 128 + 55 * edge + 34 * shade
    tint = np.concatenate([(stroke[:, None] + 0.022 * shade[..., None]) * 255, tall[..., None]], -1)
    return np.asarray(np.clip(tint, 0, 255), np.float64)


def _starts(error: Plane, brush: Brush, rng: np.random.Generator) -> NDArray[np.intp]:
    """The worst point (x, y) of every grid cell whose mean error is above the tolerance, (N, 2)."""
    cell = max(3, round(brush.radius * 1.35))
    rows, columns = -(-error.shape[0] // cell), -(-error.shape[1] // cell)
    padded = np.full((rows * cell, columns * cell), 0, np.float32)
    # A little chance breaks the grid where the error is even.
    noise = rng.random(error.shape, dtype=np.float32)
    padded[: error.shape[0], : error.shape[1]] = error + 1e-3 * noise
    cells = padded.reshape(rows, cell, columns, cell).swapaxes(1, 2).reshape(rows, columns, cell * cell)
    bad = np.argwhere(cells.mean(-1) > brush.tolerance)
    worst = cells[bad[:, 0], bad[:, 1]].argmax(-1)
    y, x = bad[:, 0] * cell + worst // cell, bad[:, 1] * cell + worst % cell
    return np.stack([np.minimum(x, error.shape[1] - 1), np.minimum(y, error.shape[0] - 1)], -1)


def _paths(
    starts: NDArray[np.intp], wanted: Picture, stream: Flow, brush: Brush
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Follow the flow from all starts at once, (N, steps + 1, 2), until the colour no longer fits."""
    height, width = wanted.shape[:2]
    points = np.empty((len(starts), brush.steps + 1, 2), np.float32)
    points[:, 0] = starts
    lengths = np.full(len(starts), brush.steps + 1)
    colour = wanted[starts[:, 1], starts[:, 0]]
    heading = np.zeros((len(starts), 2), np.float32)
    for step in range(brush.steps):
        at = points[:, step]
        x = np.clip(at[:, 0].round().astype(np.intp), 0, width - 1)
        y = np.clip(at[:, 1].round().astype(np.intp), 0, height - 1)
        here = np.stack([stream.x[y, x], stream.y[y, x]], -1)
        here = np.where((here * heading).sum(-1, keepdims=True) < 0, -here, here)
        heading = here
        points[:, step + 1] = at + here * np.float32(brush.radius)
        off = np.abs(wanted[y, x] - colour).sum(-1) > 0.22
        lengths = np.where(off & (step >= 1), np.minimum(lengths, step + 1), lengths)
    return points, np.maximum(lengths, 2)


def lit(height: Plane, unit: float) -> Plane:
    """The relief of paint in light from the upper left: a factor around 0, deviation about 1."""
    soft = blur(height, 0.7 * unit)
    slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0) + cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    return np.asarray(np.clip(slope / (slope.std() + 1e-6), -2.5, 2.5), np.float32)
