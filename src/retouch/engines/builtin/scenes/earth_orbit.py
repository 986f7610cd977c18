"""The earth from orbit: clouds over the sea, the thin blue line of air, stars above it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film, rgb_hex
from retouch.engines.builtin.stars import splat

LIMB = 0.56
_RADIUS = 1.75  # of the limb's arc, in longer sides
_TEXTURE = 1024
_SEA = np.array(rgb_hex("0b2f5e"), np.float32)
_SHALLOW = np.array(rgb_hex("1d6a8c"), np.float32)
_LAND = np.array(rgb_hex("6b5b3c"), np.float32)
_AIR = np.array([0.22, 0.50, 1.0], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun is on one side, so the other end of the limb lies in the dusk."""
    scale = min(1.0, 900 / max(size))
    work = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    longer = max(work)
    x, y = grid(work)
    lean = rng.uniform(0.10, 0.24) * (1 if framing.beside(0.4, rng) > 0.5 else -1)
    middle = 0.5 + lean * _RADIUS, LIMB * work[1] / longer + _RADIUS * np.sqrt(1 - lean**2)
    ax, ay = (x - 0.5) * work[0] / longer - (middle[0] - 0.5), y * work[1] / longer - middle[1]
    above = f32(np.hypot(ax, ay) - _RADIUS)
    along = f32(np.arctan2(ax, -ay))
    day = smoothstep(-0.55, 0.25, f32(along * (-1 if lean > 0 else 1)))[..., None]
    ground = _surface(np.maximum(-above, 0), along, rng)
    haze = np.exp(-np.maximum(-above, 0) / 0.055)[..., None]
    ground = ground * (1 - 0.72 * haze) + haze * _AIR * 0.62
    high = np.maximum(above, 0)[..., None]
    glow = np.exp(-high / 0.010) * _AIR * 0.95 + np.exp(-high / 0.0025) * np.array([0.55, 0.7, 0.85])
    cover = np.clip(-above * longer + 0.5, 0, 1)[..., None]
    sky = _stars(work, rng) + glow * (0.10 + 0.90 * day)
    return SceneImage.of(
        film(resize(f32(sky * (1 - cover) + ground * cover * (0.03 + 0.97 * day)), size) * 1.6)
    )


def _surface(below: Plane, along: Plane, rng: Generator) -> Plane:
    """Sea, coasts and clouds; toward the limb they are seen ever more aslant: (H, W, 3)."""
    reach = np.sqrt(below + 0.0004)
    u, v = along * 1500 + 300, (0.86 - reach) * 1000 * 1.25 + rng.uniform(0, 900)
    bend = fractal((_TEXTURE, _TEXTURE), rng, 2.0)
    places = f32(u + 26 * _taken(bend, u, v)), f32(v + 26 * _taken(bend, u + 400, v + 200))
    weather, fine = fractal((_TEXTURE, _TEXTURE), rng, 1.75), fractal((_TEXTURE, _TEXTURE), rng, 1.25)
    field = _taken(weather, *places) + 0.42 * _taken(fine, *places)
    cloud = smoothstep(0.15, 1.75, f32(field))
    thick = smoothstep(0.15, 1.75, f32(field - 0.25 * (_taken(weather, places[0] - 5, places[1] - 4) - 0.2)))
    shadow = smoothstep(0.2, 1.6, _taken(weather, places[0] - 9, places[1] - 5)) * 0.55
    relief = _taken(fractal((_TEXTURE, _TEXTURE), rng, 1.9), u * 0.55, v * 0.55)
    land = smoothstep(1.15, 1.28, relief)[..., None]
    shore = smoothstep(0.85, 1.2, relief)[..., None] * (1 - land)
    ground = (_SEA * (1 - shore) + _SHALLOW * shore) * (1 - land)
    ground = ground + land * _LAND * (0.8 + 0.25 * _taken(fine, u * 2, v * 2))[..., None]
    ground = ground * (1 - shadow * (1 - cloud))[..., None]
    white = np.array([0.80, 0.84, 0.88], np.float32) * (0.62 + 0.38 * thick)[..., None]
    return f32(ground * (1 - cloud[..., None]) + white * cloud[..., None])


def _taken(tile: Plane, u: Plane, v: Plane) -> Plane:
    return f32(cv2.remap(tile, f32(u), f32(v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def _stars(size: Size, rng: Generator) -> Plane:
    """Few and faint: the earth outshines them."""
    width, height = size
    count = int(500 * width * height / max(size) ** 2) + 1
    x, y = rng.random(count) * max(width - 2, 0), rng.random(count) * max(height - 2, 0)
    power = np.minimum((rng.pareto(1.6, (count, 1)) + 0.2) * 0.14, 2.0) * (max(size) / 1024) ** 2
    tint = np.clip(1 + rng.normal(0, 0.12, (count, 3)), 0.6, 1.4)
    return gaussian(splat(f32(x), f32(y), f32(power * tint), (height, width)), 0.7)
