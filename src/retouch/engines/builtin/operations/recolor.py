"""``recolor``: the subject, the background or all of it in another colour, its shading and texture kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, colour, known, number
from retouch.engines.builtin.blur import Plane, f32, resize, smoothstep, strips
from retouch.engines.builtin.colour import decode, to_oklab, to_srgb, to_uint8
from retouch.engines.builtin.foreground import Unmixer
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.subject import found
from retouch.engines.builtin.tone import into_gamut

_TARGETS: Final = ("subject", "background", "whole")
_MEASURED = 512  # px of the longer side: means need no more
_LEAST = 1 / 512  # of the matte: less is nowhere seen
_BAND = 1 << 16  # pixels in float at a time: what stays in the cache is several times as fast


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Dye ``arguments["target"]`` in ``color`` "#rrggbb"; ``strength`` 0..100 (100, clamped; 0: no change).

    Every pixel takes the colour's hue. Its chroma is the colour's at the colour's own lightness and falls
    toward black and white, as a dyed cloth's does; the mean lightness goes most of the way to the colour's.
    Highlights stay white. Half-transparent rims are unmixed first, so nothing of the other side is dyed.
    Pixels outside the target stay as they are. Further pictures take another depth of the dye.
    Raises InstructionNotSupported for an unknown target or a wrong value, TargetNotFound without a subject.
    """
    target = choice(arguments, "target", _TARGETS)
    known(arguments, ("target", "color", "strength"), "recolor")
    paint = colour(arguments)
    strength = number(arguments, "strength", 100) / 100
    if strength == 0:
        return canvas
    region = _region(canvas, target, context)
    context.progress(0.4)
    dye = _Dye.of(canvas.rgb, region, paint, context.vary(1))
    rgb = _dyed(canvas.rgb, region, dye, strength, context)
    context.progress(1.0)
    return Canvas(rgb, canvas.alpha)


def _region(canvas: Canvas, target: str, context: Context) -> Matte:
    if target == "whole":
        return np.ones(canvas.rgb.shape[:2], np.float32)
    matte = found(canvas, context)
    return matte if target == "subject" else f32(1 - matte)


@dataclass(frozen=True, slots=True)
class _Dye:
    """A colour, OKLab; what it is laid on: mean lightness, usual chroma; and how far lightness follows."""

    light: float
    ab: tuple[float, float]
    before: float
    chroma: float
    follow: float

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], region: Matte, paint: tuple[int, int, int], depth: float) -> _Dye:
        """Measure what is to be dyed."""
        scale = min(1.0, _MEASURED / max(region.shape))
        size = (max(1, round(region.shape[1] * scale)), max(1, round(region.shape[0] * scale)))
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        weight = np.clip(resize(region, size), 0, 1) + 1e-6
        lab = to_oklab(decode(small))
        total = float(weight.sum())
        before = float((lab[..., 0] * weight).sum()) / total
        chroma = float((np.hypot(lab[..., 1], lab[..., 2]) * weight).sum()) / total
        light, a, b = (float(v) for v in to_oklab(decode(np.array([paint], np.uint8)))[0])
        # Of a grey dye lightness is all that one sees; of a colour it is the lesser part.
        gray = 1 - min(1.0, float(np.hypot(a, b)) / 0.06)
        follow = min(1.0, (0.62 + 0.26 * gray) * depth)
        return cls(light, (a, b), min(max(before, 0.05), 0.97), chroma, follow)

    def on(self, linear: Plane) -> Plane:
        """(..., 3) linear light, dyed; linear light 0..1."""
        lab = to_oklab(linear)
        light = np.clip(lab[..., 0], 0, 1)
        own = np.hypot(lab[..., 1], lab[..., 2])
        # Specular light has the lamp's colour, whatever the thing is dyed in.
        shine = smoothstep(0.86, 1.0, light) * (1 - smoothstep(0.03, 0.10, own))
        shaded = self._shaded(light)
        share = shaded / max(self.light, 0.12)
        # Along the gamut's edge a dye loses chroma toward white; toward black it keeps its proportion.
        fade = np.clip(np.where(share > 1, 1 - 0.75 * (share - 1), share), 0, 1.15)
        texture = np.clip(own / (self.chroma + 0.02), 0.4, 1.5) ** f32(0.18)
        strength = f32(fade * texture * (1 - shine))
        new = np.stack(
            [f32(shaded * (1 - shine) + light * shine), self.ab[0] * strength, self.ab[1] * strength], -1
        )
        return np.clip(into_gamut(f32(new)), 0, 1)

    def _shaded(self, light: Plane) -> Plane:
        """Lightness with its mean moved toward the dye's; on the way up 1 stays 1, on the way down 0 stays 0.

        A gamma alone would squeeze the shading of the bright and stretch that of the dark: the larger part of
        the move is even, the gamma does the rest.
        """
        goal = min(max(self.before + self.follow * (self.light - self.before), 0.03), 0.88)
        if goal >= self.before:
            black = 0.6 * (goal - self.before) / (1 - self.before)
            light, before = black + (1 - black) * light, black + (1 - black) * self.before
        else:
            factor = (goal / self.before) ** 0.6
            light, before = factor * light, factor * self.before
        return f32(light ** f32(np.log(goal) / np.log(before)))


def _dyed(
    rgb: NDArray[np.uint8], region: Matte, dye: _Dye, strength: float, context: Context
) -> NDArray[np.uint8]:
    """Where the region is mixed with the rest, only its own part of the light is exchanged."""
    mixed = bool(((region > _LEAST) & (region < 1)).any())
    unmixer = Unmixer.of(rgb, region) if mixed else None
    result = rgb.copy()
    for rows in strips(len(region), max(1, _BAND // region.shape[1])):
        part = region[rows]
        used = np.flatnonzero((part > _LEAST).any(axis=0))
        if used.size:
            columns = slice(int(used[0]), int(used[-1]) + 1)
            light = decode(rgb[rows, columns])
            own = light if unmixer is None else _own(light, rgb, region, (rows, columns), unmixer)
            share = f32(strength) * part[:, columns, None]
            dyed = to_uint8(to_srgb(f32(light + share * (dye.on(own) - own))))
            result[rows, columns] = np.where(share > strength * _LEAST, dyed, rgb[rows, columns])
        context.progress(0.4 + 0.6 * rows.stop / len(region))
    return result


def _own(
    light: Plane, rgb: NDArray[np.uint8], region: Matte, place: tuple[slice, slice], unmixer: Unmixer
) -> Plane:
    """The region's own light at a place: its rim without what shines through it."""
    rows, columns = place
    part = region[rows, columns]
    y, x = np.nonzero((part > _LEAST) & (part < 1))
    if y.size == 0:
        return light
    own = light.copy()
    own[y, x] = unmixer.unmix(rgb, region, rows, y, x + columns.start)
    return own
