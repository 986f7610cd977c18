"""Blueprint: white lines on Prussian blue, hatched shadows, and measures around the subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_float
from retouch.engines.builtin.painting import abstraction, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.line_art import local_contrast
from retouch.engines.builtin.surface import blur, clouds, grain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_BLUE = np.array([0.045, 0.185, 0.43], np.float32)
_FADED = np.array([0.10, 0.30, 0.56], np.float32)
_LINE = np.array([0.90, 0.95, 0.99], np.float32)
_SHIFT = 3  # fractional bits of the coordinates given to OpenCV


def render(sheet: Sheet) -> Picture:
    """The picture as a technical drawing. The seed ages the paper and places sheet and measures."""
    unit = sheet.unit
    clean = abstraction(levelled(sheet.rgb, 0.55), 2 * unit, 5 * unit)
    sheet.progress(0.35)
    drawn = _drawn(clean, sheet)
    sheet.progress(0.65)
    shaded = _hatched(grey(clean), sheet)
    board = to_float(_drafted(sheet))
    for plane in (drawn, shaded):
        plane[_title_field(sheet)] = 0
    sheet.progress(0.8)
    tooth = grain(sheet.shape, sheet.rng(2), 1.5 * unit)
    line = 1 - (1 - drawn) * (1 - 0.55 * shaded) * (1 - 0.92 * board)
    line = np.clip(line * (0.93 + 0.09 * tooth), 0, 1)[..., None]
    paper = _paper(sheet, tooth)
    # A print from a tracing bleeds a little light around its lines.
    halo = 0.10 * blur(line[..., 0], 3 * unit)[..., None]
    return np.asarray(np.clip((paper + halo) * (1 - line) + _LINE * line, 0, 1), np.float32)


def _drawn(clean: Picture, sheet: Sheet) -> Plane:
    """Contours 0..1: fine for what lies inside, a thicker one around the subject."""
    unit = sheet.unit
    size = unit * (0.7 + 0.3 * sheet.strength) * float(sheet.rng(8).uniform(0.85, 1.25))
    light = local_contrast(grey(clean), unit)
    stream = flow(clean, 3 * unit)
    inner = 1 - ink(light, stream, 0.85 * size, amount=28, threshold=0.32, slope=4)
    subject = blur(sheet.subject(), 1.2 * unit)
    slope = np.hypot(cv2.Sobel(subject, cv2.CV_32F, 1, 0), cv2.Sobel(subject, cv2.CV_32F, 0, 1)) / 8
    outer = smoothstep(np.asarray(slope * unit, np.float32), 0.05, 0.14)
    weight = 0.5 + 0.5 * sheet.subject()
    return np.asarray(np.maximum(smoothstep(inner, 0.25, 0.75) * weight, 0.95 * outer), np.float32)


def _hatched(light: Plane, sheet: Sheet) -> Plane:
    """Shadows as ruled lines, crossed in the deepest, 0..1; a face is left to its own lines."""
    unit = sheet.unit
    soft = blur(light, 2 * unit)
    angle = float(sheet.rng(3).uniform(40, 50))
    first = _ruled(sheet.shape, angle, 6.4 * unit) * (1 - smoothstep(soft, 0.26, 0.36))
    second = _ruled(sheet.shape, angle - 90, 6.4 * unit) * (1 - smoothstep(soft, 0.10, 0.18))
    calm = 1 - 0.5 * attention(sheet)
    return np.asarray(np.maximum(first, second) * calm * (0.45 + 0.55 * sheet.subject()), np.float32)


def _ruled(shape: tuple[int, int], degrees: float, pitch: float) -> Plane:
    """Parallel thin lines, 0..1."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    pitch = max(pitch, 4.0)
    c, s = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    across = (x * s + y * c) / np.float32(pitch)
    apart = np.abs(across - np.round(across)) * np.float32(pitch)
    return 1 - smoothstep(apart, 0.3, 0.3 + max(0.7, 0.12 * pitch))


def _paper(sheet: Sheet, tooth: Plane) -> Picture:
    """Blue of uneven exposure with two folds and the squares of the paper."""
    unit, rng = sheet.unit, sheet.rng(4)
    height, width = sheet.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    uneven = 0.30 + 0.13 * clouds(sheet.shape, sheet.rng(5), 1.7) + 0.02 * tooth
    for place, long in ((x, width), (y, height)):
        fold = np.abs(place - np.float32(long * rng.uniform(0.3, 0.7))) / np.float32(unit)
        uneven = uneven + 0.16 * np.exp(-fold / 2.2) + 0.05 * np.exp(-fold / 22)
    fine, coarse = (_squares(x, y, step * unit) for step in (16, 80))
    uneven = uneven + 0.13 * fine + 0.28 * coarse
    deep = _BLUE * np.asarray(1 + rng.uniform(-0.16, 0.16) + rng.uniform(-0.1, 0.1, 3), np.float32)
    return np.asarray(deep + (_FADED - deep) * np.clip(uneven, 0, 1.4)[..., None], np.float32)


