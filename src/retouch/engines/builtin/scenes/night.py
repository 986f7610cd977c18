"""Drawing night skies: the Milky Way where it really is, air glow, and the real stars over it."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.noise import fractal, unit
from retouch.engines.builtin.scenes.scene import Size
from retouch.engines.builtin.stars import View, draw_stars

# Equatorial J2000 -> galactic (Liu, Zhu and Zhang 2011, the IAU 1958 system carried to J2000).
_GALACTIC = np.array(
    [
        [-0.0548755604, -0.8734370902, -0.4838350155],
        [0.4941094279, -0.4448296300, 0.7469822445],
        [-0.8676661490, -0.1980763734, 0.4559837762],
    ],
    np.float32,
)


_DRAWN = 640  # px: clouds of stars and dust are soft, the stars themselves are drawn apart from them


def view_of_milky_way(rng: Generator, longitude: float, latitude: float, field: float, tilt: float) -> View:
    """A view centred on a galactic place, turned so that the Milky Way leans by ``tilt`` from upright."""
    cos = np.cos(latitude)
    place = np.array([cos * np.cos(longitude), cos * np.sin(longitude), np.sin(latitude)])
    axis = _GALACTIC.T @ place
    ra, dec = float(np.arctan2(axis[1], axis[0])), float(np.arcsin(np.clip(axis[2], -1, 1)))
    along = _GALACTIC.T @ np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    east = np.array([-np.sin(ra), np.cos(ra), 0])
    north = np.cross(axis, east)
    angle = float(np.arctan2(along @ north, -(along @ east)))  # of the band, in the picture
    return View(ra, dec, np.pi / 2 - angle + tilt + rng.normal(0, 0.05), field)


def milky_way(view: View, size: Size, rng: Generator) -> tuple[Plane, Plane]:
    """The band's light (H, W, 3), linear, peak about 1, and its density (H, W), 0..1.

    A thin disc and a bulge about the galactic centre; dust lies as dark lanes along the middle, thickest
    between longitude -20 and 90 degrees (the Great Rift).
    """
    scale = min(1.0, _DRAWN / max(size))
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    rays = view.directions(small) @ _GALACTIC.T
    latitude, longitude = np.arcsin(np.clip(rays[..., 2], -1, 1)), np.arctan2(rays[..., 1], rays[..., 0])
    shape = latitude.shape
    large, fine, crumbs = (fractal(shape, rng, slope) for slope in (2.0, 1.55, 1.15))
    bent = latitude + 0.035 * large
    centre = np.exp(-((longitude / 0.5) ** 2))
    disc = np.exp(-(np.abs(bent / (0.085 + 0.07 * centre)) ** 1.5)) * (
        0.30 + 0.7 * np.exp(-((longitude / 1.3) ** 2))
    )
    bulge = np.exp(-((latitude / 0.15) ** 2) - (longitude / 0.28) ** 2)
    glow = (disc + 0.55 * bulge) * (
        0.55 + 0.75 * unit(np.asarray(0.8 * fine + 0.5 * crumbs + 0.5 * large, np.float32))
    )
    middle = latitude + 0.028 * large + 0.010 * fine - 0.008
    rift, flanks = np.exp(-((middle / 0.045) ** 2)), np.exp(-((latitude / 0.16) ** 2))
    lumps = 0.9 * fine + 0.45 * crumbs
    depth = 2.3 * rift * smoothstep(-1.5, 1.5, f32(lumps + 0.3 * large))
    depth += 1.0 * flanks * smoothstep(0.1, 2.2, f32(lumps - 0.4 * large))
    depth *= 0.35 + 0.65 * np.exp(-((longitude / 1.2) ** 2))
    warmth = np.clip(centre * 1.2 - 0.1, 0, 1)[..., None]
    colour = (1 - warmth) * np.array([0.50, 0.68, 1.08]) + warmth * np.array([1.08, 0.78, 0.52])
    transmission = np.exp(-depth[..., None] * np.array([0.80, 1.0, 1.22]))  # dust reddens what it dims
    light = glow[..., None] * colour * transmission
    pink = np.clip(fractal(shape, rng, 1.9) - 1.7, 0, 1.2) * glow * 0.55  # clouds of glowing hydrogen
    light += gaussian(np.asarray(pink, np.float32), 3)[..., None] * np.array([1.0, 0.28, 0.38])
    density = np.clip(glow * np.exp(-depth), 0, 1)
    return resize(np.asarray(light, np.float32), size), resize(np.asarray(density, np.float32), size)


def unresolved(density: Plane, rng: Generator, unit_px: float) -> Plane:
    """The countless faint stars that no catalogue holds: (H, W, 3), denser in the Milky Way."""
    height, width = density.shape
    count = int(9000 * (width * height) / (1024 * 1024 * unit_px**2))
    x, y = rng.random(count * 3, np.float32) * (width - 1), rng.random(count * 3, np.float32) * (height - 1)
    column, row = x.astype(np.int64), y.astype(np.int64)
    kept = rng.random(count * 3, np.float32) < 0.16 + 0.95 * density[row, column]
    flux = np.minimum((rng.pareto(1.9, int(kept.sum())) + 0.25) * 0.05, 0.8).astype(np.float32) * unit_px**2
    points = np.zeros((height, width), np.float32)
    np.add.at(points, (row[kept], column[kept]), flux)
    tint = np.array([0.92, 0.97, 1.08], np.float32)
    return gaussian(points, 0.6 * unit_px)[..., None] * tint


def night_sky(view: View, size: Size, rng: Generator, band: float, exposure: float) -> Plane:
    """Stars and Milky Way over a black sky: (H, W, 3) float32, scene light for :func:`.scene.film`."""
    light, density = milky_way(view, size, rng)
    unit_px = max(size) / 1024
    stars = draw_stars(view, size, exposure)
    return np.asarray(
        light * band + stars + unresolved(density, rng, unit_px) * (0.5 + 0.5 * exposure), np.float32
    )
