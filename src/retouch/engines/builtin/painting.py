"""Building blocks of the painted styles: flow of the picture, smoothing along it, Kuwahara, ink lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from retouch.engines.builtin.colour import LUMINANCE
from retouch.engines.builtin.surface import blur

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retouch.engines.builtin.styles.sheet import Picture, Plane


class Flow(NamedTuple):
    """The picture's local direction: unit vectors along edges, and how sure they are (0..1)."""

    x: Plane
    y: Plane
    coherence: Plane


def grey(rgb: Picture) -> Plane:
    """sRGB 0..1 -> luma 0..1, (H, W)."""
    return np.asarray(rgb @ LUMINANCE, np.float32)


def flow(rgb: Picture, sigma: float) -> Flow:
    """Edge tangents from the colour structure tensor smoothed by ``sigma`` pixels.

    Di Zenzo, "A note on the gradient of a multi-image" (1986).
    """
    soft = blur(rgb, min(1.0, sigma / 2))
    gx = cv2.Scharr(soft, cv2.CV_32F, 1, 0, scale=1 / 16)
    gy = cv2.Scharr(soft, cv2.CV_32F, 0, 1, scale=1 / 16)
    xx, yy, xy = (np.einsum("hwc,hwc->hw", a, b) for a, b in ((gx, gx), (gy, gy), (gx, gy)))
    tensor = blur(np.dstack([xx, yy, xy]), sigma)
    xx, yy, xy = tensor[..., 0], tensor[..., 1], tensor[..., 2]
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.float32(np.pi / 2)
    spread = np.hypot(xx - yy, 2 * xy)
    coherence = spread / (xx + yy + 1e-5)
    return Flow(np.cos(angle), np.sin(angle), coherence.astype(np.float32))


def _walk(stream: Flow, steps: int, step: float, sign: float) -> Iterator[tuple[Plane, Plane]]:
    """Positions along the flow line through every pixel, one step after another."""
    height, width = stream.x.shape
    field = np.dstack([stream.x, stream.y])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = stream.x * np.float32(sign), stream.y * np.float32(sign)
    for _ in range(steps):
        x, y = x + dx * np.float32(step), y + dy * np.float32(step)
        yield x, y
        here = np.asarray(
            cv2.remap(field, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE), np.float32
        )
        # A tangent has no sign: keep going the way we came.
        turn = np.where(here[..., 0] * dx + here[..., 1] * dy < 0, np.float32(-1), np.float32(1))
        dx, dy = here[..., 0] * turn, here[..., 1] * turn


def along(picture: Picture, stream: Flow, length: float, steps: int = 6) -> Picture:
    """Mean of ``picture`` along the flow lines, ``length`` pixels each way (line integral convolution).

    Cabral and Leedom, "Imaging vector fields using line integral convolution" (1993).
    """
    total = picture.copy()
    weight = 1.0
    for sign in (1.0, -1.0):
        for i, (x, y) in enumerate(_walk(stream, steps, length / steps, sign), start=1):
            w = float(np.exp(-2 * (i / steps) ** 2))
            taken = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            total += taken * np.float32(w)
            weight += w
    return np.asarray(total / np.float32(weight), np.float32)


def shock(picture: Picture, stream: Flow, sigma: float, reach: float) -> Picture:
    """Sharpen across the flow: take the darker or the lighter neighbour by the sign of the curvature.

    Kyprianidis and Kang, "Image and video abstraction by coherence-enhancing filtering" (2011).
    """
    light = blur(grey(picture), sigma)
    nx, ny = -stream.y, stream.x
    height, width = light.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    reach32 = np.float32(reach)
    ahead = cv2.remap(
        light, x + nx * reach32, y + ny * reach32, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    behind = cv2.remap(
        light, x - nx * reach32, y - ny * reach32, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    bend = ahead + behind - 2 * light
    # On the bright side of an edge (bend < 0) go up the gradient, on the dark side down; flat: stay.
    way = np.sign(ahead - behind) * np.clip(-bend / np.float32(0.01), -1, 1) * reach32
    return np.asarray(
        cv2.remap(picture, x + nx * way, y + ny * way, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
        np.float32,
    )


def _sectors(radius: int, count: int = 8) -> list[Plane]:
    """Overlapping pie-slice kernels of a disc, each summing to 1."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    angle, falloff = np.arctan2(y, x), np.exp(-(x**2 + y**2) / (2 * (radius * 0.55) ** 2))
    kernels = []
    for k in range(count):
        kernel = np.clip((np.cos(angle - 2 * np.pi * k / count) - 0.55) / 0.45, 0, 1) * falloff
        kernel[radius, radius] = 0.3
        kernels.append((kernel / kernel.sum()).astype(np.float32))
    return kernels


def kuwahara(rgb: Picture, radius: float, sharpness: float = 8) -> Picture:
    """Generalised Kuwahara filter: every pixel takes the mean of its quietest sectors.

    Papari, Petkov and Campisi, "Artistic edge and corner enhancing smoothing" (2007), eight sectors.
    """
    size = max(1, round(radius))
    spread = rgb * rgb
    total = np.zeros_like(rgb)
    weights = np.zeros(rgb.shape[:2], np.float32)
    for kernel in _sectors(size):
        mean = cv2.filter2D(rgb, -1, kernel, borderType=cv2.BORDER_REFLECT)
        square = cv2.filter2D(grey(spread), -1, kernel, borderType=cv2.BORDER_REFLECT)
        variance = np.maximum(square - grey(mean * mean), 0)
        weight = (np.float32(0.02) + np.sqrt(variance)) ** np.float32(-sharpness)
        total += mean * weight[..., None]
        weights += weight
    return np.asarray(total / weights[..., None], np.float32)


def abstraction(rgb: Picture, sigma: float, length: float, passes: int = 2) -> Picture:
    """Coherence-enhancing abstraction: flat patches with long clean edges (Kyprianidis and Kang 2011)."""
    for _ in range(passes):
        stream = flow(rgb, sigma)
        rgb = along(rgb, stream, length, steps=5)
        rgb = shock(rgb, stream, max(0.6, sigma / 3), max(0.6, sigma / 2.5))
    return rgb


def ink(
    light: Plane, stream: Flow, width: float, *, amount: float = 20, threshold: float = 0.6, slope: float = 12
) -> Plane:
    """Ink lines drawn along the flow: 1 paper, 0 ink, (H, W).

    Extended difference of Gaussians: Winnemöller, Kyprianidis and Olsen, "XDoG" (2012).
    """
    fine, wide = blur(light, width), blur(light, width * 1.6)
    edges = along((1 + amount) * fine - amount * wide, stream, width * 4, steps=4)
    lines = np.where(edges >= threshold, 1, 1 + np.tanh(slope * (edges - threshold)))
    return np.clip(lines, 0, 1).astype(np.float32)


def smoothstep(x: Plane, low: float, high: float) -> Plane:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
