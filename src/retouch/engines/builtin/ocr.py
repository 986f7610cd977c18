"""Text in a picture: where it is and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.text_detection import Corners, TextDetector
from retouch.engines.builtin.text_recognition import TextRecogniser, straightened

# The detector's means over true lines are 0.9 and more in every script, those over round things up to 0.82.
_SURELY_TEXT = 0.86
_READ, _READ_WELL = 0.72, 0.88  # of a character, in the mean: below the first the script is a foreign one
_SAME_ROW = 0.5  # of the lower line's height


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line: its corners (4, 2) in pixels, from the upper left around; ``text`` is "" where none was read.

    ``places`` says where each character of ``text`` lies, 0..1 of the line.
    """

    corners: Corners = field(compare=False)
    text: str
    places: tuple[float, ...] = ()

    @property
    def width(self) -> float:
        """Pixels along the line."""
        return float(np.hypot(*(self.corners[1] - self.corners[0])))

    @property
    def height(self) -> float:
        """Pixels across the line."""
        return float(np.hypot(*(self.corners[3] - self.corners[0])))

    @property
    def middle(self) -> tuple[float, float]:
        """X and y in pixels."""
        return float(self.corners[:, 0].mean()), float(self.corners[:, 1].mean())

    def part(self, first: int, last: int) -> TextLine:
        """Characters ``first`` up to ``last`` (exclusive) as a line of their own."""
        if first <= 0 and last >= len(self.text):
            return self
        left = 0.0 if first <= 0 else self._gap(first)
        right = 1.0 if last >= len(self.text) else self._gap(last)
        upper_left, upper_right, lower_right, lower_left = self.corners
        upper = [upper_left + (upper_right - upper_left) * share for share in (left, right)]
        lower = [lower_left + (lower_right - lower_left) * share for share in (left, right)]
        return TextLine(f32([upper[0], upper[1], lower[1], lower[0]]), self.text[first:last])

    def _gap(self, at: int) -> float:
        """Where the letters before and after ``self.text[at]`` part, 0..1; blanks belong to neither."""
        before = max((i for i in range(at) if self.text[i] != " "), default=0)
        after = min((i for i in range(at, len(self.text)) if self.text[i] != " "), default=at)
        return (self.places[before] + self.places[after]) / 2


class TextReader:
    """The two nets that find and read text."""

    def __init__(self, detection: Path, recognition: Path, cache_dir: Path | None, threads: int) -> None:
        self._detector = TextDetector(detection, cache_dir, threads)
        self._recogniser = TextRecogniser(recognition, cache_dir, threads)

    def read(self, rgb: NDArray[np.uint8]) -> tuple[TextLine, ...]:
        """The lines of ``rgb``, (H, W, 3) uint8 sRGB, as they are read: by rows, each from the left."""
        found = (self._line(rgb, corners, sure) for corners, sure in self._detector.detect(rgb))
        return in_rows([line for line in found if line is not None])

    def _line(self, rgb: NDArray[np.uint8], corners: Corners, sure: float) -> TextLine | None:
        """The line, or None for what only looks like one: a cup, an eye, a fence."""
        words = self._recogniser.read(straightened(rgb, corners))
        letters = sum(char.isalnum() for char in words.text)
        if sure < _SURELY_TEXT and not (words.score >= _READ_WELL and letters >= 2):
            return None
        read = words.score >= _READ and letters > 0
        return TextLine(corners, words.text if read else "", words.places if read else ())


def in_rows(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """Lines in the order in which they are read."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.middle[1]):
        if rows and beside(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return tuple(line for row in rows for line in sorted(row, key=lambda line: line.middle[0]))


def beside(one: TextLine, other: TextLine) -> bool:
    """Whether two lines stand in one row."""
    return abs(one.middle[1] - other.middle[1]) < _SAME_ROW * min(one.height, other.height)
