"""A window on a rainy evening: a street's lights beyond it, and in every drop the street, upside down."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import foliage
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)

_DUSK = [(0.0, "1b2a3c"), (0.45, "2f4254"), (0.62, "3c4a55"), (0.75, "262f38"), (1.0, "12171d")]
_LAMPS = np.array(
    [rgb_hex(c) for c in ("ffb765", "ffd9a3", "ff8a5c", "ff5a4a", "9fd0ff", "ffe7c7")], np.float32
)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The glass is misted, clear only where drops lie and where they have run down."""
    del framing
    scale = min(1.0, 1100 / max(size))
    small = (max(16, round(size[0] * scale)), max(16, round(size[1] * scale)))
    longer = max(small)
    street = _street(small, rng)
    half = resize(street, (small[0] // 2, small[1] // 2))
    misted = f32(gaussian(resize(lens(half, longer * 0.008), small), longer * 0.003) * 0.82 + 0.018)
    misted = f32(misted * (1 + 0.05 * fractal(small[::-1], rng, 0.8)[..., None]))
    clear = resize(lens(half, longer * 0.005), small)
    wiped, bodies = _drops(small, rng)
    trails = gaussian(wiped, longer * 0.0012)[..., None] * 0.85
    glass = misted * (1 - trails) + clear * trails
    cover, across, down = bodies
    columns = np.arange(small[0], dtype=np.float32)[None] - across * 0.42 * longer
    rows = np.arange(small[1], dtype=np.float32)[:, None] - down * 0.42 * longer
    inside = cv2.remap(
        lens(street, longer * 0.005), f32(columns), f32(rows), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    depth = np.clip(across**2 + down**2, 0, 1)
    body = inside * (1.15 - 0.95 * depth**2.5)[..., None]
    gleam = np.exp(-((across + 0.36) ** 2 + (down + 0.45) ** 2) / 0.018) * 0.45
    body = body + gleam[..., None] * np.array([0.85, 0.95, 1.0])
    shade = gaussian(np.roll(cover, max(1, longer // 500), 0), longer * 0.0015)[..., None] * 0.35
    edge = gaussian(cover, 0.6)[..., None]
    return SceneImage.of(film(resize(f32(glass * (1 - shade) * (1 - edge) + body * edge), size) * 1.45))


def _street(size: Size, rng: Generator) -> Plane:
    """House fronts, lamps and wet ground, as points and planes of light: (H, W, 3)."""
    longer = max(size)
    street = f32(np.tile(colour_ramp(height_ramp(size), _DUSK), (1, size[0], 1)))
    blocks = np.repeat(rng.uniform(0.35, 1.1, 9), -(-size[0] // 9))[: size[0]]
    tops = np.repeat(rng.uniform(0.05, 0.45, 9), -(-size[0] // 9))[: size[0]]
    y = np.linspace(0, 1, size[1])[:, None]
    front = f32((y > tops[None]) & (y < 0.75))[..., None]
    street = f32(street * (1 - front * 0.55 * blocks[None, :, None]))
    band = f32(np.exp(-(((np.linspace(0, 1, 64) - 0.58) / 0.20) ** 2)))[:, None].repeat(2, 1)
    for radius, count, light in ((0.0028, 150, 9.0), (0.006, 36, 13.0)):
        points = foliage.discs(
            size, rng, _LAMPS, band, count=count, radius=max(radius * longer, 1.0), light=light
        )
        wet = resize(points[: int(size[1] * 0.75)][::-1], (size[0], size[1] - int(size[1] * 0.75)))
        street += points
        street[int(size[1] * 0.75) :] += cv2.blur(wet, (3, max(3, size[1] // 14))) * 0.6
    return street


def _drops(size: Size, rng: Generator) -> tuple[Plane, tuple[Plane, Plane, Plane]]:
    """Where the glass was wiped clear; the drops' cover; and the place in a drop, -1..1, across and down."""
    width, height = size
    longer = max(size)
    wiped = np.zeros((height, width), np.float32)
    cover, across, down = (np.zeros((height, width), np.float32) for _ in range(3))
    count = int(1500 * width * height / longer**2) + 20
    radii = np.clip(0.0016 * (rng.pareto(2.0, count) + 1), 0, 0.011) * longer
    places = rng.random((count, 2)) * np.array([width, height])
    drops = [(float(x), float(y), float(r), 1.0) for (x, y), r in zip(places, radii, strict=True)]
    for _ in range(9):
        drops += _run(wiped, rng, rng.random() * width, rng.uniform(0.25, 1.0) * height, longer)
    for x, y, radius, stretch in sorted(drops, key=lambda drop: drop[2]):
        _drop(cover, across, down, (x, y), radius, stretch=stretch, lean=rng.uniform(-0.25, 0.25))
    return wiped, (cover, across, down)


def _run(
    wiped: Plane, rng: Generator, x: float, end: float, longer: int
) -> list[tuple[float, float, float, float]]:
    """A drop that has run down from the top, wiping the mist and leaving small ones behind."""
    thick = rng.uniform(0.007, 0.011) * longer
    places = np.arange(-0.02 * longer, end, 0.012 * longer)
    line = x + np.cumsum(rng.normal(0, 0.0022 * longer, len(places) + 1))[: len(places)]
    drops = [(float(line[-1]), float(end), thick * 1.15, 1.45)]
    for index in range(len(places) - 1):
        ends = [(int(line[i] * 16), int(places[i] * 16)) for i in (index, index + 1)]
        cv2.line(wiped, ends[0], ends[1], 1.0, max(1, int(thick * 1.3)), cv2.LINE_8, 4)
        if rng.random() < 0.4:
            drops.append(
                (
                    float(line[index] + rng.normal(0, thick * 0.25)),
                    float(places[index]),
                    thick * rng.uniform(0.15, 0.5),
                    rng.uniform(1, 1.5),
                )
            )
    return drops


def _drop(
    cover: Plane,
    across: Plane,
    down: Plane,
    place: tuple[float, float],
    radius: float,
    *,
    stretch: float,
    lean: float,
) -> None:
    """Write one drop's patch; larger ones swallow what they touch."""
    reach = int(radius * stretch * 1.3) + 2
    left, top = int(place[0]) - reach, int(place[1]) - reach
    height, width = cover.shape
    rows, columns = (
        slice(max(0, top), min(height, top + 2 * reach)),
        slice(max(0, left), min(width, left + 2 * reach)),
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    y = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - place[1]) / (radius * stretch)
    x = (np.arange(columns.start, columns.stop, dtype=np.float32)[None] - place[0]) / radius
    x = x * (1 + lean * y) * (1.12 - 0.16 * y)
    distance = np.sqrt(x**2 + y**2)
    solid = np.clip((1 - distance) * radius + 0.5, 0, 1)
    part = rows, columns
    inside = solid > 0
    cover[part] = np.maximum(cover[part], solid)
    across[part] = np.where(inside, x, across[part])
    down[part] = np.where(inside, y, down[part])
