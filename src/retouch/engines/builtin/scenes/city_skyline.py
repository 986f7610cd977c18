"""A city across the water after sunset: towers with lit windows, their lights drawn out in the waves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize
from retouch.engines.builtin.scenes.landscape import deck, glow, mirror_sea
from retouch.engines.builtin.scenes.scene import (
    Framing,
    SceneImage,
    Size,
    colour_ramp,
    film,
    height_ramp,
    rgb_hex,
)

HORIZON = 0.76
_DUSK = [(0.0, "0a1230"), (0.4, "1b2a5c"), (0.7, "4a4a86"), (0.88, "9a6a86"), (1.0, "e09a6a")]
_LIGHTS = np.array([rgb_hex(c) for c in ("ffc37a", "ffd9a6", "ffe9cf", "cfe0ff", "ffb259")], np.float32)


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """Three rows of towers, the highest where the subject does not hide them."""
    scale = min(1.0, 1600 / max(size))
    work = (max(16, round(size[0] * scale)), max(16, round(size[1] * scale)))
    v = height_ramp(work)
    middle = framing.beside(0.55, rng)
    picture = colour_ramp(np.clip(v / HORIZON, 0, 1), _DUSK) * 0.62
    picture = f32(picture + glow(work, (middle, HORIZON), 0.16) * np.array([0.40, 0.22, 0.12]))
    field, near = deck(work, rng, HORIZON, 0.2, 1.9)
    picture = f32(picture * (1 - 0.30 * (np.clip(field, 0, 2) * np.clip(near * 3, 0, 1))[..., None] * 0.6))
    beacons = np.zeros_like(picture)
    for near_ in (0.0, 0.5, 1.0):
        _towers(picture, beacons, rng, near_, middle)
    unit = max(work) / 1024
    lit = np.clip(picture - 0.35, 0, None)
    picture = picture + 0.30 * gaussian(f32(lit), 2.5 * unit) + 0.45 * gaussian(f32(lit), 14 * unit)
    picture = picture + gaussian(beacons, 1.0 * unit) * 2 + gaussian(beacons, 4 * unit) * 2
    mirrored = mirror_sea(f32(picture), HORIZON, rng, 1.0)
    line = int(HORIZON * work[1])
    smeared = (
        cv2.blur(mirrored[line:], (3, max(3, int(work[1] * 0.05)))) if line < work[1] else mirrored[line:]
    )
    mirrored[line:] = 0.45 * mirrored[line:] + 0.55 * smeared
    return SceneImage.of(film(resize(f32(mirrored), size) * 1.35))


def _towers(picture: Plane, beacons: Plane, rng: Generator, near: float, middle: float) -> None:
    """A row of houses, drawn over what is behind it."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    x = -0.02 * width
    foot = int(HORIZON * height)
    while x < width:
        wide = (0.026 + 0.026 * near) * longer * rng.uniform(0.6, 1.6)
        centre = np.exp(-(((x / width - middle) / 0.42) ** 2))
        tall = (0.06 + (0.50 - 0.30 * near) * centre * rng.beta(1.5, 2.0) + 0.07 * rng.random()) * longer
        box = int(max(x, 0)), int(max(foot - tall, 0)), int(min(x + wide, width)), foot
        if box[2] - box[0] > 2 and box[3] - box[1] > 2:
            _tower(picture, rng, box, near)
            if tall > 0.22 * longer and rng.random() < 0.4:
                _mast(picture, beacons, rng, box)
        x += wide * rng.uniform(0.75, 1.25)


def _tower(picture: Plane, rng: Generator, box: tuple[int, int, int, int], near: float) -> None:
    """One house: a dark front, a step at its top, and its lit windows, by floors."""
    left, top, right, foot = box
    longer = max(picture.shape)
    wall = np.array([0.050, 0.055, 0.095], np.float32) * (1.35 - 0.95 * near) * rng.uniform(0.7, 1.2)
    shade = np.linspace(1.25, 0.75, right - left, dtype=np.float32)[None, :, None]
    step = int((right - left) * rng.choice([0.0, 0.0, 0.18, 0.3]))
    crown = top - int(step * rng.uniform(0.5, 1.5)) if step else top
    picture[max(crown, 0) : top, left + step : right - step] = wall
    picture[top:foot, left:right] = wall * shade
    cell = max(2.0, longer * (0.0034 + 0.0020 * near))
    floors, rooms = int((foot - top) / (cell * 1.25)), int((right - left) / cell)
    if floors < 1 or rooms < 1:
        return
    share = rng.uniform(0.12, 0.55)
    flats = rng.random((floors, -(-rooms // 2))).repeat(2, axis=1)[:, :rooms]
    lit = (
        0.5 * flats + 0.5 * rng.random((floors, rooms)) < share * rng.uniform(0.3, 1.6, (floors, 1))
    ).astype(np.float32)
    colour = (
        _LIGHTS[rng.integers(len(_LIGHTS))] * 0.6
        + 0.4 * _LIGHTS[rng.integers(len(_LIGHTS), size=(floors, rooms))]
    )
    light = f32(lit[..., None] * colour * rng.gamma(1.6, 0.42, (floors, rooms, 1)) * (0.75 + 0.5 * near))
    grown = cv2.resize(light, (right - left, foot - top), interpolation=cv2.INTER_NEAREST)
    frame = _frame(foot - top, floors, 0.62)[:, None] * _frame(right - left, rooms, 0.62)[None]
    picture[top:foot, left:right] += grown * frame[..., None]


def _frame(length: int, cells: int, share: float) -> Plane:
    """1 inside a window, 0 on the wall between, antialiased: (length,)."""
    phase = (np.arange(length * 4) + 0.5) / (length * 4) * cells % 1
    return f32((np.abs(phase - 0.5) < share / 2).reshape(length, 4).mean(1))


def _mast(picture: Plane, beacons: Plane, rng: Generator, box: tuple[int, int, int, int]) -> None:
    """A spire with a red lamp."""
    left, top, right, _ = box
    middle = (left + right) // 2
    tip = max(1, top - int((right - left) * rng.uniform(0.8, 2.0)))
    picture[tip:top, middle : middle + max(1, picture.shape[1] // 900)] = 0.03
    beacons[max(tip - 1, 0) : tip + 1, middle : middle + 2] += np.array([2.2, 0.15, 0.10], np.float32)
