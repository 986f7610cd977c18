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

from retouch.engines.builtin.blur import Plane, enlarged, f32, gaussian, resize, sampled, smoothstep, strips
from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.nets import CompiledNet, compile_net
from retouch.engines.builtin.operation import Matte

PROXY = 1024
_SIDE = 320
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet, as the net was trained
_STD = np.array([0.229, 0.224, 0.225], np.float32)
_HALF_STEP = 1 / 510
_SURE_FRONT, _SURE_BACK = 0.94, 0.06

# A first matte with no more hesitation than this is taken at once (clear cases give 0.02-0.05); after the
# second look a fair one is good enough.
_RESOLUTE, _FAIR = 0.06, 0.3
_WHOLE = 0.95  # a "subject" of more than this part of the picture is no answer
_NO_BOX = (0, 0, 0, 0)  # GrabCut starts from labels here
_GREY = 128  # of borders; the net takes black ones for part of the picture


class U2NetMatting:
    """The default matte: one net, loaded once, used for every picture of this process."""

    def __init__(self, model: Path, cache_dir: Path | None, threads: int) -> None:
        self._net: CompiledNet = compile_net(model, cache_dir=cache_dir, threads=threads)

    def matte(self, rgb: NDArray[np.uint8]) -> Matte:
        """The subject of ``rgb``, (H, W, 3) uint8 sRGB, as (H, W) float32 alpha, 0..1."""
        return _snapped(refine(rgb, self.coarse(rgb)))

    def coarse(self, rgb: NDArray[np.uint8]) -> Matte:
        """The net's answer, small, in the picture's proportions or in a square, 0..1.

        Where the net hesitates it looks again: at the picture in a grey frame, in its true proportions,
        mirrored. Of what it said the most resolute counts; what it still leaves open is settled by colour.
        """
        best, least = np.zeros((_SIDE, _SIDE), np.float32), np.inf
        for count, matte in enumerate(self._looks(rgb)):
            doubt = hesitation(matte)
            if doubt < least and float((matte > 0.5).mean()) < _WHOLE:
                best, least = matte, doubt
            if least <= (_FAIR if count else _RESOLUTE):
                break
        return settle(rgb, best)

    def _looks(self, rgb: NDArray[np.uint8]) -> Iterator[Matte]:
        height, width = rgb.shape[:2]
        square = _shrunk(rgb, (_SIDE, _SIDE))
        yield self._ask(square)
        border = _SIDE // 12
        inner = _SIDE - 2 * border
        within = slice(border, border + inner)
        yield _mended(self._ask(_framed(_shrunk(rgb, (inner, inner)), border, border))[within, within])
        if height != width:
            scale = _SIDE / max(height, width)
            w, h = max(1, round(width * scale)), max(1, round(height * scale))
            yield _mended(self._ask(_framed(_shrunk(rgb, (w, h)), 0, 0))[:h, :w])
        yield self._ask(square[:, ::-1])[:, ::-1]

    def _ask(self, square: NDArray[np.uint8]) -> Matte:
        normal = (square / f32(max(int(square.max()), 1)) - _MEAN) / _STD
        answer = self._net(np.ascontiguousarray(normal.transpose(2, 0, 1)[None]))[0, 0]
        low, high = float(answer.min()), float(answer.max())
        if high < 0.3:  # nothing stands out: stretching this would invent a subject
            return f32(answer)
        return f32((answer - low) / (high - low))


