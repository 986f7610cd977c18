"""The style of another picture: its strokes from the nets, its tones measured and held.

The nets know paintings best. A flat photograph as the example (one colour, little contrast) gives mud: so
brightness gets back the spread that the photo and the example have, and colour that of the example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from retouch.engines.builtin.colour import decode, to_linear, to_oklab, to_srgb, to_uint8
from retouch.engines.builtin.painting import smoothstep
from retouch.engines.builtin.surface import blur
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_MEASURED = 256  # px: tones are measured on pictures of that side
_FACE = 0.5  # of the strength is left in the middle of a face: it stays the face that it was
_WIDE, _HIGH, _UP = 0.95, 1.1, 0.06  # half axes of a face's ellipse, of its box, and how far it lies above
_MOST_CONTRAST, _MOST_COLOUR, _MOST_BASE = 1.5, 1.5, 0.65
_BASE = 7  # units: what is coarser than that is no stroke


class Nets(Protocol):
    """What :class:`retouch.engines.builtin.stylizing.StyleNets` can do."""

    def seen(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The style of a picture, (H, W, 3) uint8 sRGB."""

    def painted(self, srgb: Picture, style: NDArray[np.float32]) -> Picture:
        """A picture, sRGB 0..1, in that style."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The other picture, as a style. ``faces`` are boxes (x, y, w, h) as shares of the photo's sides."""

    nets: Nets
    example: NDArray[np.uint8]  # (H, W, 3) sRGB
    faces: Callable[[], Sequence[tuple[float, float, float, float]]]
    variation: float = 1.0  # turns the strength

    def render(self, sheet: Sheet) -> Picture:
        """Paint the sheet; faces at a lower strength."""
        photo = to_uint8(sheet.rgb)
        own, other = self.nets.seen(photo), self.nets.seen(self.example)
        sheet.progress(0.2)
        strength = sheet.strength * self.variation
        painted = self._painted(sheet, own, other, strength)
        sheet.progress(0.6)
        if faces := self.faces():
            spared = self._painted(sheet, own, other, strength * _FACE)
            cover = _cover(sheet.shape, faces)[..., None]
            painted = np.asarray(painted * (1 - cover) + spared * cover, np.float32)
        sheet.progress(0.85)
        return painted

    def _painted(self, sheet: Sheet, own: Plane, other: Plane, strength: float) -> Picture:
        painted = self.nets.painted(sheet.rgb, np.asarray(own + (other - own) * strength, np.float32))
        amount = min(sheet.strength * self.variation, 1)
        return settled(painted, to_uint8(sheet.rgb), self.example, amount, _BASE * sheet.unit)


def settled(
    painted: Picture, photo: NDArray[np.uint8], example: NDArray[np.uint8], amount: float, base: float
) -> Picture:
    """``painted`` with tones between those of the photo and of the example, by ``amount`` 0..1.

    Mean and spread of each channel in OKLab are moved, after Reinhard et al., "Color transfer between images"
    (2001); the spread of brightness only ever grows. Where that is not enough, the photo's own light and
    dark, coarser than ``base`` pixels, comes back under the strokes.
    """
    lab = to_oklab(to_linear(painted))
    before, after = _tones(photo), _tones(example)
    lab[..., 0] = _brightness(lab[..., 0], photo, before, after, base)
    chroma = float(np.sqrt((lab[..., 1:] ** 2).sum(-1).mean()))
    wished = before.chroma + (after.chroma - before.chroma) * amount
    lab[..., 1:] *= np.float32(np.clip(wished / max(chroma, 1e-3), 0, _MOST_COLOUR))
    lab[..., 1:] += np.float32(0.4 * amount) * (after.hue - lab[..., 1:].mean((0, 1)))
    return np.asarray(np.clip(to_srgb(into_gamut(lab)), 0, 1), np.float32)


def _brightness(light: Plane, photo: NDArray[np.uint8], before: _Tones, after: _Tones, base: float) -> Plane:
    mean, spread = float(light.mean()), float(light.std())
    wanted = 0.55 * before.spread + 0.25 * after.spread
    lacks = wanted / max(spread, 1e-3)
    gain = float(np.clip(lacks, 1, _MOST_CONTRAST))
    middle = mean + 0.5 * min(2 * (gain - 1), 1) * ((before.light + after.light) / 2 - mean)
    raised = (light - np.float32(mean)) * np.float32(gain) + np.float32(middle)
    share = float(np.clip(lacks - 1, 0, _MOST_BASE))
    if share:
        own = to_oklab(decode(photo))[..., 0]
        own = (own - np.float32(before.light)) * np.float32(wanted / max(before.spread, 1e-3))
        raised += np.float32(share) * blur(own + np.float32(middle) - raised, base)
    return np.asarray(np.clip(raised, 0, 1), np.float32)


@dataclass(frozen=True, slots=True)
class _Tones:
    """OKLab: mean and spread of L, root mean square of chroma, mean of a and b."""

    light: float
    spread: float
    chroma: float
    hue: Plane


def _tones(rgb: NDArray[np.uint8]) -> _Tones:
    scale = min(1.0, _MEASURED / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    lab = to_oklab(decode(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)))
    chroma = float(np.sqrt((lab[..., 1:] ** 2).sum(-1).mean()))
    hue = np.asarray(lab[..., 1:].mean((0, 1)), np.float32)
    return _Tones(float(lab[..., 0].mean()), float(lab[..., 0].std()), chroma, hue)


def _cover(shape: tuple[int, int], faces: Sequence[tuple[float, float, float, float]]) -> Plane:
    """1 in the middle of the faces, 0 outside of them: (H, W)."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    cover = np.zeros(shape, np.float32)
    for left, top, w, h in faces:
        across = (x / width - (left + w / 2)) / max(w * _WIDE, 1e-6)
        down = (y / height - (top + h * (0.5 - _UP))) / max(h * _HIGH, 1e-6)
        cover = np.maximum(cover, smoothstep(np.hypot(across, down).astype(np.float32), 1.0, 0.55))
    return cover
