"""Cherry trees in blossom: a twig in focus, the others pink clouds behind it, petals in the air."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, lens, resize
from retouch.engines.builtin.scenes import foliage, stamps
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)

_SKY = [(0.0, "8fc3ea"), (0.5, "b9dcf2"), (1.0, "e8ecf0")]
_CLOUDS = [(0.0, "b9688a"), (0.35, "e39ab8"), (0.65, "f6c3d6"), (1.0, "fff0f5")]
_PETALS = np.array([rgb_hex(c) for c in ("ffe9f1", "ffd3e2", "fbbdd3", "fff4f8")], np.float32)
_BARK = np.array(rgb_hex("3b2a2c"), np.float32)
_HEART = np.array(rgb_hex("d2476f"), np.float32)
_ROUND = np.linspace(0, 2 * np.pi, 7, endpoint=False)
_FIFTHS = np.arange(5) * 2 * np.pi / 5
_OUTER, _INNER = ((stamps.petal()[::2] * share + np.array([0, -0.80 * share])) * 0.62 for share in (1.0, 0.5))
_PISTIL = (*(float(c) for c in _HEART * 0.6 + 0.25), 1.0)
_STAMEN = (*rgb_hex("ffe08a"), 1.0)
_LEAST_DOT = 0.5  # px


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Twigs reach in from an upper corner, on the freer side of the subject."""
    scale = min(1.0, 1250 / max(size))
    small = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    longer = max(small)
    sky = f32(np.tile(colour_ramp(height_ramp(small), _SKY), (1, small[0], 1)) * 1.05)
    trees = foliage.distant_leaves(small, rng, _CLOUDS, longer * 0.014)
    cover = lens(foliage.gaps(small, rng, 0.62, 1.7), longer * 0.016)[..., None]
    picture = f32(sky * (1 - cover) + trees * cover)
    everywhere = np.ones((8, 8), np.float32)
    for radius, count in ((0.014, 90), (0.026, 40)):
        picture = picture + foliage.discs(
            small, rng, _PETALS, everywhere, count=count, radius=radius * longer, light=0.16
        )
    side = 1 if framing.beside(0.2, rng) > 0.5 else -1
    for blur, large in ((0.010, 0.7), (0.0, 1.0)):
        picture = stamps.over(picture, _twigs(small, rng, side, large), blur * longer)
    for radius, count, blur in ((0.007, 34, 0.002), (0.013, 12, 0.004), (0.03, 4, 0.012)):
        flakes = stamps.strewn(small, rng, count, radius * longer, _PETALS)
        picture = stamps.over(picture, stamps.strew(small, flakes, (stamps.petal(),)), blur * longer)
    return SceneImage.of(film(resize(picture, size) * 1.5))


def _twigs(size: Size, rng: Generator, side: int, large: float) -> Plane:
    """A layer of branches with their blossoms."""
    width, height = size
    longer = max(size)
    layer = np.zeros((height, width, 4), np.float32)
    corner = width * (1.04 if side > 0 else -0.04)
    buds: list[NDArray[np.float64]] = []
    for _ in range(3):
        start = np.array([corner, rng.uniform(-0.05, 0.40) * height])
        heading = (np.pi if side > 0 else 0.0) + rng.uniform(-0.5, 0.35) * side * -1
        _branch(layer, rng, start, heading, length=0.46 * longer * large, thick=0.008 * longer, buds=buds)
    for place in buds:
        for _ in range(rng.integers(1, 3)):
            spot = place + rng.normal(0, 0.017 * longer * large, 2)
            _blossom(layer, rng, spot, 0.024 * longer * large * rng.uniform(0.75, 1.15))
    return layer


def _branch(
    layer: Plane,
    rng: Generator,
    start: NDArray[np.float64],
    heading: float,
    *,
    length: float,
    thick: float,
    buds: list[NDArray[np.float64]],
) -> None:
    """Grow a crooked branch and its side twigs; ``buds`` collects where blossoms sit."""
    steps = 14
    point = start
    bark = (*(float(c) for c in _BARK), 1.0)
    for step in range(steps):
        heading += rng.normal(0, 0.13)
        ahead = point + np.array([np.cos(heading), np.sin(heading)]) * length / steps
        width = max(1, round(thick * (1 - 0.75 * step / steps)))
        ends = [tuple(int(v) for v in np.round(p * 16)) for p in (point, ahead)]
        cv2.line(layer, ends[0], ends[1], bark, width, cv2.LINE_8, 4)
        point = ahead
        if step > 2 and thick > 2.5 and rng.random() < 0.42:
            turn = heading + rng.choice([-1, 1]) * rng.uniform(0.4, 0.9)
            _branch(
                layer, rng, point, turn, length=length * rng.uniform(0.25, 0.5), thick=thick * 0.5, buds=buds
            )
        if step > 2 and rng.random() < 0.42:
            buds.append(point)


def _blossom(layer: Plane, rng: Generator, place: NDArray[np.float64], radius: float) -> None:
    """Five petals about a red heart, with anthers; seen from any side."""
    turn, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.45)
    tone = _PETALS[rng.integers(len(_PETALS))]
    lean = rng.uniform(0, np.pi)
    cos, sin = np.cos(lean), np.sin(lean)
    lay = np.diag([radius, radius * (1 - tilt)]) @ np.array([[cos, sin], [-sin, cos]])
    c, s = (f(turn + _FIFTHS + rng.normal(0, 0.06, 5)) for f in (np.cos, np.sin))
    turns = np.stack([np.stack([c, s], -1), np.stack([-s, c], -1)], 1)  # (5, 2, 2)
    shades = rng.uniform(0.66, 1.0, 5)
    heart = (*(float(v) for v in tone * 0.84 + _HEART * 0.10), 1.0)
    for index in range(5):
        colour = (*(float(v) for v in tone * shades[index]), 1.0)
        for shape, paint in ((_OUTER, colour), (_INNER, heart)):
            corners = np.rint((shape @ turns[index] @ lay + place) * 16).astype(np.int32)
            cv2.fillPoly(layer, [corners], paint, cv2.LINE_8, 4)
    spokes = np.stack([np.cos(_ROUND + turn), np.sin(_ROUND + turn)], -1) @ lay
    for reach, paint, dot in ((0.10, _PISTIL, 0.085), (0.30, _STAMEN, 0.040)):
        if dot * radius < _LEAST_DOT:
            continue
        for x, y in np.rint((spokes * reach + place) * 16).astype(int).tolist():
            cv2.circle(layer, (x, y), int(dot * radius * 16), paint, -1, cv2.LINE_8, 4)
