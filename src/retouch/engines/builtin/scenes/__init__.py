"""The table of scenes: every place that a background can become."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from retouch.engines.builtin.scenes import (
    aurora,
    bokeh_lights,
    clear_sky,
    cloudy_sky,
    fog,
    milky_way,
    moonlit_night,
    nebula,
    neon_city,
    starry_sky,
    storm,
    studio,
    sunrise,
    sunset,
    underwater,
)
from retouch.engines.builtin.scenes.scene import Framing, Scene, SceneImage

__all__ = ["SCENES", "Framing", "Scene", "SceneImage"]

_STARS = "Apache-2.0; star positions: ESA Hipparcos, CDS I/311, public data"

_ROWS = (
    Scene("starry sky", starry_sky.draw, licence=_STARS),
    Scene("milky way", milky_way.draw, licence=_STARS, horizon=0.90),
    Scene("nebula", nebula.draw),
    Scene("aurora", aurora.draw, licence=_STARS, horizon=0.90, sharp=True),
    Scene("moonlit night", moonlit_night.draw, licence=_STARS, horizon=0.80, sharp=True),
    Scene("clear sky", clear_sky.draw),
    Scene("cloudy sky", cloudy_sky.draw),
    Scene("sunset", sunset.draw, horizon=sunset.HORIZON, sharp=True),
    Scene("sunrise", sunrise.draw, horizon=0.50, sharp=True),
    Scene("storm", storm.draw, horizon=storm.HORIZON),
    Scene("fog", fog.draw, horizon=0.60, sharp=True),
    Scene("underwater", underwater.draw),
    Scene("bokeh lights", bokeh_lights.draw),
    Scene("neon city", neon_city.draw, horizon=neon_city.STREET),
    Scene("studio", studio.draw, ground=True),
)

SCENES: Mapping[str, Scene] = MappingProxyType({scene.name: scene for scene in _ROWS})
