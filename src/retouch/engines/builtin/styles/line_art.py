"""Line art: black contour lines of swelling width on white, a little solid black in the deepest shadows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.painting import abstraction, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, clouds

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet


def render(sheet: Sheet) -> Picture:
    """Ink on white. The nib's width and the hand's pressure come from the sheet's seed."""
    unit = sheet.unit
    nib = unit * float(sheet.rng(2).uniform(0.85, 1.2))
    clean = abstraction(levelled(sheet.rgb, 0.55), 2 * unit, 5 * unit)
    sheet.progress(0.4)
    light = local_contrast(grey(clean), unit)
    stream = flow(clean, 3 * unit)
    thin = ink(light, stream, 0.95 * nib, amount=30, threshold=0.34, slope=4)
    bold = ink(light, stream, 2.2 * nib, amount=26, threshold=0.34, slope=4)
    sheet.progress(0.8)
    pressure = np.clip(0.55 + 0.45 * clouds(sheet.shape, sheet.rng(1), 1.4), 0, 1)
    black = 1 - np.minimum(thin, 1 - (1 - bold) * pressure)
    black = smoothstep(black, 0.3, 0.7)
    return np.repeat((1 - 0.95 * black)[..., None], 3, -1).astype(np.float32)


def local_contrast(light: Plane, unit: float) -> Plane:
    """Lightness with its wide variations evened out, around 0.6: shadows and skies lose their weight."""
    mean = blur(light, 24 * unit)
    spread = np.sqrt(np.maximum(blur((light - mean) ** 2, 24 * unit), 0)) + 0.025
    return np.asarray(0.62 + 0.16 * (light - mean) / spread, np.float32)
