"""Northern lights over a dark forest: curtains of rays, green at the foot, violet where they thin out."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize
from retouch.engines.builtin.noise import fractal_line
from retouch.engines.builtin.scenes.landscape import conifers, ridge
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp
from retouch.engines.builtin.stars import View, draw_stars

_AIR = [(0.0, "040814"), (0.5, "08142a"), (0.85, "123040"), (1.0, "1d4a4a")]
_FOOT = np.array([0.10, 1.0, 0.42], np.float32)  # oxygen at 557.7 nm
_TOP = np.array([0.55, 0.16, 0.72], np.float32)  # oxygen at 630 nm, nitrogen


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Three curtains at random, real northern stars behind them."""
    del framing
    scale = min(1.0, 1400 / max(size))
    small = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    light = sum(
        (_curtain(small, rng, strength) for strength in (1.0, 0.7, 0.45)),
        start=np.zeros((1, 1, 3), np.float32),
    )
    light = f32(light + 0.35 * gaussian(f32(light), max(small) * 0.03))
    v = height_ramp(size)
    stars = draw_stars(View(rng.uniform(0, 6.28), rng.uniform(0.8, 1.4), rng.uniform(-3, 3), 1.35), size, 0.9)
    sky = stars * (1 - 0.8 * v) + resize(light, size) * 0.85 + colour_ramp(v, _AIR) * 1.2
    picture = film(sky)
    far = ridge(size, rng, 0.90, 0.016)
    picture = picture * (1 - far) + far * np.array([0.006, 0.017, 0.020], np.float32)
    trees = conifers(size, rng, 0.985, 0.12, 0.012)
    return SceneImage.of(picture * (1 - trees) + trees * np.array([0.0015, 0.003, 0.004], np.float32))


def _curtain(size: Size, rng: Generator, strength: float) -> Plane:
    """One folded sheet: for every column where its foot hangs, how bright and how tall its rays are."""
    width, height = size
    folds = fractal_line(width, rng, 2.8)
    foot = rng.uniform(0.50, 0.76) + 0.055 * folds + rng.uniform(-0.16, 0.16) * np.linspace(-1, 1, width)
    rays = 0.55 + 0.45 * np.tanh(fractal_line(width, rng, 0.85) * 0.9)
    swell = 1 / (1 + np.exp(1.0 - 2.6 * fractal_line(width, rng, 2.2)))
    tall = 0.06 + 0.13 * swell + 0.05 * rays
    above = foot[None] - np.linspace(0, 1, height, dtype=np.float32)[:, None]
    # A quick rise at the foot, a long decay upward.
    body = np.where(above > 0, np.exp(-above / tall[None]), np.exp(above / 0.018)) * (
        1 - np.exp(-np.abs(above + 0.03) / 0.03)
    )
    amount = f32(strength * body * (rays * swell * 1.6 + 0.04)[None])
    up = np.clip(above / (tall[None] * 2.2), 0, 1)[..., None]
    colour = _FOOT * (1 - up) ** 1.3 + _TOP * up**0.9 * 1.1
    return f32(amount[..., None] * colour)
