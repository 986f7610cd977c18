"""Filling holes in a picture with what could have been behind them, put together from patches of the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, strips
from retouch.engines.builtin.colour import to_float, to_uint8
from retouch.engines.builtin.completion import Layer, complete, copyable
from retouch.engines.builtin.patchwork import Patchwork
from retouch.engines.builtin.seams import Area, Part

_AREA = 110_000  # px that the finest layer may have, and
_HOLE = 24_000  # px of it that may be unknown: more takes long
_CORE = 8  # px from the rim of a hole to its middle on the coarsest layer: what patches of 7 px can span
_THIN = 0.4  # the coarsest layer's scale, at most: the rounds on it take long, and structure is found there
_SMALLEST = 64  # px of the coarsest layer's shorter side: on less, a few patches spread over everything
_LEAST = 8  # px of a picture's shorter side in which there are any
_ABOUT = 0.5  # of a hole's longer side: so much of the picture about it is looked at, at least
_LEAST_ABOUT = 48  # px
_TOGETHER = 0.02  # of the picture's longer side: holes that are this near to each other are one
_AT_ONCE = 2**18  # px: between two of these somebody may cancel
_MOST = 24  # holes that are filled each by itself
# Weights of a place (of the longer side): the world is layered, so things go on sideways.
_ACROSS, _DOWN = 1.5, 8.0
_TOUCHED = 1e-5  # of a pixel: all that any of the hole falls on is unknown
_GUESS = 64  # px of the longer side, for the first guess
_TONE = 2.0  # weight of the first guess on the coarsest layer, half of that on each finer one
_FLAT = 3.0  # the first guess looks so much farther sideways than up and down


@dataclass(frozen=True, slots=True)
class _Hole:
    """One hole, and the part of the picture about it in which patches are looked for; areas are of that."""

    window: Part
    area: Area
    unknown: Area  # all holes
    source: Area  # what may be copied


def fill(
    rgb: NDArray[np.uint8],
    hole: NDArray[np.bool_] | NDArray[np.uint8],
    rng: np.random.Generator,
    progress: Callable[[float], None],
    *,
    source: Area | None = None,
) -> NDArray[np.uint8]:
    """The picture with its holes filled; outside of them it is the same to the byte.

    Args:
        rgb: (H, W, 3) uint8 sRGB; what it shows in the holes is not looked at.
        hole: (H, W); not 0 = unknown. Let it cover soft edges and shadows of what is to go.
        rng: the draw.
        progress: told 0..1.
        source: (H, W), True for pixels that may be copied; None: all outside of the holes.

    Holes about which nothing can be copied get smooth colours.
    """
    unknown = hole.astype(np.bool_)
    source = ~unknown if source is None else source & ~unknown
    result = rgb.copy()
    holes = [_with_surroundings(each, unknown, source) for each in _separate(unknown)]
    for index, each in enumerate(holes):
        progress(index / len(holes))
        share = _share(progress, index, len(holes))
        _fill_one(result[each.window], each, rng, share)
    return result


def _share(progress: Callable[[float], None], index: int, count: int) -> Callable[[float], None]:
    return lambda part: progress((index + part) / count)


def _fill_one(
    rgb: NDArray[np.uint8],
    hole: _Hole,
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> None:
    """Fill one hole of its window, ``rgb``, in place."""
    layers = [layer for layer in _layers(rgb, hole) if copyable(layer)]
    if not layers:
        rgb[hole.area] = to_uint8(_guess(to_float(rgb), hole.unknown))[hole.area]
        return
    patchwork = Patchwork(complete(layers, rng, lambda part: progress(0.7 * part)))
    for rows in strips(len(rgb), max(1, _AT_ONCE // rgb.shape[1])):
        y, x = np.nonzero(hole.area[rows])
        rgb[rows][y, x] = to_uint8(patchwork.pixels(rgb, y + rows.start, x))
        progress(0.7 + 0.3 * rows.stop / len(rgb))


def _separate(unknown: Area) -> list[Area]:
    """The holes, near ones as one; all as one where they are many."""
    reach = max(1, round(max(unknown.shape) * _TOGETHER))
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((reach, reach), np.uint8))
    count, labels = cv2.connectedComponents(near)
    if count - 1 > _MOST:
        count, labels = 2, np.ones_like(labels)
    areas = ((labels == index) & unknown for index in range(1, count))
    return [area for area in areas if area.any()]


def _with_surroundings(area: Area, unknown: Area, source: Area) -> _Hole:
    x, y, width, height = cv2.boundingRect(area.astype(np.uint8))
    reach = max(_LEAST_ABOUT, round(_ABOUT * max(width, height)))
    down, across = max(reach, height), max(reach, width)
    window = (
        slice(max(0, y - down), y + height + down),
        slice(max(0, x - across), x + width + across),
    )
    return _Hole(window, area[window], unknown[window], source[window])


def _layers(rgb: NDArray[np.uint8], hole: _Hole) -> list[Layer]:
    """The window in sizes that double, coarse to fine; none where it is too small for patches."""
    shape = hole.area.shape
    if min(shape) < _LEAST:
        return []
    finest = min(1.0, (_AREA / (shape[0] * shape[1])) ** 0.5, (_HOLE / int(hole.area.sum())) ** 0.5)
    deepest = cv2.distanceTransform(hole.area.astype(np.uint8), cv2.DIST_L2, 5).max()
    coarsest = min(finest, max(min(_CORE / deepest, _THIN), _SMALLEST / min(shape)))
    steps = round(np.log2(finest / coarsest))
    size = _scaled(shape, finest)
    colours = f32(_reduced(rgb, size))
    areas = np.dstack([_reduced(f32(area), size) for area in (hole.area, hole.unknown, ~hole.source)])
    return [
        _layer(colours, f32(areas), shape, finest / 2**step, _TONE * 0.5 ** (steps - step))
        for step in range(steps, -1, -1)
    ]


def _scaled(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """The size (width, height) of a layer."""
    return max(_LEAST, round(shape[1] * scale)), max(_LEAST, round(shape[0] * scale))


def _reduced(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _layer(colours: Plane, areas: Plane, shape: tuple[int, ...], scale: float, tone: float) -> Layer:
    """One size of a window of ``shape``, from the finest: (h, w, 3) each; ``areas`` as shares of a pixel."""
    width, height = size = _scaled(shape, scale)
    hole, unknown, barred = np.moveaxis(_reduced(areas, size) > _TOUCHED, -1, 0)
    place = np.indices((height, width)) / max(height, width)
    picture = _guess(f32(_reduced(colours, size)) / f32(255), unknown)
    return Layer(
        origin=(0, 0),
        scale=(height / shape[0], width / shape[1]),
        picture=picture,
        hole=hole,
        source=~barred,
        hints=f32(np.dstack([_DOWN * place[0], _ACROSS * place[1], tone * gaussian(picture, 1.5)])),
    )


def _guess(picture: Plane, unknown: Area) -> Plane:
    """``picture`` with smooth colours where it is unknown: those of the known pixels nearest by height."""
    height, width = unknown.shape
    scale = min(1.0, _GUESS / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    known = f32(~unknown)[..., None]
    stack = resize(f32(np.dstack([picture * known, known])), size)
    total = np.zeros_like(stack)
    share, reach = 1.0, 1.0
    while reach < 2 * max(size):
        total += f32(share) * cv2.GaussianBlur(
            stack, (0, 0), sigmaX=_FLAT * reach, sigmaY=reach, borderType=cv2.BORDER_REPLICATE
        )
        share, reach = share * 0.01, reach * 2
    smooth = resize(f32(total[..., :3] / np.maximum(total[..., 3:], 1e-20)), (width, height))
    return f32(np.where(unknown[..., None], smooth, picture))
