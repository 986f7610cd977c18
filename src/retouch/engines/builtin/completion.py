"""Going on with a picture beyond its borders, out of patches of itself.

    coarse to fine: find for every unknown patch the known patch most like it (PatchMatch)
      → let all patches over a pixel vote on its colour → find again

Barnes et al., "PatchMatch" (2009), with all pixels searching at once; Wexler, Shechtman and Irani,
"Space-time completion of video" (2007) for the votes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32

Indices = NDArray[np.intp]

# Weights of a place (of the longer side) and of being subject, beside colours 0..1 summed over a patch.
_PLACE, _KIND = 4.0, 6.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A known rectangle inside a larger one: sizes in pixels of one level of the pyramid."""

    height: int
    width: int
    top: int
    left: int
    known_height: int
    known_width: int

    @property
    def known(self) -> tuple[slice, slice]:
        """The rows and columns that are known."""
        return (
            slice(self.top, self.top + self.known_height),
            slice(self.left, self.left + self.known_width),
        )


@dataclass(slots=True)
class Level:
    """One size of the picture: (H, W, 3) ``picture``, and of each pixel the place that it is copied from."""

    sheet: Sheet
    picture: Plane
    rows: Indices  # (H, W)
    columns: Indices  # (H, W)
    error: Plane  # (H, W, 3): what the known pixels lack to what the patches say of them


@dataclass(frozen=True, slots=True)
class _Patches:
    """What one level searches: all known patches that may be copied, all unknown ones."""

    radius: int
    wanted: Indices  # (2, N) centres of patches with something unknown in them
    allowed: NDArray[np.bool_]  # (H, W): centres of patches that may be copied
    places: Indices  # (2, M): the same, listed
    known: Plane  # (known patches, C), rows by place
    first: tuple[int, int]  # the place of the first of them
    across: int  # how many stand in a row
    hole: NDArray[np.bool_]  # (H, W)
    trust: Plane  # (N,): nearer to the known weighs more

    hints: Plane  # (N, 3): what the unknown patches want besides colours, see _hints()

    def of(self, rows: Indices, columns: Indices) -> Plane:
        """Known patches by their centres: (N, C)."""
        return f32(self.known[(rows - self.first[0]) * self.across + (columns - self.first[1])])


def patches(sheet: Sheet, picture: Plane, subject: Plane, radius: int) -> _Patches:
    """All patches of a level. ``subject``: (known height, known width), 0..1."""
    hole = np.ones((sheet.height, sheet.width), np.bool_)
    hole[sheet.known] = False
    side = 2 * radius + 1
    near = np.asarray(cv2.dilate(hole.astype(np.uint8), np.ones((side, side))), np.bool_)
    near[:radius], near[-radius:], near[:, :radius], near[:, -radius:] = False, False, False, False
    allowed = np.zeros_like(hole)
    inner = tuple(slice(part.start + radius, part.stop - radius) for part in sheet.known)
    allowed[inner] = True
    windows = sliding_window_view(picture[sheet.known], (side, side), axis=(0, 1))
    known = np.ascontiguousarray(windows).reshape(-1, 3 * side * side)
    hints = _hints(sheet, subject)
    given, wanted = np.array(np.nonzero(allowed)), np.array(np.nonzero(near))
    known = f32(np.concatenate([known, hints[given[0], given[1]]], 1))
    distance = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    return _Patches(
        radius=radius,
        wanted=wanted,
        allowed=allowed,
        places=given,
        known=known,
        first=(sheet.top + radius, sheet.left + radius),
        across=windows.shape[1],
        hole=hole,
        trust=f32(1.06 ** -distance[wanted[0], wanted[1]]),
        hints=hints[wanted[0], wanted[1]],
    )


