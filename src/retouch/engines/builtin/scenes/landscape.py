"""Parts that several outdoor scenes are drawn with: ridges, cloud decks, water, the sun's light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line
from retouch.engines.builtin.scenes.scene import Size

_TEXTURE = 1024


def grid(size: Size) -> tuple[Plane, Plane]:
    """x, y of every pixel: (1, W) and (H, 1) float32, 0..1 from the left and from the top."""
    width, height = size
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    return x, np.linspace(0, 1, height, dtype=np.float32)[:, None]


def ridge(size: Size, rng: Generator, crest: float, relief: float, slope: float = 1.4) -> Plane:
    """A mountain's silhouette: (H, W, 1), 1 below its crest line, antialiased.

    ``crest`` is the mean height of the line from the top, ``relief`` its standard deviation, both 0..1.
    """
    width, height = size
    line = (crest + relief * fractal_line(width, rng, slope)) * height
    rows = np.arange(height, dtype=np.float32)[:, None]
    return f32(np.clip(rows - line[None] + 0.5, 0, 1))[..., None]


def deck(
    size: Size, rng: Generator, horizon: float, scale: float, slope: float = 1.75
) -> tuple[Plane, Plane]:
    """A flat layer of noise above the viewer, seen in perspective.

    Returns:
        The noise (H, W), about standard normal, and the nearness (H, W): 1 overhead, 0 at the horizon and
        below it.
    """
    width, height = size
    texture = fractal((_TEXTURE, _TEXTURE), rng, slope)
    x, y = grid(size)
    above = np.maximum((horizon - y) / horizon, 0.004)
    distance = 1 / (above + 0.10)
    u = (x - 0.5) * (width / max(size)) * distance * scale + rng.random()
    v = distance * scale * 0.9 + rng.random() + 0 * x
    where = f32(u * _TEXTURE), f32(v * _TEXTURE)
    field = cv2.remap(texture, *where, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    finer = cv2.remap(texture, where[0] * 5.3, where[1] * 5.3, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    near = f32(np.broadcast_to(np.clip((horizon - y) / horizon, 0, 1), (height, width)))
    return f32(field + 0.10 * finer * smoothstep(0.1, 0.6, near)), near


def shade(density: Plane, toward: tuple[float, float], thickness: float) -> Plane:
    """How much sunlight reaches each place of a cloud: exp(-what lies between it and the sun).

    ``toward`` is the sun's place in the picture, 0..1. Five steps of growing length, on a reduced picture.
    """
    height, width = density.shape
    small = resize(density, (max(8, width // 2), max(8, height // 2)))
    h, w = small.shape
    x, y = grid((w, h))
    dx, dy = toward[0] - x, toward[1] - y
    length = np.hypot(dx, dy) + 1e-3
    columns, rows = x * (w - 1) + 0 * y, y * (h - 1) + 0 * x
    between = np.zeros_like(small)
    for step in (0.006, 0.013, 0.024, 0.04, 0.065):
        sx, sy = f32(columns + dx / length * step * w), f32(rows + dy / length * step * w)
        between += cv2.remap(small, sx, sy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return resize(f32(np.exp(-between * thickness / 5)), (width, height))


def glow(size: Size, place: tuple[float, float], radius: float) -> Plane:
    """A soft light about a place: (H, W, 1), 1 at its middle, falling like scattered light does."""
    x, y = grid(size)
    width, height = size
    longer = max(size)
    distance = np.hypot((x - place[0]) * width / longer, (y - place[1]) * height / longer)
    return f32(np.exp(-distance / radius))[..., None]


def sun_disc(size: Size, place: tuple[float, float], radius: float) -> Plane:
    """A sharp disc: (H, W, 1), antialiased."""
    x, y = grid(size)
    longer = max(size)
    distance = np.hypot((x - place[0]) * size[0], (y - place[1]) * size[1])
    return f32(np.clip(radius * longer - distance + 0.5, 0, 1))[..., None]


def mirror_sea(sky: Plane, horizon: float, rng: Generator, roughness: float = 1.0) -> Plane:
    """Replace everything under the horizon by water that mirrors ``sky`` (H, W, 3) in its waves."""
    height, width = sky.shape[:2]
    line = int(horizon * height)
    depth = height - line
    if depth < 4:
        return sky
    far = np.linspace(0, 1, depth, dtype=np.float32)[:, None]
    waves = _waves((depth, width), rng)
    rows = line - far * depth * 0.9 - np.abs(waves) * (0.02 + 0.20 * far) * height * roughness
    columns = np.arange(width, dtype=np.float32)[None] + waves * (1 + 0.012 * width * far)
    mirrored = cv2.remap(
        sky, f32(columns), f32(np.clip(rows, 0, line)), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    body = np.array([0.006, 0.020, 0.030], np.float32)
    fresnel = (0.86 - 0.45 * far + 0.10 * waves)[..., None]
    out = sky.copy()
    out[line:] = mirrored * np.clip(fresnel, 0.15, 1) + body
    return out


def _waves(shape: tuple[int, int], rng: Generator) -> Plane:
    """Wave slopes in perspective: long crests, fine far away and broad near by."""
    depth, width = shape
    texture = fractal((_TEXTURE, _TEXTURE), rng, 1.15, stretch=0.30)
    y = np.linspace(0, 1, depth, dtype=np.float32)[:, None]
    distance = 1 / (y + 0.035)
    x = (np.arange(width, dtype=np.float32)[None] / max(width, 1) - 0.5) * distance
    u, v = x * 34 + 400, distance * 60 + 0 * x
    return f32(cv2.remap(texture, f32(u), f32(v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def conifers(size: Size, rng: Generator, base: float, tall: float, relief: float) -> Plane:
    """A forest's edge: (H, W, 1), 1 = tree. ``base`` and ``tall`` are fractions of the height."""
    width, height = size
    ground = (base + relief * fractal_line(width, rng, 1.9)) * height
    mask = np.zeros((height, width), np.uint8)
    count = int(width / (tall * height) * 7)
    for centre in np.sort(rng.uniform(-0.02, 1.02, count)) * width:
        foot = ground[int(np.clip(centre, 0, width - 1))]
        _fir(mask, rng, float(centre), float(foot) + 3, tall * height * rng.uniform(0.45, 1.0))
    trees = f32(cv2.GaussianBlur(mask, (0, 0), 0.5)) / f32(255)
    rows = np.arange(height, dtype=np.float32)[:, None]
    return f32(np.maximum(trees, np.clip(rows - ground[None] + 0.5, 0, 1)))[..., None]


