"""The table of scenes: every place that a background can become."""

from __future__ import annotations

from typing import Final

from retouch.engines.builtin.scenes import (
    aurora,
    autumn_leaves,
    beach,
    bokeh_lights,
    brick_wall,
    cherry_blossom,
    christmas_tree,
    city_skyline,
    clear_sky,
    cloudy_sky,
    concrete_wall,
    desert,
    earth_orbit,
    fireworks,
    fog,
    library,
    marble,
    mars,
    meadow,
    milky_way,
    moon_surface,
    moonlit_night,
    mountains,
    nebula,
    neon_city,
    ocean,
    rain_window,
    rainbow,
    ringed_planet,
    stage,
    starry_sky,
    storm,
    studio,
    sunrise,
    sunset,
    underwater,
    velvet_curtain,
    window_light,
    winter,
    wooden_table,
)
from retouch.engines.builtin.scenes.places import FOREST, PLACES
from retouch.engines.builtin.scenes.scene import Framing, Scene, SceneImage
from retouch.engines.builtin.table import Table

__all__ = ["SCENES", "Framing", "Scene", "SceneImage"]

_STARS = "Apache-2.0; star positions: ESA Hipparcos, CDS I/311, public data"

_ROWS = (
    Scene("starry sky", starry_sky.draw, licence=_STARS),
    Scene("milky way", milky_way.draw, licence=_STARS, horizon=0.90),
    Scene("nebula", nebula.draw),
    Scene("aurora", aurora.draw, licence=_STARS, horizon=0.90, depth=0.002),
    Scene("moonlit night", moonlit_night.draw, licence=_STARS, horizon=0.80, depth=0.0022),
    Scene("clear sky", clear_sky.draw),
    Scene("cloudy sky", cloudy_sky.draw),
    Scene("sunset", sunset.draw, horizon=sunset.HORIZON, depth=0.004),
    Scene("sunrise", sunrise.draw, horizon=sunrise.SHORE, depth=0.005),
    Scene("storm", storm.draw, horizon=storm.HORIZON, depth=0.004),
    Scene("fog", fog.draw, horizon=0.60, depth=0.004),
    Scene("underwater", underwater.draw),
    Scene("bokeh lights", bokeh_lights.draw),
    Scene("neon city", neon_city.draw, horizon=neon_city.STREET),
    Scene("studio", studio.draw, ground=True),
    Scene("mountains", mountains.draw, horizon=mountains.HORIZON, depth=0.005),
    FOREST,
    Scene("desert", desert.draw, horizon=desert.HORIZON, ground=True, depth=0.005),
    Scene("ocean", ocean.draw, horizon=ocean.HORIZON, depth=0.005),
    Scene("beach", beach.draw, horizon=beach.HORIZON, ground=True, depth=0.004),
    Scene("winter", winter.draw, horizon=winter.HORIZON, ground=True, depth=0.005),
    Scene("autumn leaves", autumn_leaves.draw, ground=True),
    Scene("cherry blossom", cherry_blossom.draw, depth=0.0045),
    Scene("meadow", meadow.draw, horizon=meadow.HORIZON, ground=True, depth=0.0045),
    Scene("rainbow", rainbow.draw, horizon=rainbow.HORIZON, depth=0.005),
    Scene("rain window", rain_window.draw),
    Scene("city skyline", city_skyline.draw, horizon=city_skyline.HORIZON, depth=0.004),
    Scene("fireworks", fireworks.draw, horizon=fireworks.HORIZON, depth=0.004),
    Scene("moon surface", moon_surface.draw, horizon=moon_surface.HORIZON, ground=True, depth=0.0045),
    Scene("mars", mars.draw, horizon=mars.HORIZON, ground=True, depth=0.005),
    Scene("ringed planet", ringed_planet.draw, depth=0.0015),
    Scene("brick wall", brick_wall.draw, depth=0.004),
    Scene("wooden table", wooden_table.draw, horizon=wooden_table.HORIZON, ground=True, depth=0.0045),
    Scene("marble", marble.draw, ground=True, depth=0.004),
    Scene("velvet curtain", velvet_curtain.draw, depth=0.0035),
    Scene("stage", stage.draw, horizon=stage.HORIZON, ground=True, depth=0.004),
    Scene("window light", window_light.draw),
    *PLACES,
    Scene("library", library.draw),
    Scene("christmas tree", christmas_tree.draw),
    Scene("concrete wall", concrete_wall.draw, depth=0.003),
    Scene("earth orbit", earth_orbit.draw, horizon=earth_orbit.LIMB, depth=0.002),
)

SCENES: Final = Table("scene", {scene.name: scene for scene in _ROWS})