def _hints(sheet: Sheet, subject: Plane) -> Plane:
    """Where a patch should come from and whether of the subject, (H, W, 3), in the measure of colours.

    Beyond the border, things go on as they are mirrored in it: at the same height at the sides, sky above,
    ground below. What is beyond the subject's own part of the border is subject, and nothing else is.
    """
    rows = _mirrored(np.arange(sheet.height) - sheet.top, sheet.known_height)
    columns = _mirrored(np.arange(sheet.width) - sheet.left, sheet.known_width)
    near_rows = np.clip(np.arange(sheet.height) - sheet.top, 0, sheet.known_height - 1)
    near_columns = np.clip(np.arange(sheet.width) - sheet.left, 0, sheet.known_width - 1)
    place = np.meshgrid(rows, columns, indexing="ij")
    longer = max(sheet.known_height, sheet.known_width)
    kind = subject[np.ix_(near_rows, near_columns)]
    return f32(np.dstack([_PLACE / longer * place[0], _PLACE / longer * place[1], _KIND * kind]))


def _now(level: Level, search: _Patches) -> Plane:
    """The unknown patches as they look at the moment: (N, C)."""
    side = 2 * search.radius + 1
    windows = sliding_window_view(level.picture, (side, side), axis=(0, 1))
    y, x = search.wanted - search.radius
    return f32(np.concatenate([windows[y, x].reshape(len(y), -1), search.hints], 1))


def improve(level: Level, search: _Patches, rng: np.random.Generator, rounds: int, *, wide: bool) -> Plane:
    """Look for better patches: those next to the neighbours' ones, and random ones. Gives the distances."""
    y, x = search.wanted
    target = _now(level, search)
    best = _distance(search, target, level.rows[y, x], level.columns[y, x])
    for turn in range(rounds):
        step = (1, 3, 1, 2)[turn % 4]
        for dy, dx in ((0, step), (0, -step), (step, 0), (-step, 0)):
            ny, nx = np.clip(y - dy, 0, level.sheet.height - 1), np.clip(x - dx, 0, level.sheet.width - 1)
            best = _try(level, search, target, best, (level.rows[ny, nx] + dy, level.columns[ny, nx] + dx))
        reach = max(level.sheet.known_height, level.sheet.known_width) if wide else 8
        while reach >= 1:
            jump = rng.integers(-reach, reach + 1, (2, len(y)))
            best = _try(
                level, search, target, best, (level.rows[y, x] + jump[0], level.columns[y, x] + jump[1])
            )
            reach //= 4
    return best


def _distance(search: _Patches, target: Plane, rows: Indices, columns: Indices) -> Plane:
    difference = search.of(rows, columns) - target
    return f32(np.einsum("nc,nc->n", difference, difference))


def _try(
    level: Level, search: _Patches, target: Plane, best: Plane, places: tuple[Indices, Indices]
) -> Plane:
    """Take the proposed places wherever they are allowed and better."""
    height, width = search.allowed.shape
    rows, columns = np.clip(places[0], 0, height - 1), np.clip(places[1], 0, width - 1)
    able = np.flatnonzero(search.allowed[rows, columns])
    distance = _distance(search, target[able], rows[able], columns[able])
    better = distance < best[able]
    chosen = able[better]
    y, x = search.wanted[:, chosen]
    level.rows[y, x], level.columns[y, x] = rows[chosen], columns[chosen]
    best[chosen] = distance[better]
    return best


def vote(level: Level, search: _Patches, distances: Plane | None) -> None:
    """Give every unknown pixel the mean of what the patches over it say; likelier ones weigh more."""
    weight = search.trust
    if distances is not None:
        weight = weight * np.exp(-distances / (2 * np.percentile(distances, 60) + 1e-6))
    weight = f32(weight + 1e-6)[:, None]
    y, x = search.wanted
    rows, columns = level.rows[y, x], level.columns[y, x]
    total = np.zeros((*search.hole.shape, 4), np.float32)
    known = np.concatenate([level.picture, np.ones_like(level.picture[..., :1])], -1)
    reach = range(-search.radius, search.radius + 1)
    for dy in reach:
        for dx in reach:
            total[y + dy, x + dx] += weight * known[rows + dy, columns + dx]
    covered = search.hole & (total[..., 3] > 0)
    said = total[..., :3] / np.maximum(total[..., 3:], 1e-9)
    level.picture[covered] = said[covered]
    level.error = f32((level.picture - said) * (total[..., 3:] > 0))


