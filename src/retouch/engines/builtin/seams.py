"""Joining copied patches to each other and to what is about them: their gradients count, not their colours.

Pérez, Gangnet and Blake, "Poisson Image Editing" (2003). Between two neighbouring pixels the difference of
colours is to be the one in the patches that they were copied from; where two patches meet, the mean of what
both say. What is solved for is not the picture but what has to be added to the copies: nothing but a few
seams contradicts them, so it is smooth, and a small picture of it serves a large one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32

Indices = NDArray[np.intp]
Area = NDArray[np.bool_]
Part = tuple[slice, slice]

_STEP = 0.1  # of 0..1: a larger one is no shade but an edge, and counts the less the larger it is
_STEPS = 250  # of the solver, which has mostly converged by a third of them
_CLOSE = 1e-5  # of the squared error that it begins with


@dataclass(frozen=True, slots=True)
class _Links:
    """The pairs of neighbours along one axis: ``one`` is above or to the left of ``two``."""

    one: Part
    two: Part
    weight: Plane  # (h, w, 1): 1 where the pair counts
    step: Plane  # (h, w, 3): by how much the correction of ``one`` is to exceed that of ``two``


def correction(picture: Plane, hole: Area, rows: Indices, columns: Indices) -> Plane:
    """What copies in a hole lack to join each other and the picture about the hole.

    Args:
        picture: (H, W, 3) sRGB 0..1; only what is outside of the hole is looked at.
        hole: (H, W).
        rows: (H, W) row of the pixel that each pixel in the hole is copied from, outside of the hole.
        columns: (H, W) its column.

    Returns:
        (H, W, 3), to be added to the copies; 0 outside of the hole.
    """
    result = np.zeros_like(picture)
    x, y, width, height = cv2.boundingRect(hole.astype(np.uint8))
    part = slice(max(0, y - 1), y + height + 1), slice(max(0, x - 1), x + width + 1)
    grid = np.indices(hole.shape)
    sources = np.where(hole, (rows, columns), grid)[:, *part]
    links = [_links(picture, hole[part], sources, axis) for axis in (0, 1)]
    result[part] = _solved(links, f32(hole[part])[..., None])
    return result


def _links(picture: Plane, hole: Area, sources: Indices, axis: int) -> _Links:
    one: Part = (slice(0, -1), slice(None)) if axis == 0 else (slice(None), slice(0, -1))
    two: Part = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
    shift = np.array([[[axis == 0]], [[axis == 1]]], np.intp)
    copies = _at(picture, sources)
    beyond_one = copies[two] - _at(picture, sources[:, *one] + shift)
    beyond_two = _at(picture, sources[:, *two] - shift) - copies[one]
    ours, theirs = hole[one][..., None], hole[two][..., None]
    both = (beyond_one + beyond_two) / 2
    step = np.where(ours & theirs, both, np.where(ours, beyond_one, beyond_two))
    trust = np.minimum(1, (_STEP / (np.abs(step).max(-1, keepdims=True) + f32(1e-6))) ** 4)
    weight = f32((ours | theirs) * trust)
    return _Links(one, two, weight, f32(step * weight))


def _at(picture: Plane, places: Indices) -> Plane:
    height, width = picture.shape[:2]
    return f32(picture[np.clip(places[0], 0, height - 1), np.clip(places[1], 0, width - 1)])


def _solved(links: list[_Links], inside: Plane) -> Plane:
    """The correction whose steps are the wanted ones in the least squares, by conjugate gradients."""
    residual = np.zeros((*inside.shape[:2], 3), np.float32)
    degree = np.zeros_like(inside)
    for link in links:
        residual[link.one] += link.step
        residual[link.two] -= link.step
        degree[link.one] += link.weight
        degree[link.two] += link.weight
    residual *= inside
    result, direction = np.zeros_like(residual), residual.copy()
    first = left = float(np.vdot(residual, residual))
    for _ in range(_STEPS):
        if left <= _CLOSE * first:
            break
        image = _laplacian(links, degree, direction) * inside
        length = f32(left / max(float(np.vdot(direction, image)), 1e-20))
        result += length * direction
        residual -= length * image
        before, left = left, float(np.vdot(residual, residual))
        direction = residual + f32(left / before) * direction
    return result


def _laplacian(links: list[_Links], degree: Plane, plane: Plane) -> Plane:
    total = degree * plane
    for link in links:
        total[link.one] -= link.weight * plane[link.two]
        total[link.two] -= link.weight * plane[link.one]
    return total
