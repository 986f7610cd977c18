"""Where text stands: where it is asked for, off faces as far as it can; else where the picture is calm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32

_MARGIN: Final = 0.06  # of the shorter side
_SEEN = 256  # px of the longer side: how busy a place is is measured on a picture of that size
_STROKE = 4.0  # px there: what is finer disturbs reading
_FACE = 1.0  # what a face under the text weighs, beside the standard deviation of lightness about 0.05
_LOWER = 1.25  # text stands below unless it is so much calmer above
_HAIR, _NECK = 0.45, 0.1  # of a face's height, above and below: they belong to it
_STEPS = np.linspace(-1, 1, 17)  # of the way that text may move
_AWAY = 1 / 3  # of the free height: so far it goes from where it is asked for, to spare a face

Place = tuple[int, int]  # row and column of the upper left corner


def margin(shape: tuple[int, ...]) -> float:
    """Pixels between text and border of a picture of ``shape``."""
    return _MARGIN * min(shape[:2])


def placed(
    size: tuple[int, ...], rgb: NDArray[np.uint8], position: str | None, faces: Sequence[Plane]
) -> Place:
    """Where text of ``size`` (h, w) goes in ``rgb``, (H, W, 3) uint8 sRGB, within the margins.

    ``faces`` are outlines, (N, 2) x and y. Where no position is asked for it is the bottom, or the top if a
    face is below or much more that disturbs. Where one is asked for text moves no farther than to spare a
    face, and not at all where it cannot.
    """
    shape = rgb.shape[:2]
    boxes = [_box(outline) for outline in faces]
    if position is not None:
        return _spared(size, shape, position, boxes)
    low, high = (_spared(size, shape, name, boxes) for name in ("bottom", "top"))
    busy = _busyness(rgb)
    costs = [
        _FACE * _covered(size, place, boxes) + 0.05 * _mean(busy, size, place, shape) for place in (low, high)
    ]
    return high if costs[0] > _LOWER * costs[1] + 1e-4 else low


def _spared(size: tuple[int, ...], shape: tuple[int, ...], position: str, boxes: Sequence[Plane]) -> Place:
    """The place nearest to where ``position`` is that covers least of the faces."""
    home = _home(size, shape, position)
    if not _covered(size, home, boxes):
        return home
    return min(
        _about(size, shape, position, home),
        key=lambda place: (
            round(_covered(size, place, boxes), 3),
            np.hypot(place[0] - home[0], place[1] - home[1]),
        ),
    )


def _home(size: tuple[int, ...], shape: tuple[int, ...], position: str) -> Place:
    edge = round(margin(shape))
    vertical, *_, horizontal = (*position.split(), *position.split())
    spare = max(shape[0] - size[0], 0), max(shape[1] - size[1], 0)
    top = {"top": edge, "bottom": spare[0] - edge}.get(vertical, spare[0] // 2)
    left = {"left": edge, "right": spare[1] - edge}.get(horizontal, spare[1] // 2)
    return min(max(top, 0), spare[0]), min(max(left, 0), spare[1])


def _about(size: tuple[int, ...], shape: tuple[int, ...], position: str, home: Place) -> Iterator[Place]:
    """Places that are still ``position``: to the sides only where no side is named."""
    edge = round(margin(shape) / 2)
    spare = shape[0] - size[0], shape[1] - size[1]
    sideways = 0 if "left" in position or "right" in position else spare[1] / 2 - edge
    yield home
    for down in _STEPS * _AWAY * spare[0]:
        for across in _STEPS * max(sideways, 0):
            top, left = round(home[0] + down), round(home[1] + across)
            if edge <= top <= spare[0] - edge and edge <= left <= spare[1] - edge:
                yield top, left


def _box(outline: Plane) -> Plane:
    """Left, top, right, bottom of a head."""
    (left, top), (right, bottom) = outline.min(0), outline.max(0)
    return f32([left, top - _HAIR * (bottom - top), right, bottom + _NECK * (bottom - top)])


def _covered(size: tuple[int, ...], place: Place, boxes: Sequence[Plane]) -> float:
    """How much of the faces lies under the text, in faces."""
    text = np.array([place[1], place[0], place[1] + size[1], place[0] + size[0]])
    shares = 0.0
    for box in boxes:
        common = np.clip(np.minimum(text[2:], box[2:]) - np.maximum(text[:2], box[:2]), 0, None)
        shares += float(common.prod() / max(float((box[2:] - box[:2]).prod()), 1.0))
    return shares


def _busyness(rgb: NDArray[np.uint8]) -> Plane:
    """What disturbs reading about each pixel of a reduced picture, (h, w): deviation of lightness, 0..1."""
    scale = min(1.0, _SEEN / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    light = f32(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)) / f32(255)
    return f32(np.abs(light - cv2.GaussianBlur(light, (0, 0), _STROKE)))


def _mean(busy: Plane, size: tuple[int, ...], place: Place, shape: tuple[int, ...]) -> float:
    """The mean of ``busy`` under the text, in hundredths."""
    scale = busy.shape[0] / shape[0], busy.shape[1] / shape[1]
    ends = [
        (int(at * s), int(np.ceil((at + n) * s)) + 1) for at, n, s in zip(place, size, scale, strict=True)
    ]
    part = busy[slice(*ends[0]), slice(*ends[1])]
    return 100 * float(part.mean()) if part.size else 0.0