def first_level(sheet: Sheet, known: Plane) -> Level:
    """The coarsest level, mirrored at the known borders."""
    rows = _mirrored(np.arange(sheet.height) - sheet.top, sheet.known_height) + sheet.top
    columns = _mirrored(np.arange(sheet.width) - sheet.left, sheet.known_width) + sheet.left
    picture = f32(known[rows - sheet.top][:, columns - sheet.left])
    grid = np.meshgrid(rows, columns, indexing="ij")
    return Level(
        sheet, picture, np.asarray(grid[0], np.intp), np.asarray(grid[1], np.intp), np.zeros_like(picture)
    )


def _mirrored(position: Indices, length: int) -> Indices:
    period = max(2 * length - 2, 1)
    folded = np.abs(position) % period
    return np.asarray(np.minimum(folded, period - folded), np.intp)


def next_level(before: Level, sheet: Sheet, known: Plane) -> Level:
    """The offsets of a coarser level, on a finer one."""
    old = before.sheet
    scale = sheet.known_height / old.known_height, sheet.known_width / old.known_width
    y, x = np.arange(sheet.height), np.arange(sheet.width)
    oy = np.clip(np.round((y - sheet.top) / scale[0]).astype(int) + old.top, 0, old.height - 1)
    ox = np.clip(np.round((x - sheet.left) / scale[1]).astype(int) + old.left, 0, old.width - 1)
    grid = np.ix_(oy, ox)
    rows = y[:, None] + np.round((before.rows[grid] - oy[:, None]) * scale[0]).astype(int)
    columns = x[None] + np.round((before.columns[grid] - ox[None]) * scale[1]).astype(int)
    picture = f32(cv2.resize(before.picture, (sheet.width, sheet.height), interpolation=cv2.INTER_LINEAR))
    picture[sheet.known] = known
    return Level(
        sheet, picture, np.asarray(rows, np.intp), np.asarray(columns, np.intp), np.zeros_like(picture)
    )


def settled(level: Level, search: _Patches, rng: np.random.Generator) -> None:
    """Every unknown patch has a place that may be copied: those that have none get one by chance."""
    y, x = search.wanted
    r = search.radius
    rows = np.clip(level.rows[y, x], level.sheet.top + r, level.sheet.top + level.sheet.known_height - r - 1)
    columns = np.clip(
        level.columns[y, x], level.sheet.left + r, level.sheet.left + level.sheet.known_width - r - 1
    )
    astray = np.flatnonzero(~search.allowed[rows, columns])
    chance = search.places[:, rng.integers(0, search.places.shape[1], astray.size)]
    rows[astray], columns[astray] = chance[0], chance[1]
    level.rows[y, x], level.columns[y, x] = rows, columns


def complete(
    levels: list[tuple[Sheet, Plane, Plane]],
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> Level:
    """Fill the sheets, coarse to fine.

    Args:
        levels: of each size the sheet, its known picture (h, w, 3), 0..1, and its subject (h, w), 0..1.
        rng: the draw.
        progress: told 0..1.

    Returns:
        The finest level: its ``rows`` and ``columns`` say of each unknown pixel what it is copied from.
    """
    level: Level | None = None
    for index, (sheet, known, subject) in enumerate(levels):
        level = first_level(sheet, known) if level is None else next_level(level, sheet, known)
        last = index == len(levels) - 1
        search = patches(sheet, level.picture, subject, 2 if last and index else 3)
        settled(level, search, rng)
        if index:
            vote(level, search, None)
        for _ in range(1 if last and index else (10, 5, 3)[min(index, 2)]):
            distances = improve(level, search, rng, 2 if index == 0 else 1, wide=index < 2)
            vote(level, search, distances)
        progress((index + 1) / len(levels))
    if level is None:
        raise ValueError("no level to fill")
    return level
