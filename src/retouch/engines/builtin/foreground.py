"""True foreground colours: what the subject alone would look like where the old background shines through."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Indices, Plane, box, f32, resize, sampled, smoothstep
from retouch.engines.builtin.colour import decode
from retouch.engines.builtin.operation import Matte

# Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): a wide pass finds colours for pixels
# far from any certain one, a narrow one sharpens them. Radii for the reduced picture that it works on.
_WIDE, _NARROW = 90, 6
_PROXY = 1024
_TINY = np.float32(1e-5)
_RIM, _ABOUT = (
    2,
    8,
)  # px of half the proxy: how far a matte may err, and how far about a rim colours are sought
_TOLD_APART = 0.03, 0.12  # squared distance of two colours that surely are one, and surely are two
_ONE_COLOUR = 0.20, 0.07  # variance, in squared distances between the two: too many colours, and few enough
_PURE = 0.8  # of the way from the background's colour to the subject's: the subject's own shading, no mixture


@dataclass(frozen=True, slots=True)
class Unmixer:
    """The mean colours of the foreground and of the background about every pixel, kept small.

    ``front`` and ``back`` are (h, w, 3) float32, linear sRGB, stretched over the picture; ``inner`` and
    ``outer`` are the same, seen only where the matte is certain, some pixels off the rim, and ``spread``,
    (h, w, 1), is the sum of their variances.
    """

    front: Plane
    back: Plane
    inner: Plane
    outer: Plane
    spread: Plane

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], matte: Matte) -> Unmixer:
        """Look at a picture, (H, W, 3) uint8 sRGB, and its matte, (H, W) float32.

        Means are smooth: the narrow pass runs at half the size, the wide one at an eighth.
        """
        height, width = matte.shape
        scale = min(1.0, _PROXY / max(height, width))
        half = _part(width, scale / 2), _part(height, scale / 2)
        tiny = _part(width, scale / 8), _part(height, scale / 8)
        colour, alpha = decode(_shrunk(rgb, half)), resize(matte, half)[..., None]
        small, small_alpha = resize(colour, tiny), resize(matte, tiny)[..., None]
        front, back = _local_means(small, small, small_alpha, _WIDE // 8)
        front, back = resize(front, half), resize(back, half)
        front = f32(np.clip(front + alpha * (colour - alpha * front - (1 - alpha) * back), 0, 1))
        means = _local_means(front, back, alpha, _NARROW // 2)
        quarter = _part(width, scale / 4), _part(height, scale / 4)
        reduced = [resize(plane, quarter).reshape(*quarter[::-1], -1) for plane in (colour, alpha, *means)]
        return cls(*means, *_certain(reduced[0], reduced[1], (reduced[2], reduced[3])))

    def tightened(self, photo: NDArray[np.uint8], matte: Matte, rows: slice, y: Indices, x: Indices) -> Plane:
        """The matte of some pixels of a strip, no wider than their colours say.

        A matte that reaches a pixel too far takes a line of the old background along: dark about petals
        before white. A rim's pixel that has more of the background's colour than of the subject's is that
        much less opaque. Where the two have the same colour, or one of them has several, nothing can be
        said, and the matte stays.

        Args:
            photo: as in :meth:`unmix`, like all others.
            matte: the same.
            rows: the same.
            y: the same.
            x: the same.

        Returns:
            (N, 1) float32, 0..1.
        """
        size = (matte.shape[1], matte.shape[0])
        ours, theirs, spread = (
            sampled(plane, size, y + rows.start, x) for plane in (self.inner, self.outer, self.spread)
        )
        colours, alpha = decode(photo[rows][y, x]), matte[rows][y, x][:, None]
        apart = ours - theirs
        distance = (apart**2).sum(-1, keepdims=True)
        share = ((colours - theirs) * apart).sum(-1, keepdims=True) / (distance + _TINY)
        limit = np.clip(share / _PURE, 0, 1)
        trust = smoothstep(*_TOLD_APART, f32(distance))
        trust = trust * smoothstep(*_ONE_COLOUR, f32(spread / (distance + _TINY)))
        return f32(np.minimum(alpha, 1 - trust * (1 - limit)))

    def unmix(
        self,
        photo: NDArray[np.uint8],
        matte: Matte,
        rows: slice,
        y: Indices,
        x: Indices,
        *,
        alpha: Plane | None = None,
    ) -> Plane:
        """The foreground's own colours of some pixels of a strip.

        Args:
            photo: (H, W, 3) uint8 sRGB, the picture that :meth:`of` looked at.
            matte: (H, W) float32, 0..1, its matte.
            rows: the strip.
            y: the pixels' rows within the strip, (N,).
            x: their columns, (N,).
            alpha: (N, 1) float32, 0..1, what to take for their matte where it is not ``matte``.

        Returns:
            (N, 3) float32, linear sRGB, 0..1; the photograph's own where the matte is 1.
        """
        size = (matte.shape[1], matte.shape[0])
        ours, theirs = (sampled(plane, size, y + rows.start, x) for plane in (self.front, self.back))
        colours = decode(photo[rows][y, x])
        alpha = matte[rows][y, x][:, None] if alpha is None else alpha
        mixed = np.clip(ours + alpha * (colours - alpha * ours - (1 - alpha) * theirs), 0, 1)
        return f32(np.where(alpha >= 1, colours, mixed))


def _part(side: int, scale: float) -> int:
    return max(1, round(side * scale))


def _shrunk(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _local_means(front: Plane, back: Plane, alpha: Plane, radius: int) -> tuple[Plane, Plane]:
    """Means of the foreground weighted by alpha, and of the background by its complement."""
    mean_alpha = box(alpha, radius).reshape(alpha.shape)
    mean_front = box(front * alpha, radius) / (mean_alpha + _TINY)
    mean_back = box(back * (1 - alpha), radius) / (1 - mean_alpha + _TINY)
    return f32(mean_front), f32(mean_back)


def _certain(colour: Plane, alpha: Plane, fallback: tuple[Plane, Plane]) -> tuple[Plane, Plane, Plane]:
    """Means of what lies well within the matte and of what lies well without it, and their variances' sum."""
    kernel = np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)
    within = cv2.erode(f32(alpha > 0.98), kernel)  # opaque, but for the matte's own noise
    without = cv2.erode(f32(alpha < 0.02), kernel)
    means, spread = [], np.zeros((*colour.shape[:2], 1), np.float32)
    for certain, else_ in zip((within, without), fallback, strict=True):
        weight = f32(certain).reshape(*colour.shape[:2], 1)
        total = box(weight, _ABOUT).reshape(weight.shape)
        mean = box(colour * weight, _ABOUT) / (total + _TINY)
        square = box(f32((colour**2).sum(-1, keepdims=True)) * weight, _ABOUT).reshape(weight.shape)
        spread += np.maximum(square / (total + _TINY) - (mean**2).sum(-1, keepdims=True), 0)
        means.append(f32(np.where(total > 0.01, mean, else_)))
    return means[0], means[1], spread
