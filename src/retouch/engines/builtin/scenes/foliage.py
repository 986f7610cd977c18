"""Woods and sky far out of focus, and light that falls through leaves as discs."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize, smoothstep
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes.scene import Size, colour_ramp
from retouch.engines.builtin.stars import splat

_FINE = 4.0  # px of blur under which leaves are drawn at full size
_ROUND = 9.0  # px of radius that a disc needs to look round


def distant_leaves(size: Size, rng: Generator, stops: list[tuple[float, str]], blur: float) -> Plane:
    """Masses of leaves, dark inside and light at their edges, seen through an open lens: (H, W, 3)."""
    small, scale = _reduced(size, blur / _FINE)
    masses, leaves = fractal(small[::-1], rng, 1.9), fractal(small[::-1], rng, 1.0)
    tone = unit(f32(0.85 * masses + 0.55 * leaves))[..., None]
    return resize(lens(colour_ramp(tone, stops), blur * scale), size)


def discs(
    size: Size, rng: Generator, colours: Plane, where: Plane, *, count: int, radius: float, light: float
) -> Plane:
    """Bright points out of focus, (H, W, 3), the more of them the larger ``where`` (h, w), 0..1, is."""
    (width, height), scale = _reduced(size, radius / _ROUND)
    x, y = rng.random(count * 4), rng.random(count * 4)
    likely = where[(y * len(where)).astype(int), (x * where.shape[1]).astype(int)]
    kept = np.flatnonzero(rng.random(count * 4) < likely)[:count]
    power = light * rng.random((len(kept), 1)) ** 1.5 * np.pi * (radius * scale) ** 2
    tint = colours[rng.integers(len(colours), size=len(kept))] * power
    points = splat(f32(x[kept] * (width - 1)), f32(y[kept] * (height - 1)), f32(tint), (height, width))
    return resize(lens(points, radius * scale), size)


def _reduced(size: Size, share: float) -> tuple[Size, float]:
    """A size ``share`` times smaller, for what is too blurred to need more, and the scale."""
    scale = min(1.0, 1 / max(share, 1e-6))
    return (max(2, round(size[0] * scale)), max(2, round(size[1] * scale))), scale


def gaps(size: Size, rng: Generator, share: float, slope: float = 1.5) -> Plane:
    """Where the sky shows through leaves: (H, W), 0..1, on ``share`` of the picture."""
    field = unit(fractal(size[::-1], rng, slope))
    return smoothstep(1 - share - 0.06, 1 - share + 0.06, field)


def bloom(picture: Plane, amount: float) -> Plane:
    """Light that spills over its surroundings, as bright backgrounds do in a lens."""
    return f32(picture + amount * gaussian(f32(np.clip(picture - 0.6, 0, None)), max(picture.shape) * 0.03))
