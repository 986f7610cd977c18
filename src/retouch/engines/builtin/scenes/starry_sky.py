"""A clear night far from any town: real stars, a quiet Milky Way, a last glow on the horizon."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.scenes.night import night_sky, view_of_milky_way
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

# Moonless sky after the end of twilight, as a long exposure shows it.
_AIR = [(0.0, "070b1c"), (0.45, "0c1430"), (0.75, "16244a"), (0.92, "2b4570"), (1.0, "4d6080")]


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """A view whose direction, lean and width are drawn by chance."""
    del framing
    longitude = rng.uniform(-1.0, 1.4)
    view = view_of_milky_way(
        rng,
        longitude,
        rng.uniform(-0.12, 0.12),
        rng.uniform(1.15, 1.45),
        rng.choice([-1, 1]) * rng.uniform(0.45, 0.95),
    )
    sky = night_sky(view, size, rng, band=0.26, exposure=1.5)
    v = height_ramp(size)
    extinction = 1 - 0.75 * np.clip((v - 0.55) / 0.45, 0, 1) ** 1.5  # low stars shine through more air
    air = colour_ramp(v, _AIR)
    return SceneImage.of(film(sky * extinction + air * 1.1))
