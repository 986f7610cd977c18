"""Neon: the picture bent from glowing tubes and hung on a dark brick wall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_float, to_linear, to_srgb
from retouch.engines.builtin.painting import abstraction, grey, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.light import shoulder, vignette
from retouch.engines.builtin.styles.line_art import local_contrast
from retouch.engines.builtin.surface import blur, clouds, grain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

# Gases and glass, linear light; first those of the subject, then those of what is around it.
_SIGNS = (
    (((1.0, 0.03, 0.35), (1.0, 0.16, 0.02), (1.0, 0.05, 0.6)), ((0.0, 0.45, 1.0), (0.12, 0.08, 1.0))),
    (((0.0, 0.75, 1.0), (0.05, 1.0, 0.55), (0.1, 0.35, 1.0)), ((1.0, 0.03, 0.45), (0.5, 0.03, 1.0))),
    (((1.0, 0.42, 0.03), (1.0, 0.07, 0.1), (1.0, 0.7, 0.12)), ((0.0, 0.6, 0.85), (0.02, 0.85, 0.4))),
    (((0.75, 0.08, 1.0), (1.0, 0.05, 0.45), (0.25, 0.15, 1.0)), ((0.05, 0.9, 0.5), (0.0, 0.55, 0.9))),
)

_SMOOTH = cv2.LINE_AA


def render(sheet: Sheet) -> Picture:
    """Tubes along the picture's contours, their light on the wall. The seed picks gases and places."""
    unit = sheet.unit
    clean = abstraction(levelled(sheet.rgb, 0.5, most=0.9), 2.2 * unit, 6 * unit, passes=2)
    sheet.progress(0.35)
    chains = _chains(grey(clean), unit)
    tubes, cores = _bent(chains, sheet)
    sheet.progress(0.55)
    glow = to_linear(tubes)
    near = 0.9 * blur(glow, 3.2 * unit) + 0.9 * blur(glow, 9 * unit)
    wide = 1.3 * blur(glow, 30 * unit) + 1.1 * blur(glow, 80 * unit)
    sheet.progress(0.75)
    wall = _wall(sheet) * (0.012 + 1.2 * np.maximum(wide, 0) + 0.25 * np.maximum(near, 0))
    ghost = 0.05 * to_linear(clean) * (sheet.subject() * np.clip(grey(wide) * 8, 0.3, 1.5))[..., None]
    light = wall + ghost + 0.55 * np.maximum(near, 0) + 1.25 * glow + 0.9 * cores[..., None]
    light = light * vignette(sheet.shape, 0.35)[..., None]
    noise = 0.008 * grain(sheet.shape, sheet.rng(9), unit)[..., None]
    return np.asarray(np.clip(to_srgb(shoulder(light.astype(np.float32), 0.7)) + noise, 0, 1), np.float32)


def _chains(light: Plane, unit: float) -> list[NDArray[np.float32]]:
    """Contours as smooth chains of points, (N, 2) each.

    Topal and Akinlar, "Edge Drawing" (2012).
    """
    even = np.clip(local_contrast(light, unit), 0, 1)
    image = (0.5 * even + 0.5 * light) * 255
    drawing = cv2.ximgproc.createEdgeDrawing()
    settings = cv2.ximgproc.EdgeDrawing.Params()
    settings.GradientThresholdValue = 26
    settings.AnchorThresholdValue = 6
    settings.MinPathLength = 10
    drawing.setParams(settings)
    if min(light.shape) < 8:
        return []
    drawing.detectEdges(
        np.ascontiguousarray(blur(image.astype(np.float32), 0.9 * unit).clip(0, 255).astype(np.uint8))
    )
    return [_smooth(np.asarray(chain, np.float32).reshape(-1, 2), unit) for chain in drawing.getSegments()]