def _fir(mask: NDArray[np.uint8], rng: Generator, x: float, foot: float, tall: float) -> None:
    """One fir: a jagged spire of drooping tiers, drawn with subpixel corners."""
    tiers = int(np.clip(tall / 13, 9, 46))
    left: list[tuple[float, float]] = [(x, foot - tall)]
    right: list[tuple[float, float]] = []
    for tier in range(1, tiers + 1):
        down = tier / tiers
        for side, chain in ((-1, left), (1, right)):
            reach = tall * 0.19 * down**0.9 * rng.uniform(0.55, 1.25)
            y = foot - tall * (1 - down) + rng.normal(0, 0.2) * tall / tiers
            droop = 0.10 * reach + 0.3 * tall / tiers
            chain += [(x + side * reach, y + droop), (x + side * reach * rng.uniform(0.3, 0.6), y)]
    corners = np.array(left + right[::-1]) * 16
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], (255,), lineType=cv2.LINE_AA, shift=4)


def haze(picture: Plane, amount: Plane, colour: tuple[float, float, float]) -> Plane:
    """Air between us and the picture: ``amount`` 0..1 of light of ``colour``."""
    return f32(picture * (1 - amount) + amount * np.array(colour, np.float32))


def soft_noise(size: Size, rng: Generator, slope: float, stretch: float = 1.0) -> Plane:
    """Smooth noise (H, W, 1) for fog and glows."""
    field = fractal((size[1], size[0]), rng, slope, stretch)
    return gaussian(field, max(size) / 400)[..., None]
