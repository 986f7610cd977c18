"""A picture in pieces: points strewn as densely as asked, and what is known of each piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane

_BITS = 20
_INDEX = (1 << _BITS) - 1  # the low bits of a claim name the seed, the high ones say at what cost
_FREE = np.iinfo(np.int64).max
_AT_ONCE = 256  # seeds that claim pixels together: their windows fit a cache


def strewn(spacing: Plane, rng: np.random.Generator, jitter: float = 0.8) -> NDArray[np.float32]:
    """Points (x, y), (N, 2), about ``spacing`` pixels apart wherever they stand; at least one.

    A quadtree: cells larger than the spacing in their middle are quartered, each leaf gets a point off
    its middle by up to ``jitter`` of half its size.
    """
    height, width = spacing.shape
    size = float(spacing.max())
    rows, columns = np.mgrid[0 : -(-height // size) : 1, 0 : -(-width // size) : 1]
    corners = np.stack([columns.ravel(), rows.ravel()], -1) * size
    leaves = []
    while len(corners):
        middle = corners + size / 2
        x = np.clip(middle[:, 0], 0, width - 1).astype(np.intp)
        y = np.clip(middle[:, 1], 0, height - 1).astype(np.intp)
        # Between two sizes chance decides, so that no border shows where the size changes.
        large = (spacing[y, x] * rng.uniform(1.1, 1.7, len(x)) < size) & (size > 1)
        leaves.append(middle[~large] + rng.uniform(-0.5, 0.5, (int((~large).sum()), 2)) * jitter * size)
        corners, size = _quartered(corners[large], size / 2), size / 2
    points = np.concatenate(leaves)
    inside = (points >= 0).all(-1) & (points[:, 0] < width) & (points[:, 1] < height)
    kept = points[inside] if inside.any() else np.array([[width / 2, height / 2]])
    return np.asarray(np.minimum(kept, (width - 1, height - 1)), np.float32)


def _quartered(corners: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    steps = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * size
    return np.asarray((corners[:, None] + steps).reshape(-1, 2), np.float64)


def means(picture: Picture, labels: NDArray[np.int32], count: int) -> NDArray[np.float32]:
    """Mean colour of every piece, (count, channels); labels are 0..count - 1. Pieces without pixels: 0."""
    flat = labels.ravel()
    size = np.maximum(np.bincount(flat, minlength=count), 1)
    channels = picture.reshape(flat.size, -1).T
    sums = [np.bincount(flat, weights=channel, minlength=count) for channel in channels]
    return np.asarray(np.stack(sums, -1) / size[:, None], np.float32)


@dataclass(frozen=True, slots=True)
class Seeds:
    """Where pieces grow from: ``at`` (N, 2) x and y, ``reach`` (N,) their size in pixels.

    They are squares, ``turned`` (N,) radians from upright.
    """

    at: NDArray[np.float32]
    reach: NDArray[np.float32]
    turned: NDArray[np.float32]


def grown(seeds: Seeds, aim: Plane, stiffness: float) -> NDArray[np.int32]:
    """The piece of every pixel, (H, W): the nearest by place, in sizes of its own, and by tone.

    As in Achanta et al., "SLIC superpixels" (2012); squares as in Hausner, "Simulating decorative mosaics"
    (2001). ``stiffness`` is the difference in ``aim`` (H, W) that weighs as much as one size of distance.
    """
    height, width = aim.shape
    half = np.ceil(np.log2(np.maximum(seeds.reach, 1)) * 2).astype(int)
    pad = _window(seeds.reach)
    best = np.full((height + 2 * pad, width + 2 * pad), _FREE, np.int64)
    tone = np.pad(aim, pad)
    for size in np.unique(half):
        chosen = np.flatnonzero(half == size)
        for part in np.array_split(chosen, -(-len(chosen) // _AT_ONCE)):
            _compete(best, tone, seeds, part, pad=pad, stiffness=stiffness)
    won = best[pad : pad + height, pad : pad + width]
    labels = (won & _INDEX).astype(np.int32)
    y, x = np.nonzero(won == _FREE)
    for i in range(0, len(y), _AT_ONCE):
        few = slice(i, i + _AT_ONCE)
        apart = (x[few, None] - seeds.at[:, 0]) ** 2 + (y[few, None] - seeds.at[:, 1]) ** 2
        labels[y[few], x[few]] = apart.argmin(-1)
    return labels


def _window(reach: NDArray[np.float32]) -> int:
    return int(np.ceil(1.15 * float(reach.max()))) + 1


def _compete(
    best: NDArray[np.int64],
    tone: Plane,
    seeds: Seeds,
    chosen: NDArray[np.intp],
    *,
    pad: int,
    stiffness: float,
) -> None:
    """Let seeds of about one size claim the pixels around them, in place; both planes are padded."""
    at, reach = seeds.at[chosen], seeds.reach[chosen, None]
    r = _window(reach)
    dy, dx = (d.ravel().astype(np.float32) for d in np.mgrid[-r : r + 1, -r : r + 1])
    home = np.clip(np.round(at).astype(np.intp), 0, np.array(tone.shape[::-1]) - 2 * pad - 1)
    middle = (home[:, 1] + pad) * tone.shape[1] + home[:, 0] + pad
    place = middle[:, None] + (dy * tone.shape[1] + dx).astype(np.intp)
    off = home - at
    u, v = (dx + off[:, :1]) / reach, (dy + off[:, 1:]) / reach
    c, s = np.cos(seeds.turned[chosen, None]), np.sin(seeds.turned[chosen, None])
    apart = np.maximum(np.abs(u * c + v * s), np.abs(v * c - u * s))
    flat = tone.ravel()
    unlike = np.abs(flat[place] - flat[middle][:, None])
    cost = ((apart + unlike / np.float32(stiffness)) * 4096).astype(np.int64)
    np.minimum.at(best.ravel(), place.ravel(), (cost << _BITS | chosen[:, None]).ravel())


def centres(labels: NDArray[np.int32], count: int, seeds: Seeds) -> NDArray[np.float32]:
    """Middle of every piece, (count, 2); pieces without pixels stay where they are."""
    flat = labels.ravel()
    size = np.bincount(flat, minlength=count)
    y, x = np.divmod(np.arange(flat.size), labels.shape[1])
    sums = np.stack([np.bincount(flat, weights=part, minlength=count) for part in (x, y)], -1)
    kept = size[:, None] > 0
    return np.where(kept, sums / np.maximum(size, 1)[:, None], seeds.at).astype(np.float32)
