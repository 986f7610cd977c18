"""New words in the place of old ones: as high, as heavy, of the same colour, leaning as they did.

What the old words look like is measured against how the font here would set them: the height of their ink
gives the size of an em, the share of it that is covered gives the weight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.lettering.fonts import Fonts, Weight
from retouch.engines.builtin.lettering.setting import Align, Drawn, Setter, draw
from retouch.engines.builtin.ocr import TextLine
from retouch.engines.builtin.strokes import Strokes
from retouch.errors import InstructionNotSupported

_PROBE = 200.0  # pixels an em, at which the font's own setting of the old words is measured
_WIDER = {
    "center": 1.1,
    "left": 1.35,
    "right": 1.35,
}  # times the old width: to a free side there is more room
_SMALLEST = 8.0  # pixels an em
_LEVEL = np.radians(2.5)  # a line that leans by less is level: its rectangle is no more exact
_EDGE = 0.1  # percent of the strokes that are taken for specks at each end
_X_HEIGHT = 0.27  # em: half the height of small letters, which smaller words keep their middle at
_TALLEST, _USUAL = 0.85, 0.62  # of a line's rectangle: the height of its ink, at most and as a rule
_SOFT = 0.5  # px of a letter's height in the soft edge at either end
_RIM = 0.5  # share of a letter in the pixels next to its sure ones
_SAMPLE = "Hx"  # where the old words cannot be set here


@dataclass(frozen=True, slots=True)
class Slot:
    """Where old words stood: x, y of the line's left end, and lengths along and across it in pixels."""

    origin: NDArray[np.float32]
    angle: float  # radians, clockwise as y points down
    left: float
    right: float
    baseline: float
    em: float
    weight: Weight


def slot_of(line: TextLine, found: Strokes, fonts: Fonts) -> Slot:
    """The slot of ``line``, measured on its strokes."""
    across = line.corners[1] - line.corners[0]
    angle = float(np.arctan2(across[1], across[0]))
    angle = 0.0 if abs(angle) < _LEVEL else angle
    y, x = np.nonzero(found.sure)
    points = np.stack([x + found.columns.start, y + found.rows.start], -1) - line.corners[0]
    turned = f32(points) @ np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32
    )
    left, right = np.percentile(turned[:, 0], [_EDGE, 100 - _EDGE])
    top, bottom = np.percentile(turned[:, 1], [_EDGE, 100 - _EDGE]) + np.array([-_SOFT, _SOFT])
    if bottom - top > _TALLEST * line.height:  # the ground has the letters' colour too
        middle = line.height / 2
        top, bottom = middle - _USUAL / 2 * line.height, middle + _USUAL / 2 * line.height
    height = max(float(bottom - top) + 1, 1.0)
    rim = cv2.dilate(found.sure.astype(np.uint8), np.ones((3, 3), np.uint8)).sum() - len(turned)
    covered = (len(turned) + _RIM * float(rim)) / (height * max(float(right - left) + 1, 1.0))
    weight, probe = min(_probes(line.text, fonts), key=lambda each: abs(float(each[1].mask.mean()) - covered))
    em = height / probe.mask.shape[0] * _PROBE
    below = (probe.mask.shape[0] - probe.baseline) * em / _PROBE
    return Slot(line.corners[0], angle, float(left), float(right) + 1, float(bottom) + 1 - below, em, weight)


def _probes(text: str, fonts: Fonts) -> list[tuple[Weight, Drawn]]:
    """``text`` as it would be set in each weight."""
    weights: tuple[Weight, ...] = (400, 700)
    probes = []
    for weight in weights:
        try:
            setter = Setter.of(text, fonts, weight)
        except InstructionNotSupported:
            text = _SAMPLE
            setter = Setter.of(text, fonts, weight)
        probes.append((weight, draw([setter.line(text)], _PROBE, 1.0, "left", fonts)))
    return probes


def fitted(text: str, slot: Slot, align: Align, fonts: Fonts, turn: float = 1.0) -> tuple[Slot, Drawn]:
    """``text`` drawn for ``slot``, smaller where it would be wider; ``turn`` is a factor of the size.

    Raises InstructionNotSupported where it would be too small to read.
    """
    setter = Setter.of(text, fonts, slot.weight)
    line = setter.line(text)
    room = _WIDER[align] * (slot.right - slot.left)
    em = min(slot.em * turn, room / max(line.width, 0.1))
    if em < min(_SMALLEST, 0.9 * slot.em):
        raise InstructionNotSupported(f"“{text[:40]}” is too long for the place of the old text")
    raised = (slot.em - em) * _X_HEIGHT
    return replace(slot, em=em, baseline=slot.baseline - raised), draw([line], em, 1.0, "left", fonts)


def placed(drawn: Drawn, slot: Slot, align: Align, shape: tuple[int, int]) -> tuple[Plane, tuple[int, int]]:
    """The mask turned as the line is, and row and column of its upper left in a picture of ``shape``."""
    height, width = drawn.mask.shape
    spare = slot.right - slot.left - width
    along = slot.left + {"left": 0.0, "center": 0.5, "right": 1.0}[align] * spare
    down = slot.baseline - drawn.baseline
    cosine, sine = float(np.cos(slot.angle)), float(np.sin(slot.angle))
    x = float(slot.origin[0]) + cosine * along - sine * down
    y = float(slot.origin[1]) + sine * along + cosine * down
    turn = np.array([[cosine, -sine, x], [sine, cosine, y]], np.float64)
    ends = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]]) @ turn.T
    low = np.clip(np.floor(ends.min(0)).astype(int) - 1, 0, None)
    high = np.minimum(np.ceil(ends.max(0)).astype(int) + 2, (shape[1], shape[0]))
    turn[:, 2] -= low
    size = max(1, int(high[0] - low[0])), max(1, int(high[1] - low[1]))
    return f32(np.clip(cv2.warpAffine(drawn.mask, turn, size, flags=cv2.INTER_LINEAR), 0, 1)), (
        int(low[1]),
        int(low[0]),
    )
