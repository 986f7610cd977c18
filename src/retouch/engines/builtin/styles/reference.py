"""The style of another picture: its strokes by the nets, its palette, the photo's own light and dark.

The nets know paintings best. An ordinary photograph as the example (one colour, little contrast) gives mud,
halos about all that is dark, and faces half green. So of what they paint only the strokes are taken, finer
than any halo, and a little of the colour; the rest of the colour is moved by a map between the palettes of
both pictures, which gives like colours like ones. Faces keep most of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.colour import decode, mixed, to_linear, to_oklab, to_srgb, to_uint8
from retouch.engines.builtin.surface import blur
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_MEASURED = 160  # px: palettes are measured on pictures of that side
_COARSE, _FINE = 7, 3.5  # units: what is coarser than that is no form of the photo, no stroke of the net
_FORM, _FLAT = 4e-3, 1e-3  # variance of L that the edge-keeping means take for a form
_DEEPEST = 0.12  # L: no stroke is darker or lighter than the place it lies on by more
_NET_LIGHT, _NET_COLOUR = 0.15, 0.25  # shares of the nets' own tones
_OWN_SPREAD, _MOVED = 0.6, 0.6  # of the photo's spread of light, and how far its middle moves
_RAISED = 1.4  # times, at most: colour towards the strength that it has in the example
_UNCERTAIN = np.diag([4e-4, 1e-4, 1e-4])  # a photo without colour has no direction that could be mapped
_FACE = 0.75  # of a face stays its own: light, and colour as far as the example has any
_AROUND, _SOFT = 1.4, 0.12  # of a face's outline: hair and neck go with it; of its width
_COLOURED = 0.045  # chroma: a photo, a face or an example with less is no colour picture


class Nets(Protocol):
    """What :class:`retouch.engines.builtin.stylizing.StyleNets` can do."""

    def seen(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The style of a picture, (H, W, 3) uint8 sRGB."""

    def painted(self, srgb: Picture, style: NDArray[np.float32]) -> Picture:
        """A picture, sRGB 0..1, in that style."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The other picture, as a style."""

    nets: Nets
    example: NDArray[np.uint8]  # (H, W, 3) sRGB
    variation: float = 1.0  # turns the strength

    def render(self, sheet: Sheet) -> Picture:
        """Paint the sheet; faces are spared."""
        photo = to_uint8(sheet.rgb)
        own, other = self.nets.seen(photo), self.nets.seen(self.example)
        sheet.progress(0.2)
        strength = sheet.strength * self.variation
        painted = self.nets.painted(sheet.rgb, f32(own + (other - own) * strength))
        sheet.progress(0.6)
        aim = _Aim(_Palette.of(photo), _Palette.of(self.example), min(strength, 1))
        return _settled(painted, sheet, aim)


