"""A rainbow after the rain: both bows before a dark wall of cloud, wet green hills in the sun."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.landscape import deck, shade
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

HORIZON = 0.70
_AIR = [(0.0, "3d4e63"), (0.4, "586a7c"), (0.8, "8b9aa3"), (1.0, "b4bcb6")]
_GRASS = [(0.0, "27401a"), (0.4, "4c6f26"), (0.7, "7d9a38"), (1.0, "b5b85a")]
_WIDTH = 22.0
_SPECTRUM = (
    (0.00, (0.30, 0.02, 0.55)),
    (0.25, (0.05, 0.20, 0.95)),
    (0.45, (0.05, 0.80, 0.35)),
    (0.65, (0.85, 0.85, 0.05)),
    (0.82, (1.0, 0.42, 0.03)),
    (1.00, (0.95, 0.04, 0.04)),
)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun stands behind the viewer, so the bow's middle lies under the horizon, beside the subject."""
    horizon = relief.eye_level(framing, HORIZON)
    work = relief.working_size(size)
    longer = max(work)
    v = height_ramp(work)
    sky = colour_ramp(np.clip(v / horizon, 0, 1), _AIR) * 0.62
    field, near = deck(work, rng, horizon + 0.02, 0.2, 1.7)
    belly = smoothstep(-1.3, 1.7, field)
    light = shade(belly, (0.5, 1.3), 2.0)[..., None]
    veil = (smoothstep(-0.9, 0.8, field) * smoothstep(0.03, 0.3, near) * 0.85)[..., None]
    sky = sky * (1 - veil) + veil * (0.05 + 0.36 * light) * np.array([0.85, 0.97, 1.12], np.float32)
    middle = framing.beside(0.5, rng) * 0.5 + 0.25, horizon + 0.10
    radius = 0.52 * rng.uniform(0.9, 1.1)
    y, x = np.mgrid[0 : work[1], 0 : work[0]].astype(np.float32)
    reach = np.hypot(x - middle[0] * work[0], y - middle[1] * work[1]) / longer
    sky = (
        sky
        * (
            1
            - 0.16
            * smoothstep(radius, radius * 1.01, f32(reach))
            * smoothstep(radius * 1.27, radius * 1.2, f32(reach))
        )[..., None]
    )
    sky = sky + 0.055 * smoothstep(radius, radius * 0.9, f32(reach))[..., None]
    patchy = 0.65 + 0.5 * unit(fractal((work[1], work[0]), rng, 2.2))[..., None]
    bow = _bow(f32((reach - radius * 0.955) / (radius * 0.062))) * 0.34
    second = _bow(f32((radius * 1.325 - reach) / (radius * 0.105))) * 0.085
    sky = f32(sky + (bow + second) * patchy * smoothstep(0.02, 0.10, reach)[..., None])
    return SceneImage.of(film(resize(_hills(sky, rng, work, horizon), size) * 1.5))


def _bow(place: Plane) -> Plane:
    """The colours of a bow, violet at 0 to red at 1, (H, W, 3); drops of many sizes soften it."""
    at = np.array([p for p, _ in _SPECTRUM])
    fade = smoothstep(-0.22, 0.12, place) * smoothstep(1.22, 0.92, place)
    return f32(np.stack([np.interp(place, at, [c[i] for _, c in _SPECTRUM]) * fade for i in range(3)], -1))


def _hills(sky: Plane, rng: Generator, size: Size, horizon: float) -> Plane:
    """Rolling pasture in low sunlight, trees in its folds."""
    side = (relief.TILE, relief.TILE)
    rolling, tufts = fractal(side, rng, 2.6), fractal(side, rng, 1.0)
    woods = smoothstep(0.75, 0.95, f32(fractal(side, rng, 1.5) + 0.25 * tufts - 0.3 * rolling))
    crowns = np.abs(np.roll(tufts, 300, 1))
    heights = f32(0.55 * rolling - 0.5 + woods * (0.13 + 0.07 * crowns))
    ground = relief.look_over(heights, size, horizon, rng, _WIDTH, far=300)
    right, away = relief.slopes(gaussian(heights, 0.8), _WIDTH)
    light = ground.look_up(
        f32(
            relief.lit(right, away, (-0.8, -0.7, 0.55)) * (0.25 + 0.75 * relief.sunlit(heights, _WIDTH, 0.45))
        )
    )
    cut = ground.look_up(woods)[..., None]
    tone = ground.look_up(f32(0.5 + 0.16 * fractal(side, rng, 1.5) + 0.12 * tufts))
    meadow = colour_ramp(np.clip(tone, 0, 1)[..., None], _GRASS)
    land = (
        (meadow * (1 - cut) + cut * np.array([0.022, 0.045, 0.014]))
        * (0.16 + 1.5 * light[..., None])
        * np.array([1.1, 1.0, 0.75])
    )
    air = (1 - np.exp(-ground.distance / 130))[..., None] * 0.8
    land = land * (1 - air) + air * np.array([0.22, 0.27, 0.31])
    cover = ground.cover[..., None]
    return f32(sky * (1 - cover) + land * cover)