def _squares(x: Plane, y: Plane, pitch: float) -> Plane:
    pitch = max(pitch, 6.0)
    apart = np.minimum(*(np.abs(p / np.float32(pitch) - np.round(p / np.float32(pitch))) for p in (x, y)))
    return 1 - smoothstep(np.asarray(apart * np.float32(pitch), np.float32), 0.2, 1.1)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws thin lines in pixels with fractions on an 8-bit plane."""

    plane: NDArray[np.uint8]
    unit: float

    def line(self, start: tuple[float, float], end: tuple[float, float], shade: int = 225) -> None:
        """A line as thin as the sheet allows."""
        a, b = (tuple(round(v * (1 << _SHIFT)) for v in point) for point in (start, end))
        cv2.line(self.plane, a, b, shade, max(1, round(1.25 * self.unit)), cv2.LINE_AA, _SHIFT)

    def dashed(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A centre line: long dash, dot, long dash."""
        way = np.array([end[0] - start[0], end[1] - start[1]], np.float64)
        long = float(np.hypot(*way))
        at, i = 0.0, 0
        while at < long:
            step = min((18.0, 3.0)[i % 2] * max(self.unit, 0.25), long - at)
            a, b = (np.array(start) + way * (t / long) for t in (at, at + step))
            self.line((a[0], a[1]), (b[0], b[1]), 190)
            at, i = at + step + 5 * max(self.unit, 0.25), i + 1

    def measure(self, start: tuple[float, float], end: tuple[float, float], value: int) -> None:
        """A dimension line with oblique ticks at its ends and the number at its middle."""
        self.line(start, end)
        tick = 5 * self.unit
        for x, y in (start, end):
            self.line((x - tick, y + tick), (x + tick, y - tick), 235)
        upright = abs(end[0] - start[0]) < abs(end[1] - start[1])
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        self.number(str(value), x + (5 * self.unit if upright else -14 * self.unit), y - 5 * self.unit)

    def number(self, text: str, x: float, y: float) -> None:
        """Digits in a plotter's strokes."""
        if self.unit > 0.4:
            at = (round(x), round(y))
            scale, thick = 0.42 * self.unit, max(1, round(self.unit))
            cv2.putText(self.plane, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 225, thick, cv2.LINE_AA)


def _drafted(sheet: Sheet) -> NDArray[np.uint8]:
    """Border, title block, centre lines and dimensions of the subject, 0..255."""
    height, width = sheet.shape
    unit, rng = sheet.unit, sheet.rng(6)
    pen = _Pen(np.zeros(sheet.shape, np.uint8), unit)
    for gap in (10 * unit, 15 * unit):
        _box(pen, (gap, gap), (width - gap, height - gap))
    left, top, right, bottom = _extent(sheet)
    margin = 30 * unit
    low, beside = min(bottom + 20 * unit, height - margin), max(left - 20 * unit, margin)
    pen.dashed(((left + right) / 2, max(top - 30 * unit, margin)), ((left + right) / 2, low))
    pen.dashed((beside, (top + bottom) / 2), (min(right + 30 * unit, width - margin), (top + bottom) / 2))
    scale = float(rng.uniform(0.6, 2.4)) / max(unit, 1e-3)
    pen.measure((left, low), (right, low), round((right - left) * scale))
    pen.measure((beside, top), (beside, bottom), round((bottom - top) * scale))
    for x in (left, right):
        pen.line((x, bottom - 30 * unit), (x, low + 6 * unit), 170)
    for y in (top, bottom):
        pen.line((left + 30 * unit, y), (beside - 6 * unit, y), 170)
    _title(pen, sheet)
    return pen.plane


def _box(pen: _Pen, corner: tuple[float, float], other: tuple[float, float]) -> None:
    (a, b), (c, d) = corner, other
    for start, end in (((a, b), (c, b)), ((c, b), (c, d)), ((c, d), (a, d)), ((a, d), (a, b))):
        pen.line(start, end, 170)


def _title_field(sheet: Sheet) -> tuple[slice, slice]:
    """Rows and columns of the title block in the lower right corner; none where it would not fit."""
    height, width = sheet.shape
    right, bottom = width - round(15 * sheet.unit), height - round(15 * sheet.unit)
    left, top = right - round(190 * sheet.unit), bottom - round(54 * sheet.unit)
    if left < 0.45 * width or top < 0.6 * height:
        return slice(0), slice(0)
    return slice(top, bottom), slice(left, right)


def _title(pen: _Pen, sheet: Sheet) -> None:
    """The title block: ruled fields with numbers only."""
    unit, rng = sheet.unit, sheet.rng(7)
    rows, columns = _title_field(sheet)
    if not rows.stop:
        return
    pen.plane[rows, columns] = 0
    left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
    _box(pen, (left, top), (right, bottom))
    pen.line((left, top + 27 * unit), (right, top + 27 * unit), 170)
    for part in (0.34, 0.7):
        pen.line((left + part * 190 * unit, top), (left + part * 190 * unit, bottom), 170)
    a, b, c, d, e = rng.integers((100, 1, 1, 10, 10), (999, 9, 9, 99, 99)).tolist()
    fields = (f"1:{int(rng.choice((5, 10, 20, 50)))}", f"{a}-{b}", f"{c}", "mm", f"{d}.{e}", "A")
    for i, text in enumerate(fields):
        column, row = (0.04, 0.38, 0.76)[i % 3], 18 + 27 * (i // 3)
        pen.number(text, left + column * 190 * unit, top + row * unit)


def _extent(sheet: Sheet) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the subject; the middle of the sheet where there is none."""
    height, width = sheet.shape
    inside = sheet.subject() > 0.5
    columns, rows = np.flatnonzero(inside.mean(0) > 0.02), np.flatnonzero(inside.mean(1) > 0.02)
    if not len(columns) or not len(rows):
        return 0.25 * width, 0.25 * height, 0.75 * width, 0.75 * height
    gap = min(40 * sheet.unit, 0.25 * min(height, width))
    left, right = np.clip((columns[0], columns[-1]), gap, width - gap)
    top, bottom = np.clip((rows[0], rows[-1]), gap, height - gap)
    return float(left), float(top), float(right), float(bottom)