@dataclass(frozen=True, slots=True)
class _Palette:
    """The colours of a picture in OKLab: their mean, covariance, and root mean square of chroma."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    chroma: float

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> _Palette:
        scale = min(1.0, _MEASURED / max(rgb.shape[:2]))
        size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        lab = to_oklab(decode(small)).reshape(-1, 3).astype(np.float64)
        mean = lab.mean(0)
        spread = (lab - mean).T @ (lab - mean) / len(lab)
        return cls(mean, spread, float(np.sqrt((lab[:, 1:] ** 2).sum(-1).mean())))

    @property
    def light(self) -> float:
        """Standard deviation of L."""
        return float(np.sqrt(self.spread[0, 0]))


@dataclass(frozen=True, slots=True)
class _Aim:
    """From the photo's palette to the example's, by ``amount`` 0..1."""

    before: _Palette
    after: _Palette
    amount: float

    @property
    def middle(self) -> float:
        """Mean L of the result."""
        return float(self.before.mean[0] + _MOVED * self.amount * (self.after.mean[0] - self.before.mean[0]))

    @property
    def light(self) -> float:
        """Standard deviation of L."""
        return self.before.light + (1 - _OWN_SPREAD) * self.amount * (self.after.light - self.before.light)

    @property
    def chroma(self) -> float:
        """Root mean square of chroma."""
        return self.before.chroma + self.amount * (self.after.chroma - self.before.chroma)


def _settled(painted: Picture, sheet: Sheet, aim: _Aim) -> Picture:
    """What was painted, with light and colours settled between the photo's and the example's."""
    lab, own = to_oklab(to_linear(painted)), to_oklab(to_linear(sheet.rgb))
    light = _light(np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(own[..., 0]), aim, sheet.unit)
    colour = _colour(lab, own, aim)
    sheet.progress(0.85)
    if faces := sheet.faces():
        kept = f32(_FACE * aim.amount) * _cover(sheet.shape, faces)
        same = own[..., 0] + f32(0.5 * (aim.middle - aim.before.mean[0]))
        light += kept * (same - light)
        chroma = np.hypot(own[..., 1], own[..., 2])
        kept *= np.clip(blur(chroma, 8 * sheet.unit) / f32(_COLOURED), 0, 1)
        skin = own[..., 1:] * f32(min(aim.after.chroma / _COLOURED, 1))
        colour += kept[..., None] * (skin - colour)
    settled = np.dstack([np.clip(light, 0, 1), colour])
    return f32(np.clip(to_srgb(into_gamut(f32(settled))), 0, 1))


def _light(painted: Plane, own: Plane, aim: _Aim, unit: float) -> Plane:
    """The photo's own light and dark without its fine detail, in the example's key, under the strokes."""
    reach = max(2, round(_COARSE * unit))
    forms = cv2.ximgproc.guidedFilter(own, painted, reach, _FORM)
    strokes = painted - forms
    strokes -= blur(strokes, _FINE * unit)
    flat = cv2.ximgproc.guidedFilter(own, own, max(2, reach // 2), _FLAT)
    key = f32(np.clip(aim.light / max(aim.before.light, 1e-3), 0.8, 1.3))
    net_key = f32(np.clip(aim.light / max(float(forms.std()), 1e-3), 0.6, 1.6))
    share = f32(_NET_LIGHT * aim.amount)
    shown = ((flat - f32(aim.before.mean[0])) * key) * (1 - share) + (
        (forms - forms.mean()) * net_key
    ) * share
    shown += f32(aim.middle) + f32(_DEEPEST) * np.tanh(strokes / f32(_DEEPEST))
    return f32(shown + f32(1 - aim.amount) * (own - flat))


def _colour(lab: Picture, own: Picture, aim: _Aim) -> Picture:
    """a and b by the palettes' map and some of the net's, as strong as between photo and example."""
    moved = mixed(f32(own - f32(aim.before.mean)), f32(_between(aim.before, aim.after))) + f32(aim.after.mean)
    new = moved[..., 1:] + f32(_NET_COLOUR) * (lab[..., 1:] - moved[..., 1:])
    colour = own[..., 1:] + f32(aim.amount) * (new - own[..., 1:])
    found = float(np.sqrt((colour**2).sum(-1).mean()))
    return f32(colour * f32(np.clip(aim.chroma / max(found, 1e-3), 0, _RAISED)))


def _between(before: _Palette, after: _Palette) -> NDArray[np.float64]:
    """The linear map that moves one palette's covariance to the other's by the shortest way.

    Pitié and Kokaram, "The linear Monge-Kantorovitch linear colour mapping" (2007).
    """
    root = _root(before.spread + _UNCERTAIN)
    back = np.linalg.inv(root)
    return np.asarray(back @ _root(root @ after.spread @ root) @ back, np.float64)


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square root of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T, np.float64)


def _cover(shape: tuple[int, int], faces: Sequence[Plane]) -> Plane:
    """1 in the faces, 0 outside of them: (H, W). ``faces`` are outlines, (N, 2) x and y."""
    cover = np.zeros(shape, np.float32)
    for outline in faces:
        middle = outline.mean(0)
        one = np.zeros(shape, np.uint8)
        cv2.fillPoly(one, [np.round(middle + (outline - middle) * _AROUND).astype(np.int32)], 255)
        cover = np.maximum(cover, blur(f32(one) / f32(255), _SOFT * float(np.ptp(outline[:, 0]))))
    return cover
