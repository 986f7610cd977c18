"""The heart of the Milky Way over a dark range of hills, as a long exposure shows it."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.scenes.landscape import ridge
from retouch.engines.builtin.scenes.night import night_sky, view_of_milky_way
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, height_ramp

_AIR = [(0.0, "04060f"), (0.5, "0a1022"), (0.8, "14203a"), (0.95, "27415a"), (1.0, "3a5560")]


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The galactic centre somewhere in the frame, the band leaning to either side."""
    del framing
    tilt = rng.choice([-1, 1]) * rng.uniform(0.15, 0.75)
    view = view_of_milky_way(
        rng, rng.uniform(-0.05, 0.35), rng.uniform(-0.08, 0.08), rng.uniform(1.2, 1.5), tilt
    )
    sky = night_sky(view, size, rng, band=0.62, exposure=1.5)
    v = height_ramp(size)
    low_air = 1 - 0.7 * np.clip((v - 0.6) / 0.4, 0, 1) ** 1.5
    picture = film(sky * low_air + colour_ramp(v, _AIR) * 1.1)
    for crest, relief, grey in ((0.90, 0.018, 0.010), (0.955, 0.014, 0.0035)):
        hill = ridge(size, rng, crest, relief)
        picture = picture * (1 - hill) + hill * np.array([0.75, 0.95, 1.25], np.float32) * grey
    return SceneImage.of(picture)
