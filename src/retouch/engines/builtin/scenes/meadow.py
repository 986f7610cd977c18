"""A meadow in flower, low over the grass: a sharp strip, all nearer and farther things out of focus."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, lens, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import foliage, relief, stamps
from retouch.engines.builtin.scenes.landscape import glow, grid
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)

HORIZON = 0.56
_SKY = [(0.0, "8fc4ec"), (0.6, "c3e0f0"), (1.0, "f3f2dc")]
_WOOD = [(0.0, "1f3a16"), (0.4, "3f6a24"), (0.75, "7fa23e"), (1.0, "c6d678")]
_GRASS = np.array(
    [rgb_hex(c) for c in ("3f7a1c", "5d9a2a", "83b53a", "a9c650", "2f5f18", "c3cf6b")], np.float32
)
_SUN = np.array([rgb_hex(c) for c in ("f7f3c0", "e2f0a4", "c6e27a")], np.float32)
_ALONG = np.linspace(0, 1, 7)  # a blade of grass, from its foot to its tip
_BEND, _DROOP, _TAPER = _ALONG**2.1, _ALONG**3, (1 - _ALONG) ** 0.7
_FLOWERS = (
    ("ffffff", "f5c518"),
    ("fff3c4", "e8a90c"),
    ("d8321f", "2a1010"),
    ("6f7fe0", "30307a"),
    ("f2a3c8", "f7d95a"),
)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The trees at the meadow's end stand against a bright sky."""
    scale = min(1.0, 1200 / max(size))
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    longer = max(work)
    horizon = relief.eye_level(framing, HORIZON, 0.30)
    sun = framing.beside(0.2, rng), 0.12
    light = glow(work, sun, 0.42)
    picture = f32(colour_ramp(height_ramp(work) / horizon, _SKY) * (0.70 + 0.55 * light))
    picture = _wood(picture, rng, horizon, light)
    y = grid(work)[1]
    floor = smoothstep(horizon - 0.012, horizon + 0.03, f32(y + np.zeros((1, work[0]), np.float32)))[
        ..., None
    ]
    ground = foliage.distant_leaves(work, rng, _WOOD, longer * 0.008) * (0.55 + 0.6 * light)
    picture = f32(picture * (1 - floor) + floor * ground)
    kinds = rng.choice(len(_FLOWERS), 3, replace=False)
    for near in np.linspace(0.0, 1.0, 8) ** 1.3:
        layer = _sward(work, rng, horizon, float(near), kinds=kinds, light=light)
        blur = longer * (0.0058 * abs(near - 0.42) ** 1.3 * (1.0 if near < 0.42 else 2.6))
        rows = np.flatnonzero(layer[..., 3].any(axis=1))
        if rows.size:
            part = slice(max(0, rows[0] - 16), rows[-1] + 16)
            picture[part] = stamps.over(picture[part], layer[part], blur)
    return SceneImage.of(film(resize(foliage.bloom(picture, 0.3), size) * 1.3))


def _wood(picture: Plane, rng: Generator, horizon: float, light: Plane) -> Plane:
    """Trees far behind, and the sky's light through them as discs."""
    height, width = picture.shape[:2]
    size, longer = (width, height), max(width, height)
    x, y = grid(size)
    crest = horizon - 0.17 + 0.055 * fractal((height, width), rng, 1.7)
    cover = lens(smoothstep(-0.012, 0.012, f32(y + 0 * x - crest)), longer * 0.012)[..., None]
    trees = foliage.distant_leaves(size, rng, _WOOD, longer * 0.013) * (0.45 + 0.9 * light)
    picture = f32(picture * (1 - cover) + cover * trees)
    likely = f32(cover[..., 0] * smoothstep(0.06, -0.05, f32(y + 0 * x - horizon)) * 0.8)
    for radius, count in ((0.010, 120), (0.020, 46)):
        picture = picture + foliage.discs(
            size, rng, _SUN, likely, count=count, radius=radius * longer, light=0.55
        )
    return f32(picture)


def _sward(
    size: Size, rng: Generator, horizon: float, near: float, *, kinds: NDArray[np.int64], light: Plane
) -> Plane:
    """Blades and flowers of one distance: a layer (H, W, 4) of light times cover, and cover."""
    width, height = size
    longer = max(size)
    layer = np.zeros((height, width, 4), np.float32)
    foot = (horizon + 0.02 + (1.12 - horizon) * near) * height
    tall = (0.022 + 0.20 * near**1.2) * longer
    count = int(width / longer * 430 * (1 - 0.66 * near))
    for x in rng.uniform(-0.03, 1.03, count) * width:
        shine = 0.55 + 0.65 * float(light[min(int(foot), height - 1), int(np.clip(x, 0, width - 1)), 0])
        colour = (
            _GRASS[rng.integers(len(_GRASS))] * rng.uniform(0.55, 1.15) * shine * (0.75 + 0.35 * (1 - near))
        )
        _blade(
            layer, rng, (float(x), foot + rng.normal(0, 0.12) * tall), tall * rng.uniform(0.5, 1.15), colour
        )
    for x in rng.uniform(0, 1, int(width / longer * 34 * (1 - 0.72 * near))) * width:
        petal, heart = _FLOWERS[kinds[rng.integers(len(kinds))]]
        _flower(
            layer,
            rng,
            (float(x), foot - tall * rng.uniform(0.55, 1.1)),
            tall * 0.115 + 0.002 * longer,
            (petal, heart),
        )
    return layer


def _blade(layer: Plane, rng: Generator, foot: tuple[float, float], tall: float, colour: Plane) -> None:
    """A blade of grass, bent by its own weight."""
    lean = rng.normal(0, 0.34) * tall
    half = np.maximum(tall * 0.017 * _TAPER, 0.25)
    corners = np.empty((2 * len(_ALONG), 2))
    x, y = foot[0] + lean * _BEND, foot[1] - tall * _ALONG + 0.18 * abs(lean) * _DROOP
    corners[: len(x), 0], corners[len(x) :, 0] = x - half, (x + half)[::-1]
    corners[: len(x), 1], corners[len(x) :, 1] = y, y[::-1]
    cv2.fillPoly(
        layer, [np.round(corners * 16).astype(np.int32)], (*(float(c) for c in colour), 1.0), cv2.LINE_8, 4
    )


def _flower(
    layer: Plane, rng: Generator, place: tuple[float, float], radius: float, colours: tuple[str, str]
) -> None:
    """A daisy, a poppy, a cornflower: petals about a heart, seen from the side and above."""
    petal, heart = colours
    tilt, turn = rng.uniform(0.45, 0.95), rng.uniform(0, np.pi)
    middle = np.array(place)
    count = int(rng.integers(9, 14)) if petal in {"ffffff", "fff3c4", "6f7fe0"} else 5
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False) + turn:
        colour = np.array(rgb_hex(petal)) * rng.uniform(0.70, 1.0)
        way = np.array([np.cos(angle), np.sin(angle) * tilt])
        side = np.array([-np.sin(angle), np.cos(angle) * tilt]) * 2.1 / count
        shape = middle + radius * np.stack([way * 0.1, way * 0.7 + side, way, way * 0.7 - side])
        cv2.fillPoly(
            layer, [np.round(shape * 16).astype(np.int32)], (*(float(c) for c in colour), 1.0), cv2.LINE_8, 4
        )
    spot = tuple(int(v) for v in np.round(middle * 16))
    cv2.circle(layer, spot, int(radius * 16 * 0.30), (*rgb_hex(heart), 1.0), -1, cv2.LINE_8, 4)
