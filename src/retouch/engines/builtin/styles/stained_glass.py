"""Stained glass: pieces of glowing glass set in lead, with faces and folds painted on in brown enamel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import abstraction, flow, grey, ink, smoothstep
from retouch.engines.builtin.styles.attention import attention
from retouch.engines.builtin.styles.cells import means, strewn
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.light import bloom, shoulder
from retouch.engines.builtin.styles.roundels import round_things
from retouch.engines.builtin.surface import blur, clouds, grain
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_LEAD = np.array([0.055, 0.055, 0.065], np.float32)
_ENAMEL = np.array([0.10, 0.05, 0.03], np.float32)  # linear: vitreous paint fired onto the glass
_SURE = 0.9  # of a face's or an eye's outline: what within it is of one piece,
_FACE_ROOM, _EYE_ROOM = 1.15, 1.7  # and within which no other piece begins
_TURN = np.linspace(0, 2 * np.pi, 32, endpoint=False)
_RIM = np.stack([np.cos(_TURN), np.sin(_TURN)], -1).astype(np.float32)
_CUT = 720  # the glass is cut on a picture of this long side: pieces are large, their borders smooth


def render(sheet: Sheet) -> Picture:
    """Pieces grown along the picture's own edges, lit from behind. The seed cuts and tints them."""
    unit = sheet.unit
    level = levelled(sheet.rgb, 0.5, most=0.9)
    clean = abstraction(level, 2.5 * unit, 7 * unit, passes=2)
    fine = attention(sheet, 12)
    sheet.progress(0.35)
    labels, count = _cut(clean, fine, sheet)
    sheet.progress(0.55)
    pieces = _glass(clean, labels, count, sheet)
    # A face is painted onto its glass, which there keeps the picture's own colour.
    own = (0.6 * fine)[..., None]
    glass = pieces * (1 - own) + 1.1 * to_linear(clean) * own
    enamel = _enamel(level, clean, fine, sheet)[..., None]
    lit = glass * (1 - enamel) + _ENAMEL * glass * enamel
    sheet.progress(0.75)
    lead, shine = _leading(labels, fine, sheet)
    glow = bloom(lit * (1 - lead[..., None]), 0.45, unit, 0.5)
    metal = to_linear(_LEAD * (1 + 1.6 * shine[..., None]))
    shown = glow * (1 - 0.94 * lead[..., None]) + metal * lead[..., None]
    return np.asarray(np.clip(to_srgb(shoulder(shown.astype(np.float32), 0.75)), 0, 1), np.float32)


def _cut(clean: Picture, fine: Plane, sheet: Sheet) -> tuple[NDArray[np.int32], int]:
    """Which piece every pixel belongs to, and how many there are: watershed from strewn seeds.

    Meyer, "Color image segmentation" (1992).
    """
    height, width = sheet.shape
    shrink = max(1.0, max(height, width) / _CUT)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    per_unit = sheet.unit / shrink * (0.5 + 0.5 * sheet.strength) * float(sheet.rng(1).uniform(0.9, 1.15))
    focus = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    spacing = np.maximum(per_unit * 72 * 0.6**focus, 4).astype(np.float32)
    seeds = np.unique(np.round(strewn(spacing, sheet.rng(2), 0.9)).astype(np.intp), axis=0)
    whole, around = _whole(sheet, size)
    seeds = seeds[around[seeds[:, 1], seeds[:, 0]] == 0]
    marks = whole.copy()
    first = int(whole.max()) + 1
    marks[seeds[:, 1], seeds[:, 0]] = np.arange(first, first + len(seeds))
    soft = cv2.resize(blur(clean, 1.5 * sheet.unit), size, interpolation=cv2.INTER_AREA) * 205
    image = np.clip(soft + _fences(marks, sheet), 0, 255).astype(np.uint8)
    lines = cv2.watershed(np.ascontiguousarray(image), marks) < 1
    return _smoothed(np.where(lines, 0, marks), (width, height)), first - 1 + len(seeds)


def _whole(sheet: Sheet, size: tuple[int, int]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """What no lead may cut: faces, and what is round as an eye is.

    The middle of each, numbered from 1, from where its piece grows to its own edges; and where no other
    piece may begin.
    """
    scale = size[0] / sheet.shape[1]
    faces = [np.asarray(each, np.float32) for each in sheet.faces()]
    rounds = [
        np.array(each[:2], np.float32) + each.radius * _RIM
        for each in round_things(sheet.rgb)
        if all(cv2.pointPolygonTest(face, each[:2], measureDist=False) < 0 for face in faces)
    ]
    whole, around = np.zeros(size[::-1], np.int32), np.zeros(size[::-1], np.uint8)
    rooms = [_FACE_ROOM] * len(faces) + [_EYE_ROOM] * len(rounds)
    for number, (outline, room) in enumerate(zip(faces + rounds, rooms, strict=True), 1):
        for board, grown, value in ((whole, _SURE, number), (around, room, 1)):
            middle = outline.mean(0)
            corners = np.round((middle + (outline - middle) * grown) * scale).astype(np.int32)
            cv2.fillPoly(board, [corners], value)
    return whole, around


def _fences(marks: NDArray[np.int32], sheet: Sheet) -> Picture:
    """An offset for each seed's own surroundings: two pieces without an edge between part halfway."""
    away = (marks == 0).astype(np.uint8)
    nearest = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)[1]
    offsets = sheet.rng(8).choice((0.0, 5.0, 10.0), (int(nearest.max()) + 1, 3))
    return np.asarray(offsets[nearest], np.float32)


