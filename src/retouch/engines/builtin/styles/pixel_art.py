"""Pixel art: large square cells in a small palette of the picture's own colours, ordered dither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import from_oklab, to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import kuwahara
from retouch.engines.builtin.styles.colouring import enriched, levelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Sheet

_ACROSS = (112, 144)  # cells along the long side at full strength, drawn by the seed
_COLOURS = (20, 28)
# Bayer's 4 x 4 threshold matrix, about -0.5..0.5.
_BAYER = (
    np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) + 0.5
) / 16 - 0.5


def render(sheet: Sheet) -> Picture:
    """Cells from a smoothed picture (no mixed colours at edges), each in its nearest palette colour."""
    height, width = sheet.shape
    rng = sheet.rng(1)
    across = min(float(rng.uniform(*_ACROSS)) / (0.35 + 0.65 * sheet.strength), max(height, width))
    rows, columns = (max(1, round(n * across / max(height, width))) for n in (height, width))
    clean = kuwahara(levelled(sheet.rgb, 0.48, most=0.5), 0.35 * max(height, width) / across)
    sheet.progress(0.4)
    small = np.asarray(cv2.resize(clean, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    lab = to_oklab(to_linear(enriched(_crisp(small), chroma=1.25, contrast=16)))
    palette = _palette(lab.reshape(-1, 3), rng)
    sheet.progress(0.7)
    chosen = _nearest(lab, palette)
    cells = to_srgb(np.clip(from_oklab(palette), 0, 1))[chosen]
    return np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


def _crisp(small: Picture) -> Picture:
    soft = cv2.GaussianBlur(small, (0, 0), 1.0)
    return np.clip(small + 0.55 * (small - soft), 0, 1).astype(np.float32)


def _palette(lab: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """k-means in OKLab, (k, 3); chroma weighs more than lightness, so small bright things keep a colour."""
    weight = np.array([1, 1.7, 1.7], np.float32)
    points = lab * weight
    colours = min(int(rng.integers(*_COLOURS, endpoint=True)), len(points))
    # Starts spread by farthest point: random ones would all fall into the sky.
    centres = points[[int(rng.integers(len(points)))]]
    far = np.full(len(points), np.inf, np.float32)
    for _ in range(colours - 1):
        far = np.minimum(far, ((points - centres[-1]) ** 2).sum(-1))
        draw = rng.choice(len(points), p=far / far.sum()) if far.sum() > 0 else 0
        centres = np.vstack([centres, points[[int(draw)]]])
    for _ in range(8):
        own = ((points[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
        counts = np.bincount(own, minlength=colours)
        sums = np.stack([np.bincount(own, points[:, c], colours) for c in range(3)], -1)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres).astype(
            np.float32
        )
    return np.asarray(centres / weight, np.float32)


def _nearest(lab: NDArray[np.float32], palette: NDArray[np.float32]) -> NDArray[np.intp]:
    rows, columns = lab.shape[:2]
    threshold = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns]
    dithered = lab.copy()
    dithered[..., 0] += 0.03 * threshold
    return np.asarray(((dithered[:, :, None] - palette) ** 2 * (1, 1.7, 1.7)).sum(-1).argmin(-1))
