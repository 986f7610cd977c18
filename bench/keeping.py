"""How a subject came through an edit: the measures, and the limits that hold for each.

Measured where a hand-made mask says subject and our matte, drawn in by 8 px, agrees. How much of the
hand-made mask that is, is itself a measure: a matte that finds less cannot hide behind the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.report import ROOT

Mask = NDArray[np.bool_]  # (H, W)
Rgb = NDArray[np.uint8]  # (H, W, 3) sRGB

MASKS: Final = ROOT / "tests" / "data" / "masks"
ERODED_PX: Final = 8
COVERED: Final = 0.70
PSNR_DB, SSIM, OFF_PART, SHIFT_PX, DRIFT_LEVELS, CHANGED = 33.0, 0.94, 0.02, 1.0, 3.0, 0.95
_OFF_LEVELS: Final = 24
_BEST_DB: Final = 99.0
_SOLID: Final = 0.996  # alpha that is 255 of 255
_FAR_PX: Final = 30  # from the subject on, everything counts as the rest of the picture


@dataclass(frozen=True, slots=True)
class Kept:
    """Measures of one edited picture. ``psnr`` is in dB, at most 99; ``shift`` in px; ``drift`` in levels."""

    exact: bool
    psnr: float
    ssim: float
    off: float  # part of the pixels
    shift: float
    drift: float  # of the channel whose mean moved most
    changed: float  # part of the pixels far from the subject

    @property
    def alike(self) -> bool:
        """Whether all the limits for a subject that need not be byte-exact hold."""
        near = self.psnr >= PSNR_DB and self.ssim >= SSIM and self.off <= OFF_PART
        return near and self.shift <= SHIFT_PX and self.drift <= DRIFT_LEVELS


def hand_made(name: str) -> Mask:
    """The mask that was drawn by hand for a photo of the tests."""
    drawn = cv2.imread(str(MASKS / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    return np.asarray(drawn) > 127  # noqa: PLR2004 - the middle of a byte


def core(matte: NDArray[np.float32]) -> Mask:
    """The matte drawn in by 8 px, with a disc of our own: no engine is measured with its own yardstick."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ERODED_PX + 1, 2 * ERODED_PX + 1))
    return cv2.erode((matte > _SOLID).astype(np.uint8), disc, borderValue=1).astype(bool)


def compare(before: Rgb, after: Rgb, inside: Mask, subject: Mask) -> Kept:
    """``after`` beside the photo: ``inside`` is where the subject is looked at, ``subject`` all of it."""
    reach = 2 * _FAR_PX + 1
    far = cv2.dilate(subject.astype(np.uint8), np.ones((reach, reach), np.uint8)) == 0
    changed = float((after[far] != before[far]).any(-1).mean())
    error = after[inside].astype(np.float64) - before[inside]
    if not error.any():
        return Kept(exact=True, psnr=_BEST_DB, ssim=1, off=0, shift=0, drift=0, changed=changed)
    # Beyond the subject the photo itself: what the new background does is not the subject's.
    shown = np.where(inside[..., None], after, before)
    return Kept(
        exact=False,
        psnr=min(_BEST_DB, 10 * float(np.log10(255**2 / (error**2).mean()))),
        ssim=_ssim(before, shown, inside),
        off=float((np.abs(error).max(-1) > _OFF_LEVELS).mean()),
        shift=_shift(before, shown, inside),
        drift=float(np.abs(error.mean(0)).max()),
        changed=changed,
    )


def _ssim(before: Rgb, after: Rgb, inside: Mask) -> float:
    """Mean over ``inside``: Wang, Bovik, Sheikh and Simoncelli (2004), Gaussian window of 11 px, on grey."""
    x, y = (_grey(rgb) for rgb in (before, after))

    def mean(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5), np.float64)

    mx, my = mean(x), mean(y)
    varx, vary, both = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    alike = (2 * mx * my + c1) * (2 * both + c2) / ((mx * mx + my * my + c1) * (varx + vary + c2))
    return float(alike[inside].mean())


def _shift(before: Rgb, after: Rgb, inside: Mask) -> float:
    """Length in px of the shift that fits best by phase correlation, over the subject's own rectangle."""
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    (dx, dy), _ = cv2.phaseCorrelate(_grey(before)[part].copy(), _grey(after)[part].copy())
    return float(np.hypot(dx, dy))


def _grey(rgb: Rgb) -> NDArray[np.float64]:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float64)
