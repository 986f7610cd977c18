"""Text as a mask: lines of runs, each of one face and one direction, drawn large and reduced.

Reducing a large drawing (by the mean of its pixels) gives true coverage without the hinting that bends
letters to the pixel grid. All lengths are in em until the text is drawn.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from retouch.engines.builtin.lettering.bidi import base_level, levels, runs, visual
from retouch.engines.builtin.lettering.fonts import SIZE, Face, Fonts, Weight, opened

Mask: TypeAlias = "NDArray[np.float32]"  # (h, w) float32, 0..1, share of each pixel that is covered
Align: TypeAlias = Literal["left", "center", "right"]

_ABOVE, _BELOW, _BESIDE = 1.5, 0.8, 0.3  # em about a baseline that no letter leaves
_LARGER = 1.5  # times the wanted size, at least: what text is drawn in before it is reduced
_MOST_PIXELS = 80e6  # of the large drawing
_TRACKING = 0.045  # em between capitals: words of capitals are read letter by letter
_LEADING: Final = {"latin": 1.16, "square": 1.28, "tall": 1.42}  # em from baseline to baseline


@dataclass(frozen=True, slots=True)
class Run:
    """Part of a line: of one face, from left to right or from right to left."""

    text: str
    face: Face
    leftward: bool
    width: float  # em


@dataclass(frozen=True, slots=True)
class Line:
    """Runs in the order in which they stand, from left to right."""

    runs: tuple[Run, ...]
    tracking: float

    @property
    def width(self) -> float:
        """Em."""
        return sum(run.width for run in self.runs)


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets parts of ``whole`` in one weight. ``base`` is its direction: 0 rightward, 1 leftward."""

    fonts: Fonts
    whole: str
    weight: Weight
    base: int
    tracking: float

    @classmethod
    def of(cls, text: str, fonts: Fonts, weight: Weight) -> Setter:
        """One for all lines of ``text``; raises InstructionNotSupported where a character is in no font."""
        weight = fonts.weight_for(text, weight)
        fonts.choose(text, weight, text)
        return cls(fonts, text, weight, base_level(text), _TRACKING if _is_all_capitals(text) else 0.0)

    @property
    def leading(self) -> float:
        """Em from one baseline to the next, by the tallest script."""
        if any(face.shaped for face in self.fonts.choose(self.whole, self.weight, self.whole)):
            return _LEADING["tall"]
        square = any(unicodedata.east_asian_width(char) in "WF" for char in self.whole)
        return _LEADING["square" if square else "latin"]

    def line(self, text: str) -> Line:
        """One line, its runs in visual order."""
        faces = self.fonts.choose(text, self.weight, self.whole)
        placed = levels(text, self.base)
        parts = [
            (placed[start], self._run(text[start:end], faces[start], leftward=bool(placed[start] % 2)))
            for start, end in runs(list(zip(placed, faces, strict=True)))
        ]
        return Line(tuple(visual(parts)), self.tracking)

    def measure(self, text: str) -> float:
        """Width in em."""
        return self.line(text).width

    def _run(self, text: str, face: Face, *, leftward: bool) -> Run:
        font = opened(face, SIZE)
        width = font.getlength(text, direction=_direction(self.fonts, leftward=leftward)) / SIZE
        return Run(text, face, leftward, width + self.tracking * len(text))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Text as a mask cut to its ink; ``baseline``, of the first line, in pixels from the mask's top."""

    mask: Mask
    baseline: float


def draw(lines: Sequence[Line], em: float, gap: float, align: Align, fonts: Fonts) -> Drawn:
    """The lines, ``em`` pixels an em, ``gap`` em from baseline to baseline."""
    widest = max(line.width for line in lines)
    across, down = widest + 2 * _BESIDE, _ABOVE + _BELOW + gap * (len(lines) - 1)
    size = max(SIZE, ceil(min(_LARGER * em, (_MOST_PIXELS / (across * down)) ** 0.5)))
    sheet = Image.new("L", (round(across * size), round(down * size)))
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        spare = (widest - line.width) * {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        start = (_BESIDE + spare) * size, round((_ABOVE + gap * number) * size)
        _draw_line(pen, line, start, size, fonts)
    return _reduced(np.asarray(sheet), round(_ABOVE * size), em / size)


def _draw_line(
    pen: ImageDraw.ImageDraw, line: Line, start: tuple[float, int], size: int, fonts: Fonts
) -> None:
    x, baseline = start
    for run in line.runs:
        font = opened(run.face, size)
        if line.tracking:
            for at, char in enumerate(run.text):
                offset = font.getlength(run.text[: at + 1]) - font.getlength(char) + at * line.tracking * size
                pen.text((x + offset, baseline), char, 255, font, "ls")
        else:
            direction = _direction(fonts, leftward=run.leftward)
            pen.text((x, baseline), run.text, 255, font, "ls", direction=direction)
        x += run.width * size


def _direction(fonts: Fonts, *, leftward: bool) -> Literal["ltr", "rtl"] | None:
    """What Pillow is told; without its shaping library it takes no direction, and nothing leftward is set."""
    if not fonts.shapes:
        return None
    return "rtl" if leftward else "ltr"


def _is_all_capitals(text: str) -> bool:
    """Whether all letters are capitals of a script that has them, at least two."""
    letters = [char for char in text if char.isalpha()]
    return len(letters) > 1 and all(char.isupper() for char in letters)


def _reduced(sheet: NDArray[np.uint8], baseline: int, scale: float) -> Drawn:
    """``sheet`` (0..255) cut to its ink and resized."""
    ys, xs = np.flatnonzero(sheet.any(1)), np.flatnonzero(sheet.any(0))
    if not len(ys):
        return Drawn(np.zeros((1, 1), np.float32), 0.0)
    ink = sheet[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    mask = cv2.resize(ink, size, interpolation=method).astype(np.float32) / np.float32(255)
    return Drawn(mask, float(baseline - ys[0]) * scale)
