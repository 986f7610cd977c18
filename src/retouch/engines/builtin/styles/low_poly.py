"""Low poly: flat facets like folded paper, large in quiet parts and small where the eye looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_float, to_uint8
from retouch.engines.builtin.painting import abstraction, grey
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.cells import means, strewn
from retouch.engines.builtin.styles.colouring import enriched, levelled
from retouch.engines.builtin.surface import blur

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_SHIFT = 4  # fractional bits of the coordinates given to OpenCV


def render(sheet: Sheet) -> Picture:
    """Delaunay triangles between points that have gone to the nearest edge, one colour each."""
    unit = sheet.unit
    size = (0.5 + 0.5 * sheet.strength) * float(sheet.rng(1).uniform(0.9, 1.15))
    aim = abstraction(levelled(sheet.rgb, 0.5), 2 * unit, 5 * unit, passes=1)
    fine = attention(sheet, 11)
    sheet.progress(0.35)
    coarse = 62 - 20 * blur(sheet.subject(), 14 * unit)
    spacing = np.maximum(unit * size * coarse * (8.5 / coarse) ** fine, 2)
    points = strewn(np.asarray(spacing, np.float32), sheet.rng(2))
    points = _to_edges(points, grey(aim), spacing)
    triangles = _triangles(_with_border(points, sheet.shape), sheet.shape)
    sheet.progress(0.6)
    labels = _labels(triangles, sheet.shape)
    colours = _facets(means(enriched(aim, chroma=1.3, contrast=14), labels, len(triangles)), sheet)
    sheet.progress(0.75)
    return _drawn(triangles, colours, aim)


def _to_edges(points: NDArray[np.float32], light: Plane, spacing: Plane) -> NDArray[np.float32]:
    """Every point moved to the strongest edge within 0.45 of its spacing."""
    height, width = light.shape
    edge = np.hypot(cv2.Scharr(light, cv2.CV_32F, 1, 0), cv2.Scharr(light, cv2.CV_32F, 0, 1)) + 1e-3
    rings = [(r * np.cos(t), r * np.sin(t)) for r in (0.15, 0.3, 0.45) for t in np.arange(12) * np.pi / 6]
    reach = spacing[points[:, 1].astype(np.intp), points[:, 0].astype(np.intp)]
    offsets = np.array([(0.0, 0.0), *rings], np.float32)
    tried = points[:, None] + offsets * reach[:, None, None]
    x = np.clip(tried[..., 0], 0, width - 1).astype(np.intp)
    y = np.clip(tried[..., 1], 0, height - 1).astype(np.intp)
    best = (edge[y, x] * np.exp(-1.2 * np.hypot(*offsets.T))).argmax(-1)
    rows = np.arange(len(points))
    return np.stack([x[rows, best], y[rows, best]], -1).astype(np.float32)


def _with_border(points: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """The points and some on the border, corners included, so that the facets cover the sheet."""
    height, width = shape
    step = max(2.0, max(shape) / 14)
    right, bottom = max(width, 1), max(height, 1)
    x, y = (np.linspace(0, end, max(2, round(end / step) + 1)) for end in (right, bottom))
    sides = [(x, 0 * x), (x, 0 * x + bottom), (0 * y, y), (0 * y + right, y)]
    border = np.concatenate([np.stack(side, -1) for side in sides])
    inner = (points > 1).all(-1) & (points[:, 0] < right - 1) & (points[:, 1] < bottom - 1)
    return np.unique(np.concatenate([points[inner], border.astype(np.float32)]), axis=0)


def _triangles(points: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Delaunay triangulation, (N, 3, 2)."""
    plan = cv2.Subdiv2D((-2, -2, max(shape[1], 2) + 4, max(shape[0], 2) + 4))
    plan.insert(points.tolist())
    found = np.asarray(plan.getTriangleList(), np.float32).reshape(-1, 3, 2)
    # The construction's own outer corners lie far outside.
    kept = ((found >= -1) & (found <= (max(shape[1], 2), max(shape[0], 2)))).all((1, 2))
    return found[kept]


def _fixed(triangles: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.round(triangles * (1 << _SHIFT)).astype(np.int32)


def _labels(triangles: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.int32]:
    labels = np.zeros(shape, np.int32)
    for i, corners in enumerate(_fixed(triangles)):
        cv2.fillConvexPoly(labels, corners, i, cv2.LINE_8, _SHIFT)
    return labels


def _facets(colours: NDArray[np.float32], sheet: Sheet) -> NDArray[np.float32]:
    """Each facet tilted a little its own way: lighter or darker."""
    tilt = sheet.rng(3).normal(0, 0.035, (len(colours), 1))
    return np.asarray(np.clip(colours * (1 + tilt) + 0.3 * tilt, 0, 1), np.float32)


def _drawn(triangles: NDArray[np.float32], colours: NDArray[np.float32], aim: Picture) -> Picture:
    """Facets with smooth edges: drawn at twice the size, over the picture so that no seam is black."""
    height, width = aim.shape[:2]
    board = np.asarray(cv2.resize(to_uint8(aim), (2 * width, 2 * height)), np.uint8)
    tints = (colours * 255).tolist()
    for corners, tint in zip(_fixed(2 * triangles), tints, strict=True):
        cv2.fillConvexPoly(board, corners, tint, cv2.LINE_8, _SHIFT)
    return to_float(np.asarray(cv2.resize(board, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
