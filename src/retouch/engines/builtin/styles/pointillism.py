"""Pointillism: dots of unmixed colour that blend in the eye, each shade broken into its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_float, to_linear, to_oklab, to_srgb
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.brushwork import lit
from retouch.engines.builtin.styles.cells import strewn
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, weave
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_GROUND = np.array([0.93, 0.89, 0.80], np.float32)
_SHIFT = 3  # fractional bits of the coordinates given to OpenCV
# Each coat: units between dots in the open and where the eye looks, radius in spacings, divided hue.
_COATS = ((11.5, 6.2, 0.66, 1.0), (10.0, 4.6, 0.44, 0.95), (12.0, 3.5, 0.42, 0.8))


def render(sheet: Sheet) -> Picture:
    """Coats of dots over a primed canvas. The seed strews them and divides their colours."""
    unit, size = sheet.unit, 0.5 + 0.5 * sheet.strength
    aim = to_oklab(to_linear(levelled(sheet.rgb, 0.56, most=0.8)))
    fine = attention(sheet)
    height = np.full((*sheet.shape, 1), 0.4, np.float32)
    tint = 0.72 * blur(levelled(sheet.rgb, 0.56, most=0.8), 5 * unit) + 0.28 * _GROUND
    ground = tint * (1 + 0.025 * weave(sheet.shape, sheet.rng(1), unit))[..., None]
    board = np.clip(np.concatenate([ground, height], -1) * 255, 0, 255).astype(np.uint8)
    board = np.ascontiguousarray(board)
    for i, (wide, close, radius, divided) in enumerate(_COATS):
        spacing = np.maximum(unit * size * wide * (close / wide) ** fine, 1.6)
        points = strewn(np.asarray(spacing, np.float32), sheet.rng(2 + i))
        _dab(board, points, spacing * radius, _divided(aim, points, fine, divided, sheet.rng(9 + i)))
        sheet.progress(0.3 + 0.2 * i)
    relief = lit(to_float(board[..., 3]), unit)[..., None]
    return np.asarray(np.clip(to_float(board[..., :3]) * (1 + 0.04 * relief), 0, 1), np.float32)


def _dab(
    board: NDArray[np.uint8], points: NDArray[np.float32], radii: Plane, tints: NDArray[np.float32]
) -> None:
    """Set the dots, in any order, in colours and height 0..255."""
    x, y = points[:, 0].astype(np.intp), points[:, 1].astype(np.intp)
    reach = np.maximum(np.round(radii[y, x] * (1 << _SHIFT)), 4).astype(int).tolist()
    at = np.round(points * (1 << _SHIFT)).astype(int).tolist()
    tall = np.full((len(points), 1), 215.0)
    rows = np.concatenate([tints * 255, tall], -1).tolist()
    for i in range(len(rows)):
        cv2.circle(board, at[i], reach[i], rows[i], -1, cv2.LINE_AA, _SHIFT)


def _divided(
    aim: Picture, points: NDArray[np.float32], fine: Plane, amount: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Colours of dots, (N, 3) sRGB: hues swung to either side, now and then a dot of pure light or shade."""
    x, y = points[:, 0].astype(np.intp), points[:, 1].astype(np.intp)
    lab, calm = aim[y, x].astype(np.float64), amount * (1 - 0.45 * fine[y, x])
    count = len(points)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.arctan2(lab[:, 2], lab[:, 1]) + rng.choice((-0.62, -0.2, 0.2, 0.62), count) * calm
    # Sunlight is orange and shade is blue-violet, whatever the thing's own colour.
    turned = rng.random(count) < 0.09 * calm
    vivid = np.clip(1.55 * chroma + 0.03, 0.045 * calm + 0.4 * chroma, 0.24)
    light = lab[:, 0] * 0.92 + 0.08 + rng.normal(0, 0.045, count) * calm
    warm = np.where(lab[:, 0] > 0.62, np.radians(68), np.radians(285))
    hue = np.where(turned, warm + rng.normal(0, 0.3, count), hue)
    vivid = np.where(turned, np.maximum(vivid, 0.085), vivid)
    out = np.stack([np.clip(light, 0.08, 0.98), vivid * np.cos(hue), vivid * np.sin(hue)], -1)
    return np.asarray(np.clip(to_srgb(into_gamut(out.astype(np.float32))), 0, 1), np.float32)
