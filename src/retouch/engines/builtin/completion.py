"""Filling the unknown part of a picture out of patches of the known part.

    coarse to fine: find for every unknown patch the known patch most like it (PatchMatch)
      → let all patches over a pixel vote on its colour → find again

Barnes et al., "PatchMatch" (2009), with all pixels searching at once; Wexler, Shechtman and Irani,
"Space-time completion of video" (2007) for the votes. What is unknown, what may be copied and what a patch
wants besides its colours is said by who asks: ``extension`` goes on beyond the borders, ``inpainting`` fills
holes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.seams import Area, Indices

_WIDE, _FINE = 3, 2  # radii of patches: on the finest layer only details are left to be settled
_JOINING = 4  # rounds in which patches join their neighbours' offsets


@dataclass(frozen=True, slots=True)
class Layer:
    """One size of the picture that is to be filled, (H, W).

    Pixel (y, x) of the picture lies at ``origin + scale * (y, x)``. ``hints`` go beside a patch's colours,
    in their measure: colours are 0..1, squared differences are summed over a patch.
    """

    origin: tuple[int, int]
    scale: tuple[float, float]
    picture: Plane  # (H, W, 3), sRGB 0..1; on the coarsest layer with a first guess in the hole
    hole: Area  # (H, W)
    source: Area  # (H, W): pixels that may be copied
    hints: Plane  # (H, W, K)


@dataclass(slots=True)
class Level:
    """A layer being filled: ``picture`` (H, W, 3), and of each pixel the place that it is copied from."""

    layer: Layer
    picture: Plane
    rows: Indices  # (H, W)
    columns: Indices  # (H, W)


@dataclass(frozen=True, slots=True)
class _Patches:
    """What one level searches: all known patches that may be copied, all unknown ones."""

    radius: int
    wanted: Indices  # (2, N) centres of patches with something unknown in them
    places: Indices  # (2, M) centres of patches that may be copied
    number: NDArray[np.int32]  # (H, W): which of them stands there, -1 where none does
    known: Plane  # (M, C): their colours and hints
    trust: Plane  # (N,): nearer to the known weighs more
    hints: Plane  # (N, K): what the unknown patches want besides colours


def _patches(layer: Layer, radius: int) -> _Patches:
    side = 2 * radius + 1
    square = np.ones((side, side), np.uint8)
    near = np.asarray(cv2.dilate(layer.hole.astype(np.uint8), square), np.bool_)
    near[:radius], near[-radius:], near[:, :radius], near[:, -radius:] = False, False, False, False
    allowed = _allowed(layer, radius)
    if not allowed.any():
        raise ValueError("nothing is known that could be copied")
    places, wanted = np.array(np.nonzero(allowed)), np.array(np.nonzero(near))
    number = np.full(allowed.shape, -1, np.int32)
    number[allowed] = np.arange(places.shape[1], dtype=np.int32)
    colours = _windows(layer.picture, radius)[places[0] - radius, places[1] - radius]
    distance = cv2.distanceTransform(layer.hole.astype(np.uint8), cv2.DIST_L2, 3)
    return _Patches(
        radius=radius,
        wanted=wanted,
        places=places,
        number=number,
        known=f32(np.concatenate([colours.reshape(len(colours), -1), layer.hints[places[0], places[1]]], 1)),
        trust=f32(1.06 ** -distance[wanted[0], wanted[1]]),
        hints=layer.hints[wanted[0], wanted[1]],
    )


def _allowed(layer: Layer, radius: int) -> Area:
    """Centres of patches that may be copied: all of each is known."""
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    source = (layer.source & ~layer.hole).astype(np.uint8)
    return np.asarray(cv2.erode(source, square, borderType=cv2.BORDER_CONSTANT, borderValue=0), np.bool_)


def _windows(picture: Plane, radius: int) -> Plane:
    """The patch about each pixel that has all of it: (H - 2 radius, W - 2 radius, 3, side, side)."""
    side = 2 * radius + 1
    return f32(sliding_window_view(picture, (side, side), axis=(0, 1)))


def _now(level: Level, search: _Patches) -> Plane:
    """The unknown patches as they look at the moment: (N, C)."""
    y, x = search.wanted - search.radius
    windows = _windows(level.picture, search.radius)[y, x]
    return f32(np.concatenate([windows.reshape(len(y), -1), search.hints], 1))


def _improve(level: Level, search: _Patches, rng: np.random.Generator, rounds: int, *, wide: bool) -> Plane:
    """Look for better patches: those next to the neighbours' ones, and random ones. Gives the distances."""
    y, x = search.wanted
    height, width = search.number.shape
    target = _now(level, search)
    best = _distance(search, target, search.number[level.rows[y, x], level.columns[y, x]])
    for turn in range(rounds):
        step = (1, 3, 1, 2)[turn % 4]
        for dy, dx in ((0, step), (0, -step), (step, 0), (-step, 0)):
            ny, nx = np.clip(y - dy, 0, height - 1), np.clip(x - dx, 0, width - 1)
            _try(level, search, target, best, (level.rows[ny, nx] + dy, level.columns[ny, nx] + dx))
        reach = max(height, width) if wide else 8
        while reach >= 1:
            jump = rng.integers(-reach, reach + 1, (2, len(y)))
            _try(level, search, target, best, (level.rows[y, x] + jump[0], level.columns[y, x] + jump[1]))
            reach //= 4
    return best


