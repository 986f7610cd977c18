"""Impressionist: short dabs of broken, sunlit colour over a warm ground; shadows are blue, never black."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import Flow, flow, grey, smoothstep
from retouch.engines.builtin.styles.brushwork import Board, Brush, lit
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, clouds, weave
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_GROUND = np.array([0.74, 0.62, 0.46], np.float32)


def render(sheet: Sheet) -> Picture:
    """Three sizes of brush, the finest only where the eye looks: detail, and more so on the subject."""
    unit, size = sheet.unit, 0.45 + 0.55 * sheet.strength
    aim = _sunlit(sheet.rgb)
    stream = directions(sheet)
    attention = _attention(sheet)
    board = Board(
        np.broadcast_to(_GROUND, aim.shape) + 0.03 * weave(sheet.shape, sheet.rng(1), unit)[..., None]
    )
    sheet.progress(0.2)
    board.lay(aim, stream, Brush(11 * unit * size, 4, 5, 0.0, 0.045), sheet.rng(2))
    sheet.progress(0.4)
    board.lay(
        aim,
        stream,
        Brush(5.5 * unit * size, 5, 3, 0.13, 0.03),
        sheet.rng(3),
        0.6 + attention + 0.8 * sheet.subject(),
    )
    sheet.progress(0.6)
    board.lay(
        aim,
        stream,
        Brush(2.6 * unit * size, 5, 2, 0.12, 0.018),
        sheet.rng(4),
        0.1 + 1.5 * attention + 0.4 * sheet.subject(),
    )
    sheet.progress(0.75)
    board.lay(aim, stream, Brush(1.3 * unit * size, 5, 1, 0.12, 0.008), sheet.rng(5), _gaze(attention, sheet))
    sheet.progress(0.85)
    return np.clip(board.picture * (1 + 0.055 * lit(board.height, unit))[..., None], 0, 1).astype(np.float32)


def directions(sheet: Sheet) -> Flow:
    """Strokes follow the forms; in the open they drift in wide slanting curves."""
    found = flow(sheet.rgb, 4 * sheet.unit)
    sure = smoothstep(found.coherence, 0.15, 0.5)
    lean = 0.55 * clouds(sheet.shape, sheet.rng(9), 2.0) - 0.5
    x = sure * (found.x**2 - found.y**2) + (1 - sure) * np.cos(2 * lean)
    y = sure * (2 * found.x * found.y) + (1 - sure) * np.sin(2 * lean)
    angle = 0.5 * np.arctan2(y, x)
    return Flow(np.cos(angle), np.sin(angle), sure)


def _sunlit(rgb: Picture) -> Picture:
    """Brighter and more colourful, shadows towards blue-violet, lights towards warm yellow."""
    lab = to_oklab(to_linear(levelled(rgb, 0.55, most=0.7)))
    light = lab[..., 0].copy()
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    lift = 0.17 * (1 - smoothstep(chroma, 0.07, 0.2))
    lab[..., 0] = lift + (0.98 - lift) * light
    lab[..., 1:] *= np.float32(1.4)
    shade, sun = 1 - smoothstep(light, 0.15, 0.6), smoothstep(light, 0.5, 1.0)
    lab[..., 1] += 0.012 * shade + 0.004 * sun
    lab[..., 2] += -0.055 * shade + 0.024 * sun
    return to_srgb(into_gamut(lab))


def _gaze(attention: Plane, sheet: Sheet) -> Plane:
    """Where the finest brush goes: sharp detail, and eyes and lettering on the subject before all."""
    return np.asarray(1.6 * attention**2 + 1.0 * attention * sheet.subject(), np.float32)


def _attention(sheet: Sheet) -> Plane:
    """0..1: local contrast, counted twice on the subject."""
    light, unit = grey(sheet.rgb), sheet.unit
    busy = blur(np.abs(light - blur(light, 4 * unit)), 7 * unit)
    return smoothstep(busy * (0.55 + 0.75 * sheet.subject()), 0.008, 0.06)