def _shrunk(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _framed(rgb: NDArray[np.uint8], left: int, top: int) -> NDArray[np.uint8]:
    """``rgb`` on the net's square of grey."""
    square = np.full((_SIDE, _SIDE, 3), _GREY, np.uint8)
    square[top : top + rgb.shape[0], left : left + rgb.shape[1]] = rgb
    return square


def _mended(matte: Matte) -> Matte:
    """The net lets a subject fade into a grey border: its last rows and columns are those before them."""
    return np.pad(matte[3:-3, 3:-3], 3, mode="edge") if min(matte.shape) > 8 else matte


def settle(rgb: NDArray[np.uint8], coarse: Matte) -> Matte:
    """Decide wide areas that are neither in nor out by their colours, with GrabCut (Rother et al. 2004).

    It sees 160 x 160 pixels. Narrow bands of doubt are what an edge looks like; they stay.
    """
    alpha = resize(coarse, (_SIDE // 2, _SIDE // 2))
    open_ = ((alpha > 0.08) & (alpha < 0.92)).astype(np.uint8)
    wide = open_ & np.asarray(cv2.dilate(cv2.erode(open_, np.ones((5, 5))), np.ones((7, 7))), np.uint8)
    labels = np.where(alpha > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[alpha > _SURE_FRONT], labels[alpha < _SURE_BACK] = cv2.GC_FGD, cv2.GC_BGD
    if not (wide.any() and (labels == cv2.GC_FGD).any() and (labels == cv2.GC_BGD).any()):
        return coarse
    cv2.setRNGSeed(1)  # its colour models start from random means: same picture, same answer
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(_shrunk(rgb, (_SIDE // 2, _SIDE // 2)), labels, _NO_BOX, *models, 1, cv2.GC_INIT_WITH_MASK)
    by_colour = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    least = 0.2 if hesitation(alpha) > _FAIR else 0.38  # the more it guesses, the more colour may add
    decided = ((by_colour & (alpha > least)) | (alpha > 0.62)).astype(np.float32)
    change = gaussian(np.where(wide > 0, decided - alpha, 0).astype(np.float32), 0.8)
    return f32(np.clip(coarse + 0.95 * resize(change, (coarse.shape[1], coarse.shape[0])), 0, 1))


def hesitation(matte: Matte) -> float:
    """How much of the subject is neither in nor out: 0 for a clean cut, over 1 for a guess."""
    return float((4 * matte * (1 - matte)).sum() / (matte.sum() + 1))


def refine(rgb: NDArray[np.uint8], coarse: Matte) -> Matte:
    """A coarse matte of any size -> alpha of the picture's size that follows its hairs and edges."""
    height, width = rgb.shape[:2]
    scale = min(1.0, PROXY / max(height, width))
    if scale == 1:
        return _unmix(rgb, coarse)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    proxy = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return guided_upsample(rgb, proxy, _unmix(proxy, coarse))


def _snapped(alpha: Matte) -> Matte:
    """What eight bits cannot tell from nothing or all is nothing or all: the rim to be unmixed is small."""
    alpha[alpha < _HALF_STEP] = 0
    alpha[alpha > 1 - _HALF_STEP] = 1
    return alpha


def trimap(alpha: Matte) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels that are surely subject, and surely not: thresholds, drawn back from the edge."""
    reach = max(3, int(min(alpha.shape) * 0.010)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    front = cv2.erode((alpha > _SURE_FRONT).astype(np.uint8), kernel)
    back = cv2.erode((alpha < _SURE_BACK).astype(np.uint8), kernel)
    return front.astype(bool), back.astype(bool)


def _unmix(guide: NDArray[np.uint8], coarse: Matte) -> Matte:
    """Alpha from colour, where colour can tell.

    In the band between sure subject and sure background every pixel is taken as a mix of the mean colours
    of both sides about it; its place on the line between them is its alpha. That counts as far as the two
    colours differ, the pixel lies near their line, and the net hesitates; elsewhere the net's own alpha
    stays, a little steeper, since enlarging has made it soft.
    """
    height, width = guide.shape[:2]
    alpha = f32(np.clip(resize(coarse, (width, height)), 0, 1))
    front, back = trimap(alpha)
    band = ~(front | back)
    y, x = np.nonzero(band)
    ours, base = (sampled(_nearby_colours(guide, side), (width, height), y, x) for side in (front, back))
    said = alpha[band]
    line, off = ours - base, to_float(guide[band]) - base
    contrast = (line * line).sum(-1)
    place = np.clip((off * line).sum(-1) / (contrast + f32(1e-4)), 0, 1)
    off -= place[:, None] * line
    missed = (off * off).sum(-1)
    trust = contrast / (contrast + f32(0.15**2)) * np.exp(-missed / f32(0.08**2)) * _doubt(said)
    trust *= _edgeward(back, band)
    result = front.astype(np.float32)
    result[band] = np.clip((said - 0.5) * 1.5 + 0.5, 0, 1) * (1 - trust) + place * trust
    return result * _within_reach(alpha)


def _within_reach(alpha: Matte) -> Matte:
    """1 near what is rather subject than not, 0 farther off: no ghosts of things that were half seen."""
    height, width = alpha.shape
    alpha = resize(alpha, (max(1, width // 2), max(1, height // 2)))  # blurred all over: half will do
    reach = max(1, round(max(alpha.shape) * 0.008))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = cv2.dilate(cv2.morphologyEx((alpha > 0.5).astype(np.uint8), cv2.MORPH_OPEN, kernel), kernel)
    near = cv2.dilate(near, kernel)
    return resize(gaussian(near.astype(np.float32), reach / 2), (width, height))


def _edgeward(back: NDArray[np.bool_], band: NDArray[np.bool_]) -> Plane:
    """Of the pixels in ``band``: 1 near the background, 0 deep inside, where a dark patch is no hole."""
    depth = f32(cv2.distanceTransform((~back).astype(np.uint8), cv2.DIST_L2, 3))[band]
    reach = max(back.shape) * 0.022
    return 1 - smoothstep(0.6 * reach, reach, depth)


def _doubt(said: Plane) -> Plane:
    """1 where the net says one half, 0 where it is sure."""
    return 1 - np.abs(2 * said - 1) ** 6


def _nearby_colours(guide: NDArray[np.uint8], chosen: NDArray[np.bool_]) -> Plane:
    """The mean colour of the chosen pixels about every pixel, kept small: near ones if there are any."""
    height, width = chosen.shape
    longer = max(height, width)
    step = 2 if longer <= 640 else 3
    size = (max(1, width // step), max(1, height // step))
    weight = resize(chosen.astype(np.float32), size)[..., None]
    stack = f32(np.concatenate([to_float(_shrunk(guide, size)) * weight, weight], -1))
    total = gaussian(stack, longer * 0.010 / step) + f32(1e-2) * gaussian(stack, longer * 0.036 / step)
    total += f32(1e-4 * stack.reshape(-1, 4).mean(0) + 1e-9 * np.array([0.5, 0.5, 0.5, 1]))
    return f32(total[..., :3] / np.maximum(total[..., 3:], 1e-10))


def guided_upsample(rgb: NDArray[np.uint8], proxy: NDArray[np.uint8], alpha: Matte) -> Matte:
    """He and Sun, "Fast Guided Filter" (2015): the filter's coefficients are smooth, so they scale up."""
    gray = f32(cv2.cvtColor(proxy, cv2.COLOR_RGB2GRAY)) / f32(255)
    mean_gray, mean_alpha = gaussian(gray, 1.5), gaussian(alpha, 1.5)
    variance = gaussian(gray * gray, 1.5) - mean_gray**2
    slope = (gaussian(gray * alpha, 1.5) - mean_gray * mean_alpha) / (variance + f32(1e-3))
    planes = np.dstack([slope, mean_alpha - slope * mean_gray, alpha])
    result = np.empty(rgb.shape[:2], np.float32)
    for rows in strips(rgb.shape[0]):
        slopes, offsets, plain = cv2.split(enlarged(planes, (rgb.shape[1], rgb.shape[0]), rows))
        full = f32(cv2.cvtColor(rgb[rows], cv2.COLOR_RGB2GRAY)) / f32(255)
        certain = (plain > 0.99) | (plain < 0.01)
        result[rows] = np.clip(np.where(certain, plain, slopes * full + offsets), 0, 1)
    return result
