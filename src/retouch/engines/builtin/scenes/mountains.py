"""Mountains at dusk: ridge behind ridge, each bluer and paler than the one before it, mist in the valleys."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal_line
from retouch.engines.builtin.scenes.landscape import conifers, deck, glow, soft_noise
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)

HORIZON = 0.60
_AIR = [(0.0, "1f2a55"), (0.35, "4a4a80"), (0.62, "93648f"), (0.82, "df8f84"), (1.0, "ffc48c")]
_FAR = np.array(rgb_hex("b98a9a"), np.float32)
_MIDDLE = np.array(rgb_hex("4f4c78"), np.float32)
_NEAR = np.array(rgb_hex("0c1020"), np.float32)
_MIST = np.array(rgb_hex("c69aa0"), np.float32)
_RIDGES = 7


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The last light stands behind the far ridges on the freer side of the subject."""
    wanted, scale = size, min(1.0, 1700 / max(size))
    size = max(8, round(wanted[0] * scale)), max(8, round(wanted[1] * scale))
    v = height_ramp(size)
    sun = framing.beside(HORIZON - 0.1, rng), HORIZON - 0.04
    light = glow(size, sun, 0.30)
    picture = colour_ramp(np.clip(v / HORIZON, 0, 1), _AIR) * (0.55 + 0.75 * light)
    picture = _streaks(f32(picture), size, rng, light)
    drift = soft_noise(size, rng, 2.1, 0.4)
    for index in range(_RIDGES):
        near = index / (_RIDGES - 1)
        mask, depth = _ridge(size, rng, near)
        first, last, mix = (_FAR, _MIDDLE, near * 2) if near < 0.5 else (_MIDDLE, _NEAR, near * 2 - 1)
        body = (first * (1 - mix) + last * mix) * (0.75 + 0.55 * light * (1 - near))
        mist = smoothstep(0.0, 0.10 + 0.10 * near, f32(depth + 0.012 * drift)) * (0.85 - 0.55 * near)
        body = body * (1 - mist) + mist * (_MIST * (1 - near) + _MIDDLE * near) * (0.62 + 0.6 * light)
        picture = f32(picture * (1 - mask) + mask * body)
    trees = conifers(size, rng, 1.02, 0.15, 0.025)
    picture = f32(picture * (1 - trees) + trees * _NEAR * 0.35)
    return SceneImage.of(film(resize(picture, wanted) * 1.3))


def _ridge(size: Size, rng: Generator, near: float) -> tuple[Plane, Plane]:
    """A ridge's cover (H, W, 1), and how far below its crest a pixel lies, of the height."""
    width, height = size
    shape = fractal_line(width, rng, 1.75 - 0.15 * near)
    peaks = shape - 0.35 * np.abs(fractal_line(width, rng, 1.2))
    crest = (HORIZON - 0.055 + 0.42 * near**1.25) - (0.042 + 0.018 * np.sin(np.pi * near)) * peaks
    crest = crest + 0.0016 * fractal_line(width, rng, 0.55)
    smooth = gaussian(f32(crest)[None], width * 0.025)
    rows = np.arange(height, dtype=np.float32)[:, None]
    mask = np.clip(rows - crest[None] * height + 0.5, 0, 1)
    return f32(mask)[..., None], f32(rows / height - smooth)[..., None]


def _streaks(sky: Plane, size: Size, rng: Generator, light: Plane) -> Plane:
    """Thin high clouds, lit from beneath near the sun."""
    field, near = deck(size, rng, HORIZON, 0.16, 1.9)
    veil = (smoothstep(0.2, 1.8, field) * smoothstep(0.06, 0.35, near) * 0.6)[..., None]
    cloud = np.array([0.32, 0.16, 0.20]) + light * np.array([1.1, 0.45, 0.22])
    return f32(sky * (1 - veil) + veil * cloud)
