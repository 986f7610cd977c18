"""A full moon among thin clouds over hills and a lake."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes.landscape import deck, glow, mirror_sea, ridge, shade, sun_disc
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp
from retouch.engines.builtin.stars import View, draw_stars

_AIR = [(0.0, "0f1f3a"), (0.5, "1b3560"), (0.8, "31557c"), (1.0, "4a6f8c")]
_MOONLIGHT = np.array([0.80, 0.92, 1.05], np.float32)
_WATER = 0.80
_RADIUS = 0.032  # a tele lens shows it so large


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The moon stands beside the subject's head, where it can be seen."""
    height = rng.uniform(0.14, 0.30)
    place = framing.beside(height, rng), height
    v = height_ramp(size)
    sky = colour_ramp(v / _WATER, _AIR) * 0.9
    stars = draw_stars(View(rng.uniform(0, 6.28), rng.uniform(-0.3, 0.9), 0.0, 1.2), size, 0.35, 7.0)
    near_moon, wide = glow(size, place, 0.05), glow(size, place, 0.28)
    sky = sky * (0.55 + 1.3 * wide) + stars * (1 - near_moon) * 0.8
    field, near = deck(size, rng, 0.95, 0.32)
    density = smoothstep(-0.35, 1.6, field) * smoothstep(0.02, 0.25, near)
    lit = (0.07 + 0.9 * wide[..., 0] ** 1.6 + 1.2 * near_moon[..., 0]) * (
        0.35 + 0.65 * shade(density, place, 2.6)
    )
    veil = (0.85 * density)[..., None]
    sky = sky * (1 - 0.8 * veil) + veil * lit[..., None] * _MOONLIGHT
    moon = _moon(size, place, rng) * (1 - 0.55 * veil)
    sky = (
        sky + moon + 0.35 * near_moon * _MOONLIGHT + 0.5 * gaussian(f32(moon), max(size) * 0.012) * _MOONLIGHT
    )
    for crest, relief, grey in ((0.735, 0.020, 0.030), (0.775, 0.014, 0.010)):
        hill = ridge(size, rng, crest, relief)
        sky = sky * (1 - hill) + hill * np.array([0.45, 0.75, 1.1], np.float32) * grey
    return SceneImage.of(film(mirror_sea(f32(sky), _WATER, rng, 0.7)))


def _moon(size: Size, place: tuple[float, float], rng: Generator) -> Plane:
    """The disc with its seas, brightest of all: (H, W, 3)."""
    disc = sun_disc(size, place, _RADIUS)
    reach = int(_RADIUS * max(size)) + 2
    column, row = int(place[0] * size[0]), int(place[1] * size[1])
    rows, columns = slice(max(0, row - reach), row + reach), slice(max(0, column - reach), column + reach)
    patch = disc[rows, columns]
    patch *= 1.5 - 0.8 * smoothstep(-0.5, 1.4, fractal(patch.shape[:2], rng, 1.7))[..., None]
    return f32(disc * np.array([1.0, 0.97, 0.90], np.float32))
