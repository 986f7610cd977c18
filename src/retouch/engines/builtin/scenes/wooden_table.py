"""A wooden table before a room out of focus: boards with their grain, the window's sheen on them."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from retouch.engines.builtin.blur import Plane, f32, gaussian, lens, resize, smoothstep
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import foliage, relief
from retouch.engines.builtin.scenes.landscape import grid
from retouch.engines.builtin.scenes.scene import Framing, SceneImage, Size, colour_ramp, film, rgb_hex

HORIZON = 0.58  # the table's far edge
_WOOD = [(0.0, "3a2112"), (0.35, "6f4322"), (0.6, "95602f"), (0.8, "b98248"), (1.0, "d4a468")]
_ROOM = [(0.0, "4a3a2c"), (0.45, "8d7458"), (0.75, "c9b493"), (1.0, "efe4cc")]
_LAMPS = np.array([rgb_hex(c) for c in ("ffe9c0", "ffd394", "fff6e0")], np.float32)
_BOARDS = 9


def draw(size: Size, rng: Generator, framing: Framing) -> SceneImage:
    """The table's edge lies behind the subject; boards run across the picture."""
    work = relief.working_size(size)
    longer = max(work)
    edge = relief.eye_level(framing, HORIZON, 0.2)
    room = _room(work, rng, edge)
    horizon = edge - 0.42  # the eye looks down on the table
    table = relief.look_over(np.zeros((relief.TILE, relief.TILE), np.float32), work, horizon, rng, 1.9, far=6)
    tone, groove = _boards(rng)
    seen, gap = table.look_up(tone), table.look_up(groove)
    wood = colour_ramp(np.clip(seen, 0, 1)[..., None], _WOOD) * (1 - 0.82 * gap)[..., None]
    x, y = grid(work)
    near = np.clip((y - edge) / (1 - edge), 0, 1)
    line = min(max(int(edge * work[1]), 1), work[1] - 1)
    flipped = np.concatenate([room[:line], room[:line][::-1], room[:line]])[line : line + work[1] - line]
    mirror = np.zeros_like(room)
    mirror[line : line + len(flipped)] = gaussian(f32(flipped), longer * 0.02)[: work[1] - line]
    sheen = ((0.05 + 0.30 * (1 - near) ** 2) * (1 - 0.35 * seen))[..., None]
    wood = wood * (0.62 + 0.30 * near[..., None]) * np.array([1.05, 1.0, 0.93], np.float32) + mirror * sheen
    blurred = lens(f32(wood), longer * 0.005)
    far = smoothstep(0.35, 0.0, f32(near + 0 * x))[..., None]
    wood = blurred * far + wood * (1 - far)
    cover = lens(f32(smoothstep(-0.002, 0.002, f32(y - edge + 0 * x))), longer * 0.004)[..., None]
    return SceneImage.of(film(resize(f32(room * (1 - cover) + wood * cover), size) * 1.3))


def _room(size: Size, rng: Generator, edge: float) -> Plane:
    """A wall, a window, plants and lamps, all far out of focus: (H, W, 3)."""
    width, height = size
    longer = max(size)
    x, y = grid(size)
    tone = 0.42 + 0.12 * fractal((height, width), rng, 2.2) + 0.12 * (1 - np.abs(y - 0.3)) + 0 * x
    room = colour_ramp(f32(np.clip(tone, 0, 1))[..., None], _ROOM) * 0.72
    left = rng.choice([0.02, 0.62])
    for pane in range(2):
        at = left + pane * 0.17
        window = ((x > at) & (x < at + 0.15) & (y > 0.02) & (y < edge - 0.10))[..., None]
        room = np.where(window, np.array([1.15, 1.12, 1.02], np.float32), room)
    for _ in range(6):
        at, wide = rng.random(), rng.uniform(0.05, 0.16)
        top = edge - rng.uniform(0.05, 0.24)
        thing = ((np.abs(x - at) < wide / 2) & (y > top))[..., None]
        room = np.where(
            thing, np.array(rgb_hex(rng.choice(["3c4a30", "5a3f2c", "2f3538", "7a5a3a", "8f8a7c"]))), room
        )
    soft = lens(resize(f32(room), (max(1, width // 2), max(1, height // 2))), longer * 0.016)
    room = gaussian(resize(soft, size), longer * 0.005)
    band = f32(np.exp(-(((np.linspace(0, 1, 32) - edge * 0.6) / 0.2) ** 2)))[:, None].repeat(2, 1)
    return f32(room + foliage.discs(size, rng, _LAMPS, band, count=22, radius=longer * 0.017, light=0.7))


def _boards(rng: Generator) -> tuple[Plane, Plane]:
    """A tile's tone (0..1) and its grooves (0..1): boards across, each cut from another tree."""
    side = relief.TILE
    rings, fibre, stain = (
        fractal((side, side), rng, 1.9, 7.0),
        fractal((side, side), rng, 0.75, 26.0),
        fractal((side, side), rng, 2.0),
    )
    y = np.arange(side, dtype=np.float32)[:, None] / side * _BOARDS
    board = np.floor(y).astype(np.int64)[:, 0]
    tones = rng.normal(0, 0.11, _BOARDS + 1)
    shifts = rng.integers(side, size=_BOARDS + 1)
    columns = (np.arange(side)[None] + shifts[board][:, None]) % side
    rows = np.arange(side)[:, None]
    bands = np.sin(rings[rows, columns] * 9.0 + y * 2.4)
    tone = 0.50 + tones[board][:, None] + 0.11 * bands + 0.085 * fibre[rows, columns] + 0.05 * stain
    inside = np.minimum(y % 1, 1 - y % 1)
    return f32(tone), f32(np.tile(smoothstep(0.020, 0.004, f32(inside)), (1, side)))
