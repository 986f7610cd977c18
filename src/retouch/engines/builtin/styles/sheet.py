"""What a style gets and what it is: one working picture in, one painted picture out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# (H, W, 3) float32, sRGB 0..1 unless a function says linear light.
Picture: TypeAlias = "NDArray[np.float32]"
# (H, W) float32.
Plane: TypeAlias = "NDArray[np.float32]"

Enlarge: TypeAlias = Literal["paint", "ink", "detail", "cells"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The picture at working size, with all that a style may ask about it.

    ``strength`` is 0..1 and turns brush and line sizes; the mix with the photo is done by the caller.
    ``subject`` computes the matte on first use: call it only where the style needs one. ``faces`` gives
    outlines of the faces, (N, 2) x and y each, none where they cannot be looked for; the same holds.
    """

    rgb: Picture
    strength: float
    rng: Callable[[int], np.random.Generator]
    subject: Callable[[], Plane]
    progress: Callable[[float], None]
    faces: Callable[[], Sequence[Plane]] = tuple

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def unit(self) -> float:
        """One 1024th of the long side, in pixels: lengths given in it look the same at any size."""
        return max(self.shape) / 1024


@dataclass(frozen=True, slots=True)
class Style:
    """``render`` gives sRGB 0..1 of the sheet's shape.

    ``enlarge`` says how a working picture becomes the full one: ``paint`` resamples and sharpens, ``ink``
    keeps black and white edges hard, ``detail`` brings the photo's own fine detail back, ``cells`` keeps
    squares. ``largest`` is the long side in pixels of the largest picture that is painted.
    """

    render: Callable[[Sheet], Picture]
    enlarge: Enlarge = "paint"
    largest: int = 1600
