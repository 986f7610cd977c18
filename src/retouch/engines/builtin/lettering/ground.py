"""Text on a picture: its colour, and what is done to the ground so that it can be read, in linear light.

What counts is the contrast ratio of WCAG 2.1, (lighter + 0.05) / (darker + 0.05) of relative luminances,
against the worst part of the ground and not its mean. Where it is too small the ground under the letters is
drawn softly towards black or white, by no more than is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian
from retouch.engines.builtin.colour import decode, luminance, to_srgb, to_uint8
from retouch.engines.builtin.operation import Canvas

Colour: TypeAlias = tuple[int, int, int]

WHITE: Final[Colour] = (255, 255, 255)
INK: Final[Colour] = (22, 22, 24)
_ENOUGH = 4.5  # WCAG 2.1, success criterion 1.4.3, for white and near black, and
_ENOUGH_IN_COLOUR = 3.3  # for a colour that is asked for: 3 is enough for large text
_WORST = 0.93  # quantile of the ground's luminance that the text must stand out from
_DEEPEST = 0.95  # of the way to black or white
_BUSY = (
    0.045  # standard deviation of the ground's lightness over the width of a stroke: beyond it a halo helps
)
_ABOUT = 1.3  # em: what the halo fades out in
_BRIGHT, _RATHER_WHITE = 0.17, 0.15  # white on shade looks better than black on light, but on bright grounds
_SHARE_SEEN = 0.5  # of the ground: below it the text stands on nothing, and most pages are white


@dataclass(frozen=True, slots=True)
class Look:
    """Colour of the text and of the halo about it; ``halo`` 0..1 is how far the ground goes towards it."""

    colour: Colour
    light: bool  # the text is lighter than the ground is made
    halo: float


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a picture that text and halo lie in."""

    canvas: Canvas
    rows: slice
    columns: slice

    def put_back(self, whole: Canvas, part: Canvas) -> Canvas:
        """``whole`` with this part of it exchanged for ``part``."""
        rgb = whole.rgb.copy()
        rgb[self.rows, self.columns] = part.rgb
        alpha = None if whole.alpha is None else whole.alpha.copy()
        if alpha is not None and part.alpha is not None:
            alpha[self.rows, self.columns] = part.alpha
        return Canvas(rgb, alpha)


def windowed(canvas: Canvas, mask: Plane, corner: tuple[int, int], em: float) -> tuple[Window, Plane]:
    """The part of ``canvas`` about ``mask``, whose upper left is at ``corner`` (row, column); that mask."""
    height, width = canvas.rgb.shape[:2]
    wide = ceil(_ABOUT * em)
    top, left = max(corner[0] - wide, 0), max(corner[1] - wide, 0)
    rows = slice(top, min(corner[0] + mask.shape[0] + wide, height))
    columns = slice(left, min(corner[1] + mask.shape[1] + wide, width))
    part = Canvas(canvas.rgb[rows, columns], None if canvas.alpha is None else canvas.alpha[rows, columns])
    plane = np.zeros(part.rgb.shape[:2], np.float32)
    inside = plane[corner[0] - top :, corner[1] - left :]
    shown = mask[: inside.shape[0], : inside.shape[1]]
    inside[: shown.shape[0], : shown.shape[1]] = shown
    return Window(part, rows, columns), plane


def look_for(canvas: Canvas, mask: Plane, em: float, wanted: Colour | None) -> Look:
    """The look of text with ``mask``, (H, W) 0..1; ``wanted`` is its colour if one is asked for."""
    near = gaussian(mask, max(0.12 * em, 1)) > 0.05
    ground = luminance(decode(canvas.rgb[near]))
    seen = 1.0 if canvas.alpha is None else float(canvas.alpha[near].mean()) / 255
    low, high = (float(np.quantile(ground, share)) for share in (1 - _WORST, _WORST))
    restless = _busyness(canvas, near, em) > _BUSY
    if wanted is not None:
        return _with_colour(wanted, low, high, _ENOUGH_IN_COLOUR, restless=restless)
    if seen < _SHARE_SEEN:
        return Look(INK, light=False, halo=0.6)
    white, ink = (_with_colour(colour, low, high, _ENOUGH, restless=restless) for colour in (WHITE, INK))
    return ink if low > _BRIGHT and white.halo > ink.halo + _RATHER_WHITE else white


def _with_colour(colour: Colour, low: float, high: float, ratio: float, *, restless: bool) -> Look:
    own = float(luminance(decode(np.array([colour], np.uint8)))[0])
    darker = (own + 0.05) / ratio - 0.05  # the ground has to be at most this, or at least the next
    lighter = (own + 0.05) * ratio - 0.05
    to_black = _share(high - max(darker, 0.0), high)
    to_white = _share(min(lighter, 1.0) - low, 1.0 - low)
    light = own > 0.55 or (to_black <= to_white and own > 0.18)
    need = to_black if light else to_white
    return Look(colour, light, float(min(max(need, 0.3 if restless else 0.0), _DEEPEST)))


def _share(part: float, whole: float) -> float:
    return min(max(part, 0.0) / max(whole, 1e-3), 1.0)


def _busyness(canvas: Canvas, near: NDArray[np.bool_], em: float) -> float:
    lightness = f32(cv2.cvtColor(canvas.rgb, cv2.COLOR_RGB2GRAY)) / f32(255)
    fine = lightness - gaussian(lightness, max(0.5 * em, 1))
    return float(np.abs(fine[near]).mean())


def blend(canvas: Canvas, mask: Plane, em: float, look: Look, opacity: float = 1.0) -> Canvas:
    """The canvas with the text on it; transparent ground becomes opaque where the text and its halo are."""
    halo = halo_of(mask, em) * f32(look.halo)
    ink = np.clip(mask * f32(opacity), 0, 1)
    shade = f32(0.0 if look.light else 1.0)
    behind = np.ones_like(mask) if canvas.alpha is None else f32(canvas.alpha) / f32(255)
    cover = f32(1 - (1 - behind) * (1 - halo) * (1 - ink))
    linear = decode(canvas.rgb) * (behind * (1 - halo))[..., None] + shade * halo[..., None]
    linear = linear * (1 - ink)[..., None] + decode(np.array(look.colour, np.uint8)) * ink[..., None]
    rgb = to_uint8(to_srgb(f32(linear / np.maximum(cover, 1e-6)[..., None])))
    touched = (halo > 0) | (ink > 0)
    rgb = np.where(touched[..., None], rgb, canvas.rgb)
    return Canvas(rgb, None if canvas.alpha is None else to_uint8(cover))


def halo_of(mask: Plane, em: float) -> Plane:
    """Where the ground is drawn towards the halo's colour, 0..1: close about letters, then wide and soft."""
    reach = max(1, round(0.07 * em))
    grown = f32(
        cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    )
    close = gaussian(grown, max(0.05 * em, 0.8))
    wide = np.clip(gaussian(grown, max(0.32 * em, 1.5)) * f32(1.5), 0, 1)
    halo = 1 - (1 - close * f32(0.9)) * (1 - wide * f32(0.7))
    return f32(np.where(halo < 0.004, 0, np.minimum(halo * f32(1.15), 1)))
