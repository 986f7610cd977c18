"""Light added to a picture: bloom, screen, vignette, colour fringes. Linear light unless said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.surface import blur

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane


def bloom(linear: Picture, threshold: float, unit: float, amount: float) -> Picture:
    """Let what is brighter than ``threshold`` spill over its surroundings at three widths."""
    bright = np.maximum(linear - np.float32(threshold), 0)
    spill = 0.5 * blur(bright, 5 * unit) + 0.32 * blur(bright, 18 * unit) + 0.18 * blur(bright, 60 * unit)
    return np.asarray(linear + np.float32(amount) * np.maximum(spill, 0), np.float32)


def shoulder(linear: Picture, knee: float = 0.7) -> Picture:
    """Roll values above ``knee`` off towards 1 without a corner; below it nothing changes."""
    over = np.maximum(linear - np.float32(knee), 0) / np.float32(1 - knee)
    rolled = np.float32(knee) + np.float32(1 - knee) * over / (1 + over)
    return np.where(linear > knee, rolled, linear).astype(np.float32)


def vignette(shape: tuple[int, int], amount: float) -> Plane:
    """Factor that falls by ``amount`` from the middle to the corners, (H, W)."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    return np.asarray(1 - np.float32(amount) * ((x * x + y * y) / 2) ** np.float32(1.2), np.float32)


def fringes(srgb: Picture, amount: float) -> Picture:
    """Lateral chromatic aberration: red grows and blue shrinks by ``amount`` of the half width."""
    height, width = srgb.shape[:2]
    out = srgb.copy()
    for channel, sign in ((0, 1.0), (2, -1.0)):
        zoom = 1 + sign * amount
        matrix = np.array([[zoom, 0, (1 - zoom) * width / 2], [0, zoom, (1 - zoom) * height / 2]], np.float32)
        plane = np.ascontiguousarray(srgb[..., channel])
        out[..., channel] = cv2.warpAffine(
            plane, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return out