def _smoothed(cut: NDArray[np.int32], size: tuple[int, int]) -> NDArray[np.int32]:
    """Labels from 0 on at full size with rounded borders; the lines of the watershed (0) are filled."""
    smooth = cut.astype(np.uint16)
    filled = np.asarray(cv2.dilate(smooth, np.ones((3, 3))), np.uint16)
    smooth = np.where(smooth == 0, np.maximum(filled, 1), smooth)
    # Between two pieces the median of labels is the majority.
    for _ in range(8):
        smooth = np.asarray(cv2.medianBlur(smooth, 5), np.uint16)
    smooth = np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_NEAREST), np.uint16)
    for _ in range(5):
        smooth = np.asarray(cv2.medianBlur(smooth, 5), np.uint16)
    return smooth.astype(np.int32) - 1


def _glass(clean: Picture, labels: NDArray[np.int32], count: int, sheet: Sheet) -> Picture:
    """Coloured glass with streaks and bubbles, lit from behind; linear light."""
    lab = to_oklab(to_linear(np.clip(means(clean, labels, count), 0, 1)))
    rng = sheet.rng(3)
    chroma = np.hypot(lab[:, 1], lab[:, 2]) + 1e-6
    wanted = 0.20 * np.tanh(chroma * 11.0) + 0.25 * np.maximum(chroma - 0.1, 0)
    # Glass without a colour of its own is a faint green, blue, amber or rose, as old glass is.
    hue = rng.uniform(0, 2 * np.pi, count)
    tint = 0.028 * np.exp(-chroma / 0.03)
    lab[:, 1:] *= (wanted / chroma * np.clip(chroma / 0.02, 0, 1))[:, None]
    lab[:, 1] += tint * np.cos(hue)
    lab[:, 2] += tint * np.sin(hue)
    lab[:, 0] = 0.2 + 0.72 * lab[:, 0] + rng.normal(0, 0.03, count)
    tones = into_gamut(lab.astype(np.float32)).astype(np.float32)
    piece = rng.uniform(0, 1, count).astype(np.float32)[labels]
    streaks = clouds(sheet.shape, sheet.rng(4), 1.5) * piece + clouds(sheet.shape, sheet.rng(5), 1.2) * (
        1 - piece
    )
    shade = grey(clean) - means(grey(clean), labels, count)[labels, 0]
    texture = 1 + 0.14 * streaks + 0.05 * grain(sheet.shape, sheet.rng(6), 3 * sheet.unit) + 0.9 * shade
    return np.asarray(1.25 * tones[labels] * np.clip(texture, 0.35, 1.8)[..., None], np.float32)


def _enamel(level: Picture, clean: Picture, fine: Plane, sheet: Sheet) -> Plane:
    """Lines and half-tones painted on the glass where the eye looks, 0..1."""
    unit = sheet.unit
    light = grey(level)
    lines = 1 - ink(light, flow(clean, 2.5 * unit), 1.1 * unit, amount=14, threshold=0.42, slope=4)
    shade = np.clip((blur(light, 12 * unit) - light) * 2.6, 0, 0.75)
    return np.asarray(np.clip(fine * np.maximum(0.9 * lines, shade) + 0.3 * lines, 0, 0.95), np.float32)


def _leading(labels: NDArray[np.int32], fine: Plane, sheet: Sheet) -> tuple[Plane, Plane]:
    """Lead between the pieces and around the sheet, 0..1, and the light on its round back."""
    unit = sheet.unit
    inside = np.ones(sheet.shape, np.uint8)
    inside[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    inside[1:][labels[1:] != labels[:-1]] = 0
    inside[[0, -1]] = 0
    inside[:, [0, -1]] = 0
    # A little blur takes the pixel steps of the cut out of the lead.
    away = blur(np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5), np.float32), unit) - 0.25 * unit
    width = unit * (2.9 - 2.1 * blur(fine, 8 * unit)) * (1 + 0.08 * clouds(sheet.shape, sheet.rng(7), 1))
    frame = _from_border(sheet.shape) / (9 * unit)
    across = np.minimum(away / np.maximum(width, 0.6), frame)
    lead = 1 - smoothstep(np.asarray(across, np.float32), 0.8, 1.15)
    back = blur(np.clip(1 - across, 0, 1).astype(np.float32), 0.6 * unit)
    slope = cv2.Sobel(back, cv2.CV_32F, 1, 0) + cv2.Sobel(back, cv2.CV_32F, 0, 1)
    return lead, np.asarray(np.clip(-slope * 1.2 * unit, -0.6, 1.6) * lead, np.float32)


def _from_border(shape: tuple[int, int]) -> Plane:
    """Distance to the nearest border in pixels."""
    y = np.minimum(np.arange(shape[0]) + 0.5, shape[0] - np.arange(shape[0]) - 0.5)[:, None]
    x = np.minimum(np.arange(shape[1]) + 0.5, shape[1] - np.arange(shape[1]) - 0.5)[None]
    return np.asarray(np.minimum(y, x), np.float32)
