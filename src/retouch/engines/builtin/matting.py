"""Finding the subject: U²-Net says roughly where it is, the picture's own colours say where it ends.

Qin et al., "U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection" (2020), weights under
Apache-2.0. The net sees 320 x 320 pixels and no more: larger inputs make it lose the subject. Refinement
works at no more than :data:`PROXY` pixels a side and is carried up to full size by a guided filter.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize
from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.nets import CompiledNet, compile_net
from retouch.engines.builtin.operation import Matte

PROXY = 1024
_SIDE = 320
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet, as the net was trained
_STD = np.array([0.229, 0.224, 0.225], np.float32)
_SURE_FRONT, _SURE_BACK = 0.94, 0.06

# A matte with less hesitation than this is taken at once; the photographs that the net understands give
# 0.02-0.11, those that it does not 0.25 and more.
_RESOLUTE = 0.12


class U2NetMatting:
    """The default matte: one net, loaded once, used for every picture of this process."""

    def __init__(self, model: Path, cache_dir: Path | None, threads: int) -> None:
        self._net: CompiledNet = compile_net(model, cache_dir=cache_dir, threads=threads)

    def matte(self, rgb: NDArray[np.uint8]) -> Matte:
        """The subject of ``rgb``, (H, W, 3) uint8 sRGB, as (H, W) float32 alpha, 0..1."""
        return refine(rgb, self.coarse(rgb))

    def coarse(self, rgb: NDArray[np.uint8]) -> Matte:
        """The net's own answer, in the picture's proportions but small, 0..1.

        Where the net hesitates, it looks again: at the picture in its true proportions, then mirrored.
        Of what it said, the most resolute counts.
        """
        best = np.zeros((_SIDE, _SIDE), np.float32)
        least = np.inf
        for matte in self._looks(rgb):
            doubt = hesitation(matte)
            if doubt < least:
                best, least = matte, doubt
            if least <= _RESOLUTE:
                break
        return best

    def _looks(self, rgb: NDArray[np.uint8]) -> Iterator[Matte]:
        height, width = rgb.shape[:2]
        scale = _SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        square = np.asarray(cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        yield self._ask(square)
        if size != (_SIDE, _SIDE):
            boxed = np.full((_SIDE, _SIDE, 3), 128, np.uint8)  # on black, the net takes its border for one
            boxed[: size[1], : size[0]] = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
            yield self._ask(boxed)[: size[1], : size[0]]
        yield self._ask(square[:, ::-1])[:, ::-1]

    def _ask(self, square: NDArray[np.uint8]) -> Matte:
        normal = (square / f32(max(int(square.max()), 1)) - _MEAN) / _STD
        answer = self._net(np.ascontiguousarray(normal.transpose(2, 0, 1)[None]))[0, 0]
        low, high = float(answer.min()), float(answer.max())
        if high < 0.3:  # nothing stands out: stretching this would invent a subject
            return f32(answer)
        return f32((answer - low) / (high - low))


def hesitation(matte: Matte) -> float:
    """How much of the subject is neither in nor out: 0 for a clean cut, over 1 for a guess."""
    return float((4 * matte * (1 - matte)).sum() / (matte.sum() + 1))


def refine(rgb: NDArray[np.uint8], coarse: Matte) -> Matte:
    """A coarse matte of any size -> alpha of the picture's size that follows its hairs and edges."""
    height, width = rgb.shape[:2]
    scale = min(1.0, PROXY / max(height, width))
    if scale == 1:
        return _unmix(to_float(rgb), coarse)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    proxy = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _guided_upsample(rgb, proxy, _unmix(to_float(proxy), coarse))


def trimap(alpha: Matte) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels that are surely subject, and surely not: thresholds, drawn back from the edge."""
    reach = max(3, int(min(alpha.shape) * 0.010)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    front = cv2.erode((alpha > _SURE_FRONT).astype(np.uint8), kernel)
    back = cv2.erode((alpha < _SURE_BACK).astype(np.uint8), kernel)
    return front.astype(bool), back.astype(bool)


def _unmix(guide: Plane, coarse: Matte) -> Matte:
    """Alpha from colour, where colour can tell.

    In the band between sure subject and sure background every pixel is taken as a mix of the mean colours of both
    sides about it; its place on the line between them is its alpha. That counts as far as the two colours
    differ, the pixel lies near their line, and the net hesitates; elsewhere the net's own alpha stays,
    a little steeper, since enlarging has made it soft.
    """
    height, width = guide.shape[:2]
    alpha = f32(np.clip(resize(coarse, (width, height)), 0, 1))
    front, back = trimap(alpha)
    ours, theirs = _nearby_colours(guide, front), _nearby_colours(guide, back)
    line = ours - theirs
    contrast = np.einsum("ijk,ijk->ij", line, line)
    place = np.clip(np.einsum("ijk,ijk->ij", guide - theirs, line) / (contrast + 1e-4), 0, 1)
    off = guide - theirs - place[..., None] * line
    missed = np.einsum("ijk,ijk->ij", off, off)
    trust = contrast / (contrast + 0.15**2) * np.exp(-missed / 0.08**2) * (1 - np.abs(2 * alpha - 1) ** 3)
    mixed = np.clip((alpha - 0.5) * 1.5 + 0.5, 0, 1) * (1 - trust) + place * trust
    mixed[front], mixed[back] = 1, 0
    return f32(mixed)


def _nearby_colours(guide: Plane, chosen: NDArray[np.bool_]) -> Plane:
    """The mean colour of the chosen pixels about every pixel: near ones if there are any, else farther."""
    height, width = chosen.shape
    longer = max(height, width)
    weight = chosen.astype(np.float32)[..., None]
    stack = f32(np.concatenate([guide * weight, weight], -1))
    small = resize(stack, (max(1, width // 2), max(1, height // 2)))
    total = gaussian(small, longer * 0.005) + 1e-2 * gaussian(small, longer * 0.018)
    total += f32(1e-4 * stack.reshape(-1, 4).mean(0) + 1e-9 * np.array([0.5, 0.5, 0.5, 1]))
    return resize(f32(total[..., :3] / np.maximum(total[..., 3:], 1e-10)), (width, height))


def _guided_upsample(rgb: NDArray[np.uint8], proxy: NDArray[np.uint8], alpha: Matte) -> Matte:
    """He and Sun, "Fast Guided Filter" (2015): the filter's coefficients are smooth, so they scale up."""
    height, width = rgb.shape[:2]
    gray = f32(cv2.cvtColor(proxy, cv2.COLOR_RGB2GRAY)) / f32(255)
    mean_gray, mean_alpha = gaussian(gray, 1.5), gaussian(alpha, 1.5)
    variance = gaussian(gray * gray, 1.5) - mean_gray**2
    slope = (gaussian(gray * alpha, 1.5) - mean_gray * mean_alpha) / (variance + 1e-3)
    offset = mean_alpha - slope * mean_gray
    full = f32(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)) / f32(255)
    guided = resize(slope, (width, height)) * full + resize(offset, (width, height))
    plain = resize(alpha, (width, height))
    certain = (plain > 0.99) | (plain < 0.01)
    return f32(np.clip(np.where(certain, plain, guided), 0, 1))