def _distance(search: _Patches, target: Plane, numbers: NDArray[np.int32]) -> Plane:
    difference = search.known[numbers] - target
    return f32(np.einsum("nc,nc->n", difference, difference))


def _try(level: Level, search: _Patches, target: Plane, best: Plane, places: tuple[Indices, Indices]) -> None:
    """Take the proposed places wherever they are allowed and better; ``best`` is kept up to date."""
    height, width = search.number.shape
    rows, columns = np.clip(places[0], 0, height - 1), np.clip(places[1], 0, width - 1)
    numbers = search.number[rows, columns]
    able = np.flatnonzero(numbers >= 0)
    distance = _distance(search, target[able], numbers[able])
    better = distance < best[able]
    chosen = able[better]
    y, x = search.wanted[:, chosen]
    level.rows[y, x], level.columns[y, x] = rows[chosen], columns[chosen]
    best[chosen] = distance[better]


def _vote(level: Level, search: _Patches, distances: Plane | None) -> None:
    """Give every unknown pixel the mean of what the patches over it say; likelier ones weigh more."""
    weight = search.trust
    if distances is not None:
        weight = weight * np.exp(-distances / (2 * np.percentile(distances, 60) + 1e-6))
    weight = f32(weight + 1e-6)[:, None]
    y, x = search.wanted
    rows, columns = level.rows[y, x], level.columns[y, x]
    total = np.zeros((*level.picture.shape[:2], 4), np.float32)
    known = np.concatenate([level.picture, np.ones_like(level.picture[..., :1])], -1)
    reach = range(-search.radius, search.radius + 1)
    for dy in reach:
        for dx in reach:
            total[y + dy, x + dx] += weight * known[rows + dy, columns + dx]
    covered = level.layer.hole & (total[..., 3] > 0)
    said = total[..., :3] / np.maximum(total[..., 3:], 1e-9)
    level.picture[covered] = said[covered]


def _first_level(layer: Layer) -> Level:
    rows, columns = _grid(layer.hole.shape)
    return Level(layer, layer.picture.copy(), rows, columns)


def _next_level(before: Level, layer: Layer) -> Level:
    """What a coarser level has found, on a finer one."""
    rows, old_rows, down = _followed(before, layer, 0)
    columns, old_columns, across = _followed(before, layer, 1)
    grid = np.ix_(old_rows, old_columns)
    height, width = layer.hole.shape
    picture = f32(cv2.resize(before.picture, (width, height), interpolation=cv2.INTER_LINEAR))
    picture[~layer.hole] = layer.picture[~layer.hole]
    return Level(
        layer,
        picture,
        rows[:, None] + np.round((before.rows[grid] - old_rows[:, None]) * down).astype(np.intp),
        columns[None] + np.round((before.columns[grid] - old_columns[None]) * across).astype(np.intp),
    )


def _followed(before: Level, layer: Layer, axis: int) -> tuple[Indices, Indices, float]:
    """Along one axis: the places, which of the coarser level's lies there, and how much finer it is."""
    finer = layer.scale[axis] / before.layer.scale[axis]
    places = np.arange(layer.hole.shape[axis])
    old = np.round((places - layer.origin[axis]) / finer).astype(np.intp) + before.layer.origin[axis]
    return places, np.clip(old, 0, before.layer.hole.shape[axis] - 1), finer


