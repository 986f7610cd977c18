"""Putting a subject into another place so that it looks as if it had been photographed there.

    unmix the rim's colours → relight → blend in linear light → wrap light round the rim
      → match grain → put back the untouched core

All light is added in linear sRGB. Lengths are fractions of the longer side unless they say pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, enlarged, f32, gaussian, resize, smoothstep, strips
from retouch.engines.builtin.colour import decode, luminance, to_srgb, to_uint8
from retouch.engines.builtin.foreground import Unmixer
from retouch.engines.builtin.noise import grain, scattered
from retouch.engines.builtin.operation import Matte

CORE_PIXELS = 8  # how far inside the matte a kept subject is byte-exact
_OPAQUE = 0.995
_RELIT = 0.35  # of the rim's relighting, what the middle of a subject gets that need not stay as it is
_DRIFT = 2.5  # levels that the mean of a channel of that middle may turn: more is another subject
_TIGHTENED = 0.5, 0.9  # how near the rim, of 1, a matte may turn out to be too wide
_SRGB = to_srgb(np.linspace(0, 1, 65536, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Placement:
    """How the subject meets its new background.

    ``ambient``: the new place's mean light, linear RGB. ``keep``: the core stays byte-exact. ``relight``:
    0..1, how far the rim (and without ``keep`` a little the whole subject) goes toward that light.
    ``wrap``: 0..1, how much of the background's light spills over the rim. ``shadow``: 0..1, contact
    shadow on the ground. ``grain``: standard deviation of the photo's noise, sRGB 0..1, given to the
    background; 0 leaves the background's colours exact.
    """

    ambient: tuple[float, float, float]
    keep: bool = True
    relight: float = 0.5
    wrap: float = 0.5
    shadow: float = 0.0
    grain: float = 0.0


def core(matte: Matte) -> NDArray[np.bool_]:
    """The opaque subject, 8 px in from its rim: (H, W) bool. The picture's border is no rim."""
    side = 2 * CORE_PIXELS + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.erode((matte >= _OPAQUE).astype(np.uint8), kernel), np.bool_)


def composite(
    rgb: NDArray[np.uint8], matte: Matte, background: Plane, placement: Placement, rng: Generator
) -> NDArray[np.uint8]:
    """``rgb``'s subject before ``background``, made strip by strip: 50 megapixels need 0.5 GB.

    Args:
        rgb: (H, W, 3) uint8 sRGB, the photograph.
        matte: (H, W) float32, 0..1.
        background: (h, w, 3) float32, linear sRGB, 0..1; smaller ones are stretched over the photograph.
        placement: how they meet.
        rng: draws the grain.

    Returns:
        (H, W, 3) uint8 sRGB. Without grain, pixels that neither the subject nor its shadow touches are the
        background's own, rounded.
    """
    rim_light = _RimLight.of(rgb, matte, background, placement)
    shade = shadow_under(matte, placement.shadow)
    size = (matte.shape[1], matte.shape[0])
    pool = grain(rng, placement.grain) if placement.grain > 0 else None
    result = np.empty_like(rgb)
    for rows in strips(matte.shape[0]):
        back = enlarged(background, size, rows)
        if shade is not None:
            back = back * (1 - enlarged(shade, size, rows)[..., None])
        noise = None if pool is None else scattered(pool, back.shape[:2], rng)
        result[rows] = to_uint8(_srgb(back) if noise is None else _srgb(back) + noise)
        rim_light.lay(result[rows], back, noise, rows)
    inside = core(matte)
    if placement.keep:
        result[inside] = rgb[inside]
    return result


def _srgb(linear: Plane) -> Plane:
    """:func:`.colour.to_srgb` of 0..1 by table, four times as fast, exact to a twentieth of a level."""
    return np.take(_SRGB, (np.clip(linear, 0, 1) * f32(65535) + f32(0.5)).astype(np.uint16))


