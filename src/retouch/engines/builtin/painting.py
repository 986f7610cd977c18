"""Building blocks of the painted styles: flow of the picture, smoothing along it, Kuwahara, ink lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from retouch.engines.builtin.bands import each_band
from retouch.engines.builtin.blur import enlarged
from retouch.engines.builtin.colour import LUMINANCE
from retouch.engines.builtin.surface import blur

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retouch.engines.builtin.styles.sheet import Picture, Plane


_SUM = np.ones((1, 3), np.float32)
_TINY = np.float32(1e-12)
_HALVED = 2.0  # px: a structure tensor smoothed by more than that is smooth enough for half the size
_WIDEST = 4.5  # px: OpenCV filters by wider kernels ten times as slowly


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
    tensor = np.empty_like(rgb)

    def measure(rows: slice) -> None:
        inner = slice(max(0, rows.start - 1), rows.stop + 1)
        skip = slice(rows.start - inner.start, rows.start - inner.start + rows.stop - rows.start)
        gx, gy = (cv2.Scharr(soft[inner], cv2.CV_32F, *way, scale=1 / 16)[skip] for way in ((1, 0), (0, 1)))
        for place, product in enumerate((gx * gx, gy * gy, gx * gy)):
            tensor[rows, :, place] = cv2.transform(product, _SUM)

    each_band(measure, *rgb.shape[:2])
    return _tangents(_smooth(tensor, sigma))


def _smooth(tensor: Picture, sigma: float) -> Picture:
    """Gaussian blur at half the size, where nobody can see the difference."""
    height, width = tensor.shape[:2]
    if sigma < _HALVED or min(height, width) < 8 * sigma:
        return blur(tensor, sigma)
    half = cv2.resize(tensor, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    soft = blur(np.asarray(half, np.float32), sigma / 2)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _tangents(tensor: Picture) -> Flow:
    """Across the tensor's main axis, by the half-angle formulas; upright where there is none."""
    shape = tensor.shape[:2]
    found = Flow(np.empty(shape, np.float32), np.empty(shape, np.float32), np.empty(shape, np.float32))

    def turn(rows: slice) -> None:
        xx, yy, xy = cv2.split(tensor[rows])
        apart, total = xx - yy, xx + yy
        # Not cv2.magnitude: its last bits depend on where an array lies in memory; two edits would differ.
        spread = np.sqrt(apart * apart + 4 * xy * xy)
        half_cosine = 0.5 * (apart + _TINY) / (spread + _TINY)
        found.x[rows] = -np.copysign(np.sqrt(np.maximum(0.5 - half_cosine, 0)), xy)
        found.y[rows] = np.sqrt(np.maximum(0.5 + half_cosine, 0))
        found.coherence[rows] = spread / (total + np.float32(1e-5))

    each_band(turn, *shape)
    return found


def _walk(field: Picture, rows: slice, steps: int, step: float, sign: float) -> Iterator[tuple[Plane, Plane]]:
    """Positions along the flow line through every pixel of a band, one step after another."""
    y, x = np.mgrid[rows, 0 : field.shape[1]].astype(np.float32)
    dx, dy = (np.float32(sign * step) * part for part in cv2.split(field[rows]))
    for _ in range(steps):
        x += dx
        y += dy
        yield x, y
        here = cv2.remap(field, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        hx, hy = cv2.split(here)
        # A tangent has no sign: keep going the way we came.
        turn = np.copysign(np.float32(step), hx * dx + hy * dy)
        dx, dy = hx * turn, hy * turn


def _taken(picture: Picture, x: Plane, y: Plane) -> Picture:
    """``picture`` at places between its pixels."""
    found = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(found, np.float32)


def along(picture: Picture, stream: Flow, length: float, steps: int = 6) -> Picture:
    """Mean of ``picture`` along the flow lines, ``length`` pixels each way (line integral convolution).

    Cabral and Leedom, "Imaging vector fields using line integral convolution" (1993).
    """
    weights = [float(np.exp(-2 * (i / steps) ** 2)) for i in range(1, steps + 1)]
    share = np.float32(1 / (1 + 2 * sum(weights)))
    field, result = cv2.merge([stream.x, stream.y]), np.empty_like(picture)

    def average(rows: slice) -> None:
        total = picture[rows] * share
        for sign in (1.0, -1.0):
            places = _walk(np.asarray(field, np.float32), rows, steps, length / steps, sign)
            for weight, (x, y) in zip(weights, places, strict=True):
                cv2.scaleAdd(_taken(picture, x, y), float(weight * share), total, total)
        result[rows] = total

    each_band(average, *picture.shape[:2])
    return result


def shock(picture: Picture, stream: Flow, sigma: float, reach: float) -> Picture:
    """Sharpen across the flow: take the darker or the lighter neighbour by the sign of the curvature.

    Kyprianidis and Kang, "Image and video abstraction by coherence-enhancing filtering" (2011).
    """
    light, result = blur(grey(picture), sigma), np.empty_like(picture)
    reach32 = np.float32(reach)

    def sharpen(rows: slice) -> None:
        nx, ny = -stream.y[rows] * reach32, stream.x[rows] * reach32
        y, x = np.mgrid[rows, 0 : light.shape[1]].astype(np.float32)
        ahead = _taken(light, x + nx, y + ny)
        behind = _taken(light, x - nx, y - ny)
        bend = ahead + behind - 2 * light[rows]
        # On the bright side of an edge (bend < 0) go up the gradient, on the dark side down; flat: stay.
        way = np.sign(ahead - behind) * np.clip(bend * np.float32(-100), -1, 1)
        result[rows] = _taken(picture, x + nx * way, y + ny * way)

    each_band(sharpen, *light.shape)
    return result


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
    stack = np.dstack([rgb, grey(rgb * rgb)])
    height, width = rgb.shape[:2]
    shrink = 2 if radius > _WIDEST and min(height, width) > 8 * radius else 1
    small = cv2.resize(stack, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    said = [
        np.asarray(cv2.filter2D(small, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)
        for kernel in _sectors(max(1, round(radius / shrink)))
    ]
    result = np.empty_like(rgb)

    def choose(rows: slice) -> None:
        total = np.zeros((4, rows.stop - rows.start, width), np.float32)
        for sector in said:
            planes = cv2.split(enlarged(sector, (width, height), rows))
            square = sum(share * plane * plane for share, plane in zip(LUMINANCE, planes[:3], strict=True))
            quiet = np.sqrt(np.maximum(planes[3] - square, 0))
            weight = cv2.pow(quiet + np.float32(0.02), -sharpness)
            for place, plane in enumerate(planes[:3]):
                total[place] += plane * weight
            total[3] += weight
        result[rows] = cv2.merge([*(total[:3] / total[3])])

    each_band(choose, height, width)
    return result


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
