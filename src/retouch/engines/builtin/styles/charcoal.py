"""Charcoal: broad rubbed darks and bold soft lines on toned paper, the lights set in with white chalk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.painting import along, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.surface import blur, clouds, grain, left_open

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

# Toned papers, sRGB: buff, grey-blue, warm grey, kraft.
_PAPERS = np.array(
    [[0.74, 0.68, 0.58], [0.63, 0.67, 0.70], [0.69, 0.67, 0.64], [0.72, 0.62, 0.50]], np.float32
)
_COAL = np.array([0.075, 0.07, 0.07], np.float32)
_CHALK = np.array([0.985, 0.975, 0.95], np.float32)


def render(sheet: Sheet) -> Picture:
    """Paper, rubbed tone, strokes of the stick's side, lines, chalk. The seed picks paper and slant."""
    unit, rng = sheet.unit, sheet.rng(1)
    sheet_of_paper = _PAPERS[int(rng.integers(len(_PAPERS)))]
    light = grey(levelled(sheet.rgb, 0.5, most=0.9))
    fine = attention(sheet)
    tooth = _tooth(sheet)
    sheet.progress(0.2)
    stick = _stick(sheet, float(rng.uniform(28, 62)))
    sheet.progress(0.4)
    open_border = smoothstep(left_open(sheet.shape, sheet.rng(2), 0.045) + 0.13 * stick, 0.3, 0.7)
    dark = _darks(light, fine, unit)
    rubbed = blur(dark, 6 * unit) * (1 - fine) + blur(dark, unit) * fine
    pressed = dark * (1 + 0.3 * stick * (1 - 0.75 * fine))
    grainy = smoothstep(pressed + 0.17 * tooth * (1 - 0.4 * fine), 0.12, 1.05)
    coal = 1 - (1 - 0.6 * rubbed) * (1 - 0.85 * grainy) * (1 - _lines(light, sheet, tooth))
    sheet.progress(0.75)
    chalk = _chalk(light, fine, stick, tooth) * open_border
    coal = np.clip(coal * open_border, 0, 0.985) * (1 - 0.8 * chalk)
    ground = sheet_of_paper + 0.018 * tooth[..., None] + 0.02 * clouds(sheet.shape, sheet.rng(3))[..., None]
    drawn = ground * (1 - coal[..., None]) + _COAL * coal[..., None]
    return np.asarray(np.clip(drawn * (1 - chalk[..., None]) + _CHALK * chalk[..., None], 0, 1), np.float32)


def _tooth(sheet: Sheet) -> Plane:
    """Laid paper: coarse grain and the ribs of the mould, mean 0, deviation about 1."""
    unit, shape = sheet.unit, sheet.shape
    rough = grain(shape, sheet.rng(4), 1.7 * unit) + 0.5 * grain(shape, sheet.rng(5), 4 * unit)
    pitch = max(3.0, 4.4 * unit)
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    wobble = 0.5 * clouds(shape, sheet.rng(6), 2)
    ribs = np.sin(2 * np.pi * rows / np.float32(pitch) + wobble)
    return np.asarray(np.clip(0.8 * rough + 0.35 * ribs, -2.2, 2.2), np.float32)


def _stick(sheet: Sheet, slant: float) -> Plane:
    """Broad marks of the stick's long side, side by side, deviation 1."""
    unit = sheet.unit
    noise = blur(sheet.rng(7).standard_normal(sheet.shape, dtype=np.float32), 2.6 * unit)
    reach = max(3, round(34 * unit))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    dx, dy = reach * np.cos(np.radians(slant)), -reach * np.sin(np.radians(slant))
    ends = (round(reach - dx), round(reach - dy)), (round(reach + dx), round(reach + dy))
    cv2.line(kernel, *ends, 1, 1)
    drawn = cv2.filter2D(noise, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(drawn / (drawn.std() + 1e-6), np.float32)


def _darks(light: Plane, fine: Plane, unit: float) -> Plane:
    """How dark the hand goes, 0..1: masses simplified, their contrast with the surroundings drawn up."""
    simple = blur(light, 2.5 * unit) * (1 - fine) + light * fine
    against = simple - blur(light, 26 * unit)
    return np.asarray(np.clip((0.8 - simple - 0.5 * against) / 0.72, 0, 1) ** np.float32(1.25), np.float32)


def _lines(light: Plane, sheet: Sheet, tooth: Plane) -> Plane:
    """Contours in soft black, swelling with the pressure of the hand, 0..1."""
    unit = sheet.unit
    stream = flow(sheet.rgb, 3 * unit)
    bold = 1 - ink(light, stream, 2.0 * unit, amount=14, threshold=0.42, slope=3)
    thin = 1 - ink(light, stream, 1.0 * unit, amount=11, threshold=0.45, slope=3)
    pressure = np.clip(0.55 + 0.4 * clouds(sheet.shape, sheet.rng(8), 1.3), 0.1, 1)
    lines = np.maximum(0.75 * bold * pressure, 0.7 * thin)
    lines = along(np.asarray(lines, np.float32), stream, 3 * unit, steps=3)
    return np.asarray(np.clip(lines * (0.95 + 0.16 * tooth), 0, 0.95), np.float32)


def _chalk(light: Plane, fine: Plane, stick: Plane, tooth: Plane) -> Plane:
    """White chalk on the highest lights, caught by the tooth, 0..1."""
    wanted = smoothstep(light, 0.6, 1.0)
    laid = smoothstep(wanted * (1 + 0.3 * stick * (1 - fine)) + 0.16 * tooth, 0.1, 1.0)
    return np.asarray(0.92 * laid * smoothstep(wanted, 0.02, 0.25), np.float32)
