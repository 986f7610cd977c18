"""Mosaic: little squares of glass and stone set in rows along the forms, mortar between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import Flow, abstraction, flow, grey, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.cells import Seeds, centres, grown, means, strewn
from retouch.engines.builtin.styles.colouring import enriched, levelled
from retouch.engines.builtin.surface import blur, clouds, grain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_MORTAR = np.array([0.50, 0.47, 0.43], np.float32)
_PLAN = 640  # the tiles are placed on a picture of this long side
_ROUNDS = 4


def render(sheet: Sheet) -> Picture:
    """Tiles moved until they lie in rows, each one colour, its edges catching light. The seed sets them."""
    unit = sheet.unit
    aim = enriched(
        abstraction(levelled(sheet.rgb, 0.5), 1.6 * unit, 4 * unit, passes=1), chroma=1.3, contrast=16
    )
    fine = attention(sheet)
    stream = _rows(sheet)
    sheet.progress(0.3)
    labels, count = _set(aim, fine, stream, sheet)
    sheet.progress(0.7)
    tints = _stones(means(aim, labels, count), sheet)
    return _laid(tints[labels], labels, fine, sheet)


def _rows(sheet: Sheet) -> Flow:
    """Along the nearest forms; a gentle wave where there are none."""
    unit = sheet.unit
    found = flow(sheet.rgb, 7 * unit)
    sure = smoothstep(found.coherence, 0.1, 0.6)
    lean = 0.5 * clouds(sheet.shape, sheet.rng(1), 2.4)
    # A square looks the same after a quarter turn: directions are mixed at four times the angle.
    angle = 4 * np.arctan2(found.y, found.x)
    x = blur(sure * np.cos(angle) + 0.12 * np.cos(4 * lean), 8 * unit)
    y = blur(sure * np.sin(angle) + 0.12 * np.sin(4 * lean), 8 * unit)
    mixed = 0.25 * np.arctan2(y, x)
    return Flow(np.cos(mixed), np.sin(mixed), sure)


def _set(aim: Picture, fine: Plane, stream: Flow, sheet: Sheet) -> tuple[NDArray[np.int32], int]:
    """The tile of every pixel, and how many there are: Hausner's relaxation, tiles bound to colours too."""
    height, width = sheet.shape
    shrink = max(1.0, max(height, width) / _PLAN)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    small, focus, x, y = (
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
        for plane in (grey(aim), fine, stream.x, stream.y)
    )
    per_unit = sheet.unit / shrink * (0.5 + 0.5 * sheet.strength) * float(sheet.rng(2).uniform(0.92, 1.12))
    spacing = np.maximum(per_unit * 17 * 0.37**focus, 2).astype(np.float32)
    at = strewn(spacing, sheet.rng(3), 0.5)
    seeds = _seeds(at, spacing, x, y)
    for i in range(_ROUNDS):
        labels = grown(seeds, small, 0.35)
        seeds = _seeds(centres(labels, len(at), seeds), spacing, x, y)
        sheet.progress(0.35 + 0.05 * i)
    seeds = Seeds(seeds.at * np.float32(shrink), seeds.reach * np.float32(shrink), seeds.turned)
    return grown(seeds, grey(aim), 0.6), len(at)


def _seeds(at: NDArray[np.float32], spacing: Plane, x: Plane, y: Plane) -> Seeds:
    column, row = at[:, 0].astype(np.intp), at[:, 1].astype(np.intp)
    return Seeds(at, spacing[row, column] * np.float32(0.75), np.arctan2(y, x)[row, column])


def _stones(colours: NDArray[np.float32], sheet: Sheet) -> NDArray[np.float32]:
    """No two stones are quite of one colour; here and there one is much lighter or darker."""
    rng = sheet.rng(4)
    count = len(colours)
    light = rng.normal(0, 0.04, (count, 1)) * rng.choice((1, 2.2), (count, 1), p=(0.9, 0.1))
    hue = rng.normal(0, 0.014, (count, 3))
    return np.asarray(np.clip(colours * (1 + light) + 0.4 * light + hue, 0.02, 1), np.float32)


def _laid(stones: Picture, labels: NDArray[np.int32], fine: Plane, sheet: Sheet) -> Picture:
    """Tiles with rounded edges in rough mortar, lit from the upper left."""
    unit = sheet.unit
    inside = np.ones(sheet.shape, np.uint8)
    inside[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    inside[1:][labels[1:] != labels[:-1]] = 0
    # A sheet of one tile has no joint to be away from.
    away = np.minimum(cv2.distanceTransform(inside, cv2.DIST_L2, 5), 64 * unit)
    joint = unit * (1.15 - 0.55 * blur(fine, 3 * unit) + 0.12 * clouds(sheet.shape, sheet.rng(5), 1.0))
    tile = smoothstep(np.asarray(away / np.maximum(joint, 0.5), np.float32), 0.55, 1.35)
    dome = blur(np.minimum(away, 3.4 * unit).astype(np.float32), 0.8 * unit)
    slope = (cv2.Sobel(dome, cv2.CV_32F, 1, 0) + cv2.Sobel(dome, cv2.CV_32F, 0, 1)) / 8
    rough = grain(sheet.shape, sheet.rng(6), 1.4 * unit)
    glint = (np.clip(slope, -1.2, 1.2) * (1 - 0.6 * fine))[..., None]
    surface = stones * (1 + 0.30 * glint + 0.025 * rough[..., None]) + 0.10 * np.maximum(glint, 0)
    mortar = _MORTAR * (0.62 + 0.08 * rough + 0.25 * grey(stones))[..., None]
    cover = tile[..., None]
    return np.asarray(np.clip(surface * cover + mortar * (1 - cover), 0, 1), np.float32)