def _settle(level: Level, search: _Patches) -> None:
    """Every unknown patch has a place that may be copied: those that have none get the nearest."""
    near_rows, near_columns = nearest(search.number >= 0)
    y, x = search.wanted
    height, width = search.number.shape
    rows, columns = np.clip(level.rows[y, x], 0, height - 1), np.clip(level.columns[y, x], 0, width - 1)
    level.rows[y, x], level.columns[y, x] = near_rows[rows, columns], near_columns[rows, columns]


def copyable(layer: Layer) -> bool:
    """Whether any patch of the layer may be copied."""
    return bool(_allowed(layer, _WIDE).any())


def complete(layers: Sequence[Layer], rng: np.random.Generator, progress: Callable[[float], None]) -> Level:
    """Fill the layers, coarse to fine; on the coarsest, patches begin with the known ones nearest to them.

    ``progress`` is told 0..1. The ``rows`` and ``columns`` of the finest level, which is given back, say of
    each unknown pixel what it is copied from.

    Raises:
        ValueError: no layer, or a layer with no patch that may be copied.
    """
    level: Level | None = None
    for index, layer in enumerate(layers):
        level = _first_level(layer) if level is None else _next_level(level, layer)
        last = index == len(layers) - 1
        search = _patches(layer, _FINE if last and index else _WIDE)
        _settle(level, search)
        if index:
            _vote(level, search, None)
        for _ in range(1 if last and index else (10, 5, 3)[min(index, 2)]):
            distances = _improve(level, search, rng, 2 if index == 0 else 1, wide=index < 2)
            _vote(level, search, distances)
        if last:
            _cohere(level, search)
        _follow(level, search.radius)
        progress((index + 1) / len(layers))
    if level is None:
        raise ValueError("no layer to fill")
    return level


def _cohere(level: Level, search: _Patches) -> None:
    """Let patches join the offset of most of their neighbours where it serves them nearly as well.

    The fewer borders between copies, the more of a texture is whole.
    """
    y, x = search.wanted
    height, width = search.number.shape
    target = _now(level, search)
    best = _distance(search, target, search.number[level.rows[y, x], level.columns[y, x]])
    limit = best * f32(1.3) + f32(0.5 * np.median(best))
    grid = _grid((height, width))
    around = [
        (np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1))
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))
    ]
    for _ in range(_JOINING):
        offset = (level.rows - grid[0]) * (4 * width) + level.columns - grid[1]  # as one number
        near = np.stack([offset[place] for place in around])
        support = (near == offset[y, x]).sum(0)
        for (ny, nx), wanted in zip(around, near, strict=True):
            agreeing = (near == wanted).sum(0)
            rows, columns = level.rows[ny, nx] - ny + y, level.columns[ny, nx] - nx + x
            able = np.flatnonzero((agreeing > support) & _within(rows, columns, search.number.shape))
            numbers = search.number[rows[able], columns[able]]
            able, numbers = able[numbers >= 0], numbers[numbers >= 0]
            chosen = able[_distance(search, target[able], numbers) < limit[able]]
            level.rows[y[chosen], x[chosen]] = rows[chosen]
            level.columns[y[chosen], x[chosen]] = columns[chosen]
            support[chosen] = agreeing[chosen]


def _within(rows: Indices, columns: Indices, shape: tuple[int, ...]) -> Area:
    return (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])


def _follow(level: Level, radius: int) -> None:
    """At the border, where no patch has its centre, pixels move as far as the nearest ones that are one."""
    height, width = level.rows.shape
    rows, columns = _grid(level.rows.shape)
    near = np.ix_(
        np.clip(np.arange(height), radius, height - 1 - radius),
        np.clip(np.arange(width), radius, width - 1 - radius),
    )
    level.rows = level.rows[near] + rows - rows[near]
    level.columns = level.columns[near] + columns - columns[near]


def _grid(shape: tuple[int, ...]) -> tuple[Indices, Indices]:
    """Of each pixel its row and column, (H, W) each."""
    rows, columns = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    return np.asarray(rows, np.intp), np.asarray(columns, np.intp)


def nearest(area: Area) -> tuple[Indices, Indices]:
    """Of each pixel the row and column of the nearest one in ``area``, (H, W) each."""
    labels = cv2.distanceTransformWithLabels(
        (~area).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    rows, columns = np.nonzero(area)
    number = np.zeros(len(rows) + 1, np.intp)
    number[labels[rows, columns]] = np.arange(len(rows))
    return rows[number[labels]], columns[number[labels]]
