"""The table of scenes: every place that a background can become."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from retouch.engines.builtin.scenes import starry_sky
from retouch.engines.builtin.scenes.scene import Framing, Scene, SceneImage

__all__ = ["SCENES", "Framing", "Scene", "SceneImage"]

_ROWS = (Scene("starry sky", starry_sky.draw, licence="Apache-2.0; stars: ESA Hipparcos, CDS I/311"),)

SCENES: Mapping[str, Scene] = MappingProxyType({scene.name: scene for scene in _ROWS})
