"""Oil painting: patches drawn out along the forms, thick paint whose bristle marks catch the light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import Flow, along, flow, grey, kuwahara, smoothstep
from retouch.engines.builtin.styles.colouring import enriched
from retouch.engines.builtin.surface import blur, clouds, weave

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet


def render(sheet: Sheet) -> Picture:
    """Kuwahara patches, coarse in quiet parts and fine where there is detail, lit along the brush."""
    unit = sheet.unit
    size = (0.5 + 0.5 * sheet.strength) * float(sheet.rng(4).uniform(0.85, 1.2))
    stream = _brush(sheet)
    coarse = kuwahara(sheet.rgb, 6.5 * unit * size, 9)
    sheet.progress(0.35)
    fine = kuwahara(sheet.rgb, 2.6 * unit * size, 9)
    sheet.progress(0.5)
    detail = _detail(sheet.rgb, unit)[..., None]
    paint = along(coarse * (1 - detail) + fine * detail, stream, 7 * unit * size, steps=5)
    paint = paint * (1 - 0.5 * detail) + fine * (0.5 * detail)
    sheet.progress(0.65)
    paint = enriched(paint, chroma=1.22, contrast=14)
    relief = _bristles(sheet, stream, detail[..., 0])
    sheet.progress(0.85)
    return np.asarray(
        np.clip(paint * (1 + 0.12 * relief[..., None]) + 0.01 * relief[..., None], 0, 1), np.float32
    )


def _brush(sheet: Sheet) -> Flow:
    """Along the forms; where the picture gives no direction, in slow drifting curves."""
    found = flow(sheet.rgb, 5 * sheet.unit)
    drift = 0.9 * clouds(sheet.shape, sheet.rng(1), 2.2) + 0.5
    sure = smoothstep(found.coherence, 0.1, 0.5)
    # Directions are mixed at double angle: a brush has no front end.
    x = sure * (found.x**2 - found.y**2) + (1 - sure) * np.cos(2 * drift)
    y = sure * (2 * found.x * found.y) + (1 - sure) * np.sin(2 * drift)
    angle = 0.5 * np.arctan2(blur(y, 3 * sheet.unit), blur(x, 3 * sheet.unit))
    return Flow(np.cos(angle), np.sin(angle), sure)


def _detail(rgb: Picture, unit: float) -> Plane:
    """Where a fine brush is wanted, 0..1: strong contrast within a few pixels, such as eyes and lettering."""
    light = grey(rgb)
    busy = blur(np.abs(light - blur(light, 3 * unit)), 6 * unit)
    return smoothstep(busy, 0.03, 0.1)


def _bristles(sheet: Sheet, stream: Flow, detail: Plane) -> Plane:
    """Height of the paint lit from the upper left, about -1..1."""
    unit = sheet.unit
    noise = sheet.rng(2).standard_normal(sheet.shape, dtype=np.float32)
    noise = blur(noise, 1.1 * unit)
    hairs = along(noise, stream, 26 * unit, steps=10)
    hairs /= hairs.std() + 1e-6
    slope = cv2.Sobel(hairs, cv2.CV_32F, 1, 0) + cv2.Sobel(hairs, cv2.CV_32F, 0, 1)
    slope = slope / (slope.std() + 1e-6)
    # Skin and other finely shaded parts of the subject are painted thin.
    thick = (1 - 0.55 * detail) * (1 - 0.45 * sheet.subject())
    return np.asarray(
        np.clip((0.5 * slope + 0.35 * hairs) * thick, -2, 2) + 0.12 * weave(sheet.shape, sheet.rng(3), unit),
        np.float32,
    )
