"""Where a face's skin is: inside its outline, of its colour, and not eye, brow, lip or nostril."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.colour import decode, to_oklab
from retouch.engines.builtin.landmarks import Landmarks
from retouch.engines.builtin.operation import Matte

_ROOM = 0.35  # of a face's width about its outline
_PROXY = 560  # px of a face's width: larger ones are worked on smaller, and only the change is enlarged
_FINE = 16.0  # parts of a pixel for outlines
_CHROMA, _DARK = 0.022, 0.10  # OKLab: the least spread of a skin's colour, and of its shadows


@dataclass(frozen=True, slots=True)
class Portrait:
    """The part of a picture about one face, small enough to work on.

    ``rgb`` is (h, w, 3) uint8 sRGB, ``place`` its rows and columns in the picture, ``marks`` are in its own
    pixels, ``width`` is the face's.
    """

    rgb: NDArray[np.uint8]
    place: tuple[slice, slice]
    marks: Landmarks
    width: float

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], marks: Landmarks) -> Portrait | None:
        """Of a fitted face; None where nothing of it lies in the picture."""
        room = _ROOM * marks.width
        low = np.maximum(np.floor(marks.oval.min(0) - room), 0).astype(int)
        high = np.minimum(np.ceil(marks.oval.max(0) + room), (rgb.shape[1], rgb.shape[0])).astype(int)
        if (high - low < 8).any():
            return None
        place = slice(low[1], high[1]), slice(low[0], high[0])
        scale = min(1.0, _PROXY / marks.width)
        size = max(1, round((high[0] - low[0]) * scale)), max(1, round((high[1] - low[1]) * scale))
        small = np.asarray(cv2.resize(rgb[place], size, interpolation=cv2.INTER_AREA), np.uint8)
        # A point lies between pixels: the middle of the first one is 0.
        points = f32((marks.points - low + 0.5) * (np.array(size) / (high - low)) - 0.5)
        return cls(small, place, Landmarks(points), marks.width * scale)

    def drawn(self, outlines: tuple[Plane, ...], grown: float = 0.0) -> Plane:
        """(h, w) float32, 1 within the outlines, which are first widened by ``grown`` of the face's width."""
        mask = np.zeros(self.rgb.shape[:2], np.uint8)
        for outline in outlines:
            corners = np.round(outline * _FINE).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, lineType=cv2.LINE_AA, shift=4)
        reach = round(grown * self.width)
        if reach:
            mask = np.asarray(
                cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)), np.uint8
            )
        return f32(mask / np.float32(255))

    def oval(self) -> Plane:
        """(h, w) float32: the face with a soft rim that lies within its outline."""
        soft = gaussian(self.drawn((self.marks.oval,)), 0.03 * self.width)
        return smoothstep(0.45, 0.95, soft)

    def features(self) -> Plane:
        """(h, w) float32: 1 on eyes, brows, lips and nostrils, with a soft rim around them."""
        soft = gaussian(self.drawn(self.marks.features, 0.02), 0.012 * self.width)
        return smoothstep(0.05, 0.6, soft)

    def skin(self) -> Plane:
        """(h, w) float32, 0..1: how surely each pixel is skin of this face."""
        plain = f32(self.oval() * (1 - self.features()))
        alike = gaussian(_alike(to_oklab(decode(self.rgb)), plain > 0.9), 0.01 * self.width)
        return f32(plain * smoothstep(0.25, 0.75, alike))

    def lit(self, matte: Matte) -> Plane:
        """(h, w) float32, 0..1: the face and a little of what is about it, but nothing behind it.

        ``matte`` is the picture's, (H, W), 1 = subject; a face counts as one even where it is not.
        """
        size = self.rgb.shape[1], self.rgb.shape[0]
        front = np.maximum(resize(f32(matte[self.place]), size), self.oval())
        wide = gaussian(self.drawn((self.marks.oval,), 0.04), 0.07 * self.width)
        return f32(np.clip(wide * front, 0, 1))


def _alike(lab: Plane, known: NDArray[np.bool_]) -> Plane:
    """(h, w): 1 where a colour is that of the ``known`` pixels. Light may fall as it likes; hair is dark.

    Medians and their deviations: the known pixels hold strands of hair and glasses.
    """
    if not known.any():
        return np.zeros(lab.shape[:2], np.float32)
    own = lab[known]
    middle = np.median(own, 0)
    spread = 1.48 * np.median(np.abs(own - middle), 0)
    chroma = np.hypot(
        *np.moveaxis((lab[..., 1:] - middle[1:]) / (2.5 * np.maximum(spread[1:], _CHROMA)), -1, 0)
    )
    darker = np.maximum(middle[0] - lab[..., 0], 0) / (2.2 * max(float(spread[0]), _DARK))
    return f32(np.exp(-0.5 * (chroma**2 + darker**2)))