@dataclass(frozen=True, slots=True)
class _RimLight:
    """All that is needed to lay the subject, its rim relit and unmixed, over a strip of background."""

    rgb: NDArray[np.uint8]
    matte: Matte
    placement: Placement
    unmixer: Unmixer
    wide: Plane  # the background's light far and wide, small
    level: float  # luminance of the light that the subject stood in
    share: float  # of the rim's relighting that the subject's middle gets

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], matte: Matte, background: Plane, placement: Placement) -> _RimLight:
        height, width = background.shape[:2]
        scale = min(1.0, 256 / max(height, width))
        wide = resize(background, (max(1, round(width * scale)), max(1, round(height * scale))))
        unmixer = Unmixer.of(rgb, matte)
        wide = gaussian(wide, max(wide.shape) * 0.03)
        level = _light_about(unmixer, matte)
        share = 0.0 if placement.keep else _RELIT
        light = cls(rgb, matte, placement, unmixer, wide, level, share)
        if share and (drift := light._drift()) > _DRIFT:
            return replace(light, share=share * _DRIFT / drift)
        return light

    def lay(self, out: NDArray[np.uint8], back: Plane, noise: Plane | None, rows: slice) -> None:
        """Write the subject's pixels of the strip ``rows`` into ``out``."""
        alpha, rim = self.matte[rows], self._rim(rows)
        middle = (alpha >= 1) & (rim == 0)
        np.copyto(out, self._inner(self.rgb[rows]), where=middle[..., None])
        y, x = np.nonzero((alpha > 0) & ~middle)
        if y.size == 0:
            return
        a, edge = alpha[y, x][:, None], rim[y, x][:, None]
        tight = self.unmixer.tightened(self.rgb, self.matte, rows, y, x)
        a = a + (tight - a) * smoothstep(*_TIGHTENED, edge)
        colours = self.unmixer.unmix(self.rgb, self.matte, rows, y, x, alpha=a)
        wide = enlarged(self.wide, (alpha.shape[1], self.matte.shape[0]), rows)[y, x]
        mixed = colours * self._gain(wide, edge) * a + back[y, x] * (1 - a)
        spill = wide * edge**2 * f32(self.placement.wrap * 0.16) * a
        mixed += spill * (1 - np.clip(mixed, 0, 1))  # a screen: light adds, white stays white
        picture = to_srgb(f32(mixed))
        out[y, x] = to_uint8(picture if noise is None else picture + noise[y, x] * (1 - a))

    def _rim(self, rows: slice) -> Plane:
        """1 at the subject's edge, 0 deeper in than the core's border, so that no step shows."""
        reach = min(float(CORE_PIXELS), max(3.0, max(self.matte.shape) * 0.009))
        margin = CORE_PIXELS + 2  # rows about the strip: the rim of its first row may lie in them
        top = max(0, rows.start - margin)
        solid = (self.matte[top : rows.stop + margin] >= _OPAQUE).astype(np.uint8)
        depth = f32(cv2.distanceTransform(solid, cv2.DIST_L2, 3))[rows.start - top :][
            : rows.stop - rows.start
        ]
        return 1 - smoothstep(0, reach, depth)

    def _inner(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The subject's middle: its own, or without ``keep`` relit evenly, by table."""
        if self.placement.keep:
            return photo
        return np.asarray(cv2.LUT(photo, to_uint8(self._middle())[None]), np.uint8)

    def _middle(self) -> Plane:
        """What the 256 levels of each channel become in the subject's middle: (256, 3) sRGB, 0..1."""
        gain = self._gain(np.zeros((1, 3), np.float32), np.zeros((1, 1), np.float32))
        return to_srgb(decode(np.arange(256, dtype=np.uint8))[:, None] * gain)

    def _drift(self) -> float:
        """Levels that the mean of a channel turns by in the subject's middle: the most turned one's."""
        opaque = (self.matte >= _OPAQUE).astype(np.uint8)
        histograms = (cv2.calcHist([self.rgb], [c], opaque, [256], [0, 256]) for c in range(3))
        counts = np.stack([f32(each).reshape(256) for each in histograms], -1)
        turned = self._middle() * 255 - np.arange(256, dtype=np.float32)[:, None]
        return float(np.abs((turned * counts).sum(0) / np.maximum(counts.sum(0), 1)).max())

    def _gain(self, wide: Plane, edge: Plane) -> Plane:
        """What turns colour and exposure toward the light: the near background's at the rim, else ambient."""
        light = wide * edge + np.array(self.placement.ambient, np.float32) * (1 - edge) + f32(0.02)
        target = luminance(light)[..., None]
        exposure = np.clip(target / (self.level + 0.02), 0.35, 1.6)
        tint = light / target
        tint = tint / np.maximum(luminance(f32(tint))[..., None], 0.3)
        gain = exposure**0.5 * np.clip(tint, 0.4, 2.0) ** 0.6
        amount = self.placement.relight * (self.share + (1 - self.share) * edge)
        return f32(gain**amount)


def _light_about(unmixer: Unmixer, matte: Matte) -> float:
    """Mean luminance of the old background, or of the subject where that is all there is."""
    height, width = unmixer.back.shape[:2]
    outside = 1 - resize(matte, (width, height))
    if float(outside.mean()) < 0.05:
        return float(luminance(unmixer.front).mean())
    return float((luminance(unmixer.back) * outside).sum() / outside.sum())


def shadow_under(matte: Matte, strength: float) -> Plane | None:
    """A soft shadow where the subject rests on the ground: dark at the contact, fading away and down.

    Returns:
        The darkening, (h, w) float32, 0..1, to be stretched over the picture; None where none is cast, as
        under a subject that the picture's border cuts.
    """
    scale = min(1.0, 1024 / max(matte.shape))
    small = resize(matte, (max(1, round(matte.shape[1] * scale)), max(1, round(matte.shape[0] * scale))))
    rows = np.flatnonzero((small > 0.5).any(axis=1))
    if strength <= 0 or rows.size == 0 or rows[-1] >= small.shape[0] - 3:
        return None
    height, bottom = rows[-1] - rows[0] + 1, rows[-1]
    y = np.arange(small.shape[0], dtype=np.float32)[:, None]
    near_ground = np.clip((y - (bottom - 0.35 * height)) / (0.35 * height), 0, 1) * (y <= bottom)
    feet = f32(small * near_ground**2)
    squash = np.array([[1, 0, 0], [0, 0.30, bottom * 0.70 + 0.035 * height]], np.float32)
    flat = f32(cv2.warpAffine(feet, squash, (small.shape[1], small.shape[0]), flags=cv2.INTER_LINEAR))
    dark = 0.5 * gaussian(flat, height * 0.010) + 0.6 * gaussian(flat, height * 0.045)
    dark += 0.5 * gaussian(flat, height * 0.12)
    return f32(strength * np.clip(dark, 0, 0.92))
