"""Van Gogh: long strokes swirling side by side, blue against yellow, paint thick as ploughed earth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import Flow, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.brushwork import Board, Brush, lit
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, clouds, weave
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_GROUND = np.array([0.62, 0.52, 0.30], np.float32)
_CONTOUR = np.array([0.05, 0.09, 0.22], np.float32)  # Prussian blue


def render(sheet: Sheet) -> Picture:
    """Three brushes along one flow field, contours redrawn before the last. The seed stirs the sky."""
    unit, size = sheet.unit, 0.5 + 0.5 * sheet.strength
    aim = _palette(sheet.rgb, sheet)
    stream = swirls(sheet)
    fine = attention(sheet)
    board = Board(
        np.broadcast_to(_GROUND, aim.shape) + 0.03 * weave(sheet.shape, sheet.rng(1), unit)[..., None]
    )
    sheet.progress(0.2)
    board.lay(aim, stream, Brush(7.8 * unit * size, 10, 4, 0.0, 0.075), sheet.rng(2))
    sheet.progress(0.45)
    drawn = _contoured(aim, stream, sheet)
    eager = 0.5 + 0.8 * fine + 0.35 * sheet.subject()
    board.lay(drawn, stream, Brush(4.7 * unit * size, 9, 3, 0.2, 0.06), sheet.rng(3), eager)
    sheet.progress(0.65)
    board.lay(drawn, stream, Brush(2.6 * unit * size, 6, 2, 0.2, 0.03), sheet.rng(4), 0.05 + 1.05 * fine)
    board.lay(drawn, stream, Brush(1.3 * unit * size, 5, 1, 0.15, 0.01), sheet.rng(5), 1.5 * fine**2)
    sheet.progress(0.85)
    relief = lit(board.height, unit) * (1 - 0.65 * fine)
    shown = board.picture * (1 + 0.115 * relief[..., None]) + 0.018 * np.maximum(relief, 0)[..., None]
    return np.asarray(np.clip(shown, 0, 1), np.float32)


def swirls(sheet: Sheet) -> Flow:
    """Along the forms where they are clear, elsewhere around the hills and hollows of a random land."""
    unit = sheet.unit
    found = flow(sheet.rgb, 6 * unit)
    sure = smoothstep(found.coherence, 0.25, 0.75) * (
        0.45 + 0.55 * np.maximum(sheet.subject(), attention(sheet))
    )
    land = blur(clouds(sheet.shape, sheet.rng(6), 2.0, scale=1.15), 14 * unit)
    # Wide level lines of the land close into whirls; a slant keeps them moving across.
    rise_y, rise_x = (np.asarray(g, np.float32) for g in _slopes(land))
    angle = np.arctan2(-rise_x, rise_y)
    x = sure * (found.x**2 - found.y**2) + (1 - sure) * np.cos(2 * angle)
    y = sure * (2 * found.x * found.y) + (1 - sure) * np.sin(2 * angle)
    mixed = 0.5 * np.arctan2(blur(y, 3 * unit), blur(x, 3 * unit))
    return Flow(np.cos(mixed), np.sin(mixed), np.asarray(sure, np.float32))


def _slopes(land: Plane) -> tuple[Plane, Plane]:
    """Differences downwards and to the right, of the land's own shape at any size."""
    down = np.diff(land, axis=0, append=land[-1:])
    right = np.diff(land, axis=1, append=land[:, -1:])
    return down, right


def _palette(rgb: Picture, sheet: Sheet) -> Picture:
    """Chrome yellow in the lights, cobalt and ultramarine in the shades, greens between; bands of both."""
    lab = to_oklab(to_linear(levelled(rgb, 0.5, most=0.85)))
    light = lab[..., 0].copy()
    lab[..., 0] = 0.13 + 0.82 * light
    lab[..., 1:] *= np.float32(1.45)
    shade, sun = 1 - smoothstep(light, 0.2, 0.68), smoothstep(light, 0.55, 0.98)
    band = 0.5 * clouds(sheet.shape, sheet.rng(7), 1.5)
    open_ = 1 - 0.65 * sheet.subject()
    lab[..., 1] += -0.012 * shade - 0.008 * sun
    lab[..., 2] += open_ * (-0.085 * shade + 0.075 * sun + 0.035 * band) + (1 - open_) * 0.02 * sun
    lab[..., 0] += 0.035 * open_ * band
    return to_srgb(into_gamut(lab))


def _contoured(aim: Picture, stream: Flow, sheet: Sheet) -> Picture:
    """The aim with its forms outlined in dark blue, as thick as the middle brush."""
    unit = sheet.unit
    lines = 1 - ink(grey(blur(aim, 1.5 * unit)), stream, 1.9 * unit, amount=15, threshold=0.36, slope=5)
    cover = (0.8 * lines)[..., None]
    return np.asarray(aim * (1 - cover) + _CONTOUR * cover, np.float32)
