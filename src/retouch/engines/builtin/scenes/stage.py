"""A stage in haze: beams of coloured spotlights from above, their pools on a dark polished floor."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes import relief
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film

HORIZON = 0.74


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Six lamps hang in a row; the middle ones are aimed at the subject."""
    scale = min(1.0, 640 / max(size))  # haze is soft
    work = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    horizon = relief.eye_level(framing, HORIZON, 0.45)
    smoke = 0.45 + 0.9 * unit(fractal(work[::-1], rng, 1.9))
    air = np.zeros((work[1], work[0], 3), np.float32)
    pools = np.zeros_like(air)
    target = (framing.box[0] + framing.box[2]) / 2
    hue = rng.random()
    for index in range(6):
        lamp = (index + 0.5) / 6 + rng.normal(0, 0.02), rng.uniform(-0.03, 0.02)
        foot = (target + (lamp[0] - 0.5) * rng.uniform(-0.9, 0.7), horizon + rng.uniform(0.06, 0.18))
        shade = hue + (0.0, 0.09, 0.52)[index % 3]
        colour = f32(colorsys.hsv_to_rgb(shade % 1, 0.80 if index % 2 else 0.55, 1.0))
        power = rng.uniform(0.7, 1.3)
        air += _beam(work, lamp, foot, rng.uniform(0.035, 0.06))[..., None] * colour * power
        pools += _pool(work, foot, 0.13)[..., None] * colour * power
    x, y = grid(work)
    floor = smoothstep(horizon - 0.004, horizon + 0.006, f32(y + 0 * x))[..., None]
    backdrop = 0.008 + 0.06 * gaussian(air, max(work) * 0.10)
    line = int(horizon * work[1])
    mirror = np.zeros_like(air)
    depth = work[1] - line
    if depth > 0 and line > 0:
        rows = np.clip(line - np.arange(depth) - 1, 0, None)
        mirror[line:] = gaussian(air * 0.9 + backdrop, max(work) * 0.010)[rows]
    gloss = (0.16 * np.exp(-(y - horizon) * 4))[..., None]
    grainy = (1 + 0.03 * fractal(work[::-1], rng, 0.8, 0.3))[..., None]
    ground = (0.010 + 0.42 * pools) * grainy + mirror * gloss
    haze = air * smoke[..., None] * (1 - 0.55 * floor)
    picture = backdrop * (1 - floor) + ground * floor + haze * 0.75
    return SceneImage.of(film(resize(f32(picture), size) * 1.5))


def _beam(size: Size, lamp: tuple[float, float], foot: tuple[float, float], spread: float) -> Plane:
    """A cone of lit haze from a lamp to the floor, (H, W), bright at the lamp's lens."""
    x, y = grid(size)
    longer = max(size)
    ax, ay = (x - lamp[0]) * size[0] / longer, (y - lamp[1]) * size[1] / longer
    bx, by = (foot[0] - lamp[0]) * size[0] / longer, (foot[1] - lamp[1]) * size[1] / longer
    length = np.hypot(bx, by) + 1e-3
    along, off = (ax * bx + ay * by) / length, (ax * by - ay * bx) / length
    wide = 0.006 + spread * np.clip(along, 0, None) / length * 2.2
    cone = np.exp(-(np.abs(off / wide) ** 2.6)) * 0.010 / wide * smoothstep(-0.01, 0.02, f32(along))
    fade = np.exp(-np.clip(along, 0, None) * 0.9) * smoothstep(1.15, 0.8, f32(along / length))
    glare = np.exp(-np.hypot(ax, ay) / 0.016) * 1.6 + 0.25 * np.exp(-np.hypot(ax, ay) / 0.07)
    return f32(np.clip(cone, 0, 1.0) * fade * 2.2 + glare)


def _pool(size: Size, foot: tuple[float, float], radius: float) -> Plane:
    """An ellipse of light on the floor."""
    x, y = grid(size)
    longer = max(size)
    far = np.hypot((x - foot[0]) * size[0] / longer, (y - foot[1]) * size[1] / longer * 3.4)
    return f32(smoothstep(radius, radius * 0.55, f32(far)) + 0.3 * np.exp(-far / radius))