def _smooth(chain: NDArray[np.float32], unit: float) -> NDArray[np.float32]:
    """A tube does not turn sharply: the chain averaged along itself, its ends kept."""
    reach = min(max(1, round(3.5 * unit)), (len(chain) - 1) // 2)
    if reach < 1:
        return chain
    padded = np.concatenate([np.repeat(chain[:1], reach, 0), chain, np.repeat(chain[-1:], reach, 0)])
    kernel = np.hanning(2 * reach + 3)[1:-1]
    kernel /= kernel.sum()
    smooth = np.stack([np.convolve(padded[:, c], kernel, "valid") for c in (0, 1)], -1)
    return np.asarray(smooth, np.float32)


def _bent(chains: list[NDArray[np.float32]], sheet: Sheet) -> tuple[Picture, Plane]:
    """The tubes in their colours, sRGB, and their white-hot cores, both 0..1."""
    unit, subject, fine = sheet.unit, sheet.subject(), attention(sheet)
    size = unit * (0.6 + 0.4 * sheet.strength)
    rng = sheet.rng(1)
    front, back = _SIGNS[int(rng.integers(len(_SIGNS)))]
    gases = [to_srgb(np.array(side, np.float32)) * 255 for side in (front, back)]
    drift = clouds(sheet.shape, sheet.rng(2), 2.0, scale=1.4)
    crowd = _crowd(chains, sheet)
    # Its outline is the subject's own.
    within = blur(subject, 6 * unit)
    tubes, cores = np.zeros((*sheet.shape, 3), np.uint8), np.zeros(sheet.shape, np.uint8)
    for chain in chains:
        x, y = chain[len(chain) // 2].astype(int).tolist()
        on, small = float(within[y, x]) > 0.3, float(fine[y, x])
        # Fur and foliage would be a tangle: where lines crowd only the long ones are bent.
        if len(chain) < unit * (26 - 14 * small if on else 50) * (1 + 3.2 * float(crowd[y, x]) ** 2):
            continue
        side = gases[0] if on else gases[1]
        place = float(np.clip(0.5 + 0.3 * drift[y, x], 0, 0.999))
        gas = side[int(place * len(side))] * (1.0 if on else 0.62)
        width = size * ((3.6 - 1.9 * small) if on else 2.2)
        line = [np.round(chain * 8).astype(np.int32)]
        thick, thin = max(1, round(width)), max(1, round(0.4 * width))
        cv2.polylines(
            tubes, line, isClosed=False, color=gas.tolist(), thickness=thick, lineType=_SMOOTH, shift=3
        )
        hot = 235 if on else 90
        cv2.polylines(cores, line, isClosed=False, color=hot, thickness=thin, lineType=_SMOOTH, shift=3)
    soft = blur(to_float(tubes), 0.5 * unit)
    return np.clip(soft, 0, 1).astype(np.float32), np.clip(blur(to_float(cores), 0.5 * unit), 0, 1)


def _crowd(chains: list[NDArray[np.float32]], sheet: Sheet) -> Plane:
    """How many lines run around a place: 0 one alone, 1 side by side at every few units."""
    points = np.zeros(sheet.shape, np.float32)
    for chain in chains:
        points[chain[:, 1].astype(np.intp), chain[:, 0].astype(np.intp)] = 1
    return np.asarray(np.clip(blur(points, 14 * sheet.unit) * (8 * sheet.unit) - 0.25, 0, 1), np.float32)


def _wall(sheet: Sheet) -> Picture:
    """Reflectance of painted bricks, 0..1."""
    height, width = sheet.shape
    unit, rng = sheet.unit, sheet.rng(3)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    tall, long = np.float32(34 * unit), np.float32(86 * unit)
    down = (y + np.float32(rng.uniform(0, 30) * unit)) / tall
    row = np.floor(down)
    across = (x + (row % 2) * long / 2 + np.float32(rng.uniform(0, 80) * unit)) / long
    brick = np.floor(across)
    up, along = down % 1, across % 1
    joint = np.minimum(np.minimum(along, 1 - along) * long, np.minimum(up, 1 - up) * tall) / np.float32(unit)
    own = np.sin(row * 12.9898 + brick * 78.233) * 43758.547
    own = own - np.floor(own)
    rough = grain(sheet.shape, sheet.rng(4), 2.2 * unit) + clouds(sheet.shape, sheet.rng(5), 1.1)
    face = 0.16 + 0.10 * own + 0.03 * rough
    reflect = np.where(joint < 1.6, 0.07, face) * smoothstep(np.asarray(joint, np.float32), 0.6, 3.2)
    return np.repeat(np.clip(reflect + 0.035, 0.02, 0.5)[..., None], 3, -1).astype(np.float32)
