"""Woods and sky far out of focus, and light that falls through leaves as discs."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, smoothstep
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes.scene import Size, colour_ramp
from retouch.engines.builtin.stars import splat


def distant_leaves(size: Size, rng: Generator, stops: list[tuple[float, str]], blur: float) -> Plane:
    """Masses of leaves, dark inside and light at their edges, seen through an open lens: (H, W, 3)."""
    shape = size[::-1]
    masses, leaves = fractal(shape, rng, 1.9), fractal(shape, rng, 1.0)
    tone = unit(f32(0.85 * masses + 0.55 * leaves))[..., None]
    return lens(colour_ramp(tone, stops), blur)


def discs(
    size: Size, rng: Generator, count: int, radius: float, colours: Plane, where: Plane, light: float
) -> Plane:
    """Bright points out of focus, (H, W, 3), the more of them the larger ``where`` (h, w), 0..1, is."""
    width, height = size
    x, y = rng.random(count * 4), rng.random(count * 4)
    likely = where[(y * len(where)).astype(int), (x * where.shape[1]).astype(int)]
    kept = np.flatnonzero(rng.random(count * 4) < likely)[:count]
    power = light * rng.random((len(kept), 1)) ** 1.5 * np.pi * radius**2
    tint = colours[rng.integers(len(colours), size=len(kept))] * power
    points = splat(f32(x[kept] * (width - 1)), f32(y[kept] * (height - 1)), f32(tint), (height, width))
    return lens(points, radius)


def gaps(size: Size, rng: Generator, share: float, slope: float = 1.5) -> Plane:
    """Where the sky shows through leaves: (H, W), 0..1, on ``share`` of the picture."""
    field = unit(fractal(size[::-1], rng, slope))
    return smoothstep(1 - share - 0.06, 1 - share + 0.06, field)


def bloom(picture: Plane, amount: float) -> Plane:
    """Light that spills over its surroundings, as bright backgrounds do in a lens."""
    return f32(picture + amount * gaussian(f32(np.clip(picture - 0.6, 0, None)), max(picture.shape) * 0.03))
