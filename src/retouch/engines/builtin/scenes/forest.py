"""A wood on a summer morning: trunks, sunlit leaves, and shafts of light through the haze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize, smoothstep
from retouch.engines.builtin.noise import fractal, fractal_line, unit
from retouch.engines.builtin.scenes import foliage
from retouch.engines.builtin.scenes.landscape import glow, grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, film, rgb_hex

_CANOPY = [(0.0, "16250f"), (0.35, "3a5a1c"), (0.6, "6f9430"), (0.82, "b5c95a"), (1.0, "eef0b0")]
_MOSS = [(0.0, "0f1a0a"), (0.4, "2b4214"), (0.75, "5c7a26"), (1.0, "97a944")]
_BARK = np.array(rgb_hex("2a2018"), np.float32)
_AIR = np.array(rgb_hex("d3d99a"), np.float32)
_SUN = np.array([rgb_hex(c) for c in ("fbf6c8", "e6ee9a", "cfe07a")], np.float32)
_DEPTHS = (0.10, 0.30, 0.55, 0.85)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The sun stands behind the leaves above one side."""
    scale = min(1.0, 880 / max(size))
    small = (max(8, round(size[0] * scale)), max(8, round(size[1] * scale)))
    longer = max(small)
    sun = framing.beside(0.15, rng), rng.uniform(0.02, 0.14)
    light = glow(small, sun, 0.38)
    air = f32(_AIR * (0.30 + 0.95 * light))
    picture = f32(foliage.distant_leaves(small, rng, _CANOPY, longer * 0.010) * (0.45 + 1.2 * light))
    picture = f32(0.45 * picture + 0.55 * air)
    holes = f32(foliage.gaps(small, rng, 0.4) * smoothstep(0.62, 0.25, grid(small)[1]))
    picture = picture + foliage.discs(small, rng, _SUN, holes, count=110, radius=longer * 0.011, light=0.9)
    undergrowth = _Undergrowth.of(small, rng)
    for near in _DEPTHS:
        picture = _row(picture, rng, near, air, undergrowth.shifted(rng))
    picture = picture + _shafts(small, rng, sun)[..., None] * _AIR * (0.10 + 0.75 * light)
    return SceneImage.of(film(resize(foliage.bloom(f32(picture), 0.35), size) * 1.15))


@dataclass(frozen=True, slots=True)
class _Undergrowth:
    """What every row of trees shows another part of: colours (H, W, 3), density and bark (H, W)."""

    moss: Plane
    green: Plane
    density: Plane
    bark: Plane

    @classmethod
    def of(cls, size: Size, rng: Generator) -> _Undergrowth:
        longer = max(size)
        shade = 0.45 + 0.8 * unit(fractal(size[::-1], rng, 1.9, 0.5))[..., None]
        return cls(
            f32(foliage.distant_leaves(size, rng, _MOSS, longer * 0.003) * shade),
            foliage.distant_leaves(size, rng, _CANOPY[:4], longer * 0.003),
            unit(fractal(size[::-1], rng, 1.35)),
            unit(f32(fractal(size, rng, 0.9, 7.0).T)),
        )

    def shifted(self, rng: Generator) -> _Undergrowth:
        """The same further along."""
        step = int(rng.integers(self.bark.shape[1]))
        return _Undergrowth(*(np.roll(p, step, 1) for p in (self.moss, self.green, self.density, self.bark)))


def _row(picture: Plane, rng: Generator, near: float, air: Plane, growth: _Undergrowth) -> Plane:
    """Ground, trunks and leaves of one depth, laid over what is behind them."""
    height, width = picture.shape[:2]
    size, longer = (width, height), max(width, height)
    x, y = grid(size)
    haze = 0.80 * (1 - near) ** 1.3
    edge = (0.62 + 0.26 * near + 0.014 * fractal_line(width, rng, 1.5))[None]
    floor = smoothstep(-0.012, 0.012, f32(y - edge))[..., None]
    ground = growth.moss * (1.1 - 0.4 * near)
    picture = f32(picture * (1 - floor) + floor * (ground * (1 - haze) + air * haze))
    stems, round_ = _stems(size, rng, near, edge, growth.density)
    bark = (
        _BARK * (0.35 + 1.3 * growth.bark[..., None]) * (0.5 + 1.4 * round_[..., None])
        + air * 0.10 * round_[..., None]
    )
    cover = gaussian(stems, longer * 0.0022 * (1.2 - near))[..., None]
    picture = f32(picture * (1 - cover) + cover * (bark * (1 - haze) + air * haze))
    share = 0.80 - 0.12 * near
    leaves = smoothstep(share - 0.06, share + 0.06, growth.density) * smoothstep(0.52, 0.02, f32(y + 0 * x))
    leaves = lens(f32(leaves), longer * (0.0025 + 0.004 * near))[..., None]
    green = growth.green * (0.9 - 0.45 * near)
    return f32(picture * (1 - leaves) + leaves * (green * (1 - haze) + air * haze))


def _stems(size: Size, rng: Generator, near: float, edge: Plane, moss: Plane) -> tuple[Plane, Plane]:
    """Trunks: cover (H, W), and how much of the light from one side their round backs catch."""
    width, height = size
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    cover, lit = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    columns = np.arange(width, dtype=np.float32)[None]
    for place in rng.uniform(-0.02, 1.02, round(15 * (1 - near) ** 1.1 + 3)):
        thick = (0.004 + 0.026 * near) * max(size) * rng.uniform(0.6, 1.3)
        foot = float(edge[0, int(np.clip(place * width, 0, width - 1))]) + 0.02
        wave = f32(fractal_line(height, rng, 2.2) * 0.10 * thick)[:, None]
        middle = place * width + (y - foot) * rng.normal(0, 0.05) * height + wave
        half = thick * (0.72 + 0.28 * y / foot + 0.9 * np.clip(y / foot - 0.90, 0, 1) * 4)
        part = slice(max(0, int((middle - half).min()) - 1), max(0, int((middle + half).max()) + 2))
        across = (columns[:, part] - middle) / half
        mask = np.clip((1 - np.abs(across)) * half + 0.5, 0, 1)
        mask = mask * smoothstep(foot + 0.012, foot - 0.02, f32(y + 0.012 * moss[:, part]))
        lit[:, part] = np.where(mask > cover[:, part], np.clip(0.5 + 0.5 * across, 0, 1) ** 2, lit[:, part])
        cover[:, part] = np.maximum(cover[:, part], mask)
    return f32(cover), f32(lit)


def _shafts(size: Size, rng: Generator, sun: tuple[float, float]) -> Plane:
    """Beams that fan out from the sun: (H, W)."""
    x, y = grid(size)
    width, height = size
    dx, dy = (x - sun[0]) * width / height, y - sun[1] + 0.25
    angle = np.arctan2(dx, dy)
    line = np.clip(0.8 * fractal_line(2048, rng, 0.9) + 0.5 * fractal_line(2048, rng, 1.6), 0, None)
    beams = np.interp(angle, np.linspace(-np.pi, np.pi, 2048), line)
    reach = np.hypot(dx, dy)
    return gaussian(f32(beams * np.exp(-reach * 1.1) * smoothstep(0.1, 0.5, f32(reach))), max(size) * 0.003)
