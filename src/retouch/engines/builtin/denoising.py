"""Noise out, JPEG blocks out; both measured first, so that a clean picture stays as it is."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, strips

_BLOCK = 8
_QUALITIES = range(6, 97)
_ASIDE = 3  # qualities: neighbours share too much of a table
_LEAST_DIP = 0.16  # pictures that never were a JPEG reach 0.1
_BLOCKLESS = 0.1  # levels of blockiness, see there
_LARGE = 5_000_000  # pixels: beyond it smaller patches are compared, in less time


def noise_of(plane: NDArray[np.uint8]) -> float:
    """The standard deviation of the noise in a channel, (H, W) uint8, in levels.

    Immerkær, "Fast noise variance estimation" (1996), over the calmest third of blocks of 16 px, so that
    texture does not count; what is clipped to black or white holds no noise and is left out.
    """
    if min(plane.shape) < 16:
        return 0.0
    middle = tuple(slice(max(0, side // 2 - 700), side // 2 + 701) for side in plane.shape)
    part = plane[middle].astype(np.float32)
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(f32(cv2.filter2D(part, -1, kernel)))
    # Texture that runs on for some pixels shows in the blurred picture, noise hardly does.
    smooth = f32(cv2.GaussianBlur(part, (0, 0), 1.5))
    slope = np.abs(f32(cv2.Laplacian(smooth, cv2.CV_32F)))
    height, width = (side // 16 * 16 for side in part.shape)
    blocks = [_blocks(p[:height, :width]) for p in (response, slope, part)]
    usable = (blocks[2].mean(1) > 8) & (blocks[2].mean(1) < 247)
    if not usable.any():
        return 0.0
    calm = blocks[1].mean(1)
    chosen = usable & (calm <= np.quantile(calm[usable], 0.3))
    return float(np.sqrt(np.pi / 2) / 6 * np.median(blocks[0][chosen].mean(1)))


def _blocks(plane: Plane) -> Plane:
    height, width = plane.shape
    return plane.reshape(height // 16, 16, width // 16, 16).swapaxes(1, 2).reshape(-1, 256)


def denoised(
    rgb: NDArray[np.uint8], strength: float, progress: Callable[[float], None], sigma: float | None = None
) -> NDArray[np.uint8]:
    """``rgb`` with its noise taken out, ``strength`` 0..1 of it and a little more at 1.

    Buades, Coll and Morel, "Non-local means" (2005), as far as the measured noise goes, on luma and chroma
    apart: the eye misses luma detail first, and colour blotches are what it wants gone. A sixth of what was
    taken out of luma is given back: a picture without any grain looks like wax.
    """
    ycc = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb), np.uint8)
    planes = []
    for channel in range(3):
        plane = np.ascontiguousarray(ycc[..., channel])
        level = noise_of(plane) if sigma is None or channel else sigma
        factor = (0.4 + 1.2 * strength) * (1.0 if channel == 0 else 1.5)
        planes.append(_calmed(plane, level * factor, keep=0.16 if channel == 0 else 0.0))
        progress((channel + 1) / 3)
    return np.asarray(cv2.cvtColor(np.dstack(planes), cv2.COLOR_YCrCb2RGB), np.uint8)


def _calmed(plane: NDArray[np.uint8], h: float, keep: float) -> NDArray[np.uint8]:
    if h < 0.5 or min(plane.shape) < 8:
        return plane
    patch, reach = (3, 9) if plane.size > _LARGE else (5, 13)
    out = np.empty_like(plane)
    margin = reach
    for rows in strips(plane.shape[0], 1024):
        top, bottom = max(0, rows.start - margin), min(plane.shape[0], rows.stop + margin)
        calm = cv2.fastNlMeansDenoising(plane[top:bottom], None, h, patch, reach)
        out[rows] = np.asarray(calm, np.uint8)[rows.start - top : rows.stop - top]
    return np.asarray(cv2.addWeighted(out, 1 - keep, plane, keep, 0), np.uint8) if keep else out


def blockiness(rgb: NDArray[np.uint8]) -> tuple[float, tuple[int, int]]:
    """How much steps at every eighth pixel stand out, and where that grid begins (row, column).

    Levels: 0 for a picture that never was a JPEG, about 0.2 at quality 90, 0.5 at 75, 2 at 20.
    """
    gray = f32(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    if min(gray.shape) < 3 * _BLOCK:
        return 0.0, (0, 0)
    across, x = _steps(gray)
    along, y = _steps(np.ascontiguousarray(gray.T))
    return min(across, along), (y, x)


def _steps(gray: Plane) -> tuple[float, int]:
    """Of steps between columns: how far the strongest phase of eight rises over the others, and its place."""
    # Second differences: a slope or an edge that runs on is no step.
    step = np.abs(gray[:, 1:-2] - gray[:, 2:-1])
    around = 0.5 * (np.abs(gray[:, :-3] - gray[:, 1:-2]) + np.abs(gray[:, 2:-1] - gray[:, 3:]))
    rise = np.clip(step - around, -12, 12).mean(0)
    phases = np.array([rise[phase::_BLOCK].mean() for phase in range(_BLOCK)])
    best = int(phases.argmax())
    others = np.delete(phases, best)
    return max(0.0, float(phases[best] - others.max())), (best + 2) % _BLOCK


def quality_of(rgb: NDArray[np.uint8], grid: tuple[int, int]) -> int | None:
    """The JPEG quality that ``rgb`` was saved with: saving it again at that quality changes least.

    Farid, "Exposing digital forgeries from JPEG ghosts" (2009). None where no quality stands out: it never
    was a JPEG, a very good one, or it was resized since.
    """
    part = rgb[grid[0] :, grid[1] :]
    rows, columns = (_middle(side) for side in part.shape[:2])
    part = np.ascontiguousarray(part[rows, columns])
    if min(part.shape[:2]) < 2 * _BLOCK:
        return None
    change = np.array([float(cv2.norm(_saved(part, quality), part, cv2.NORM_L1)) for quality in _QUALITIES])
    # A better quality always changes less: what counts is the dip under its neighbours.
    around = (change[: -2 * _ASIDE] + change[2 * _ASIDE :]) / 2
    dip = 1 - change[_ASIDE:-_ASIDE] / (around + 0.05 * part.size)
    if dip.max() < _LEAST_DIP:
        return None
    # Half the steps of a table fit the same values as well: the coarsest that does is the one.
    coarsest = int(np.flatnonzero(dip > 0.6 * dip.max())[0])
    best = coarsest + int(dip[coarsest : coarsest + 3].argmax())
    return int(_QUALITIES[best + _ASIDE])


def _middle(side: int) -> slice:
    """Up to 512 px in the middle, on the grid."""
    length = min(side, 512) // _BLOCK * _BLOCK
    start = (side - length) // 2 // _BLOCK * _BLOCK
    return slice(start, start + length)


def _saved(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if done else bgr
    return np.asarray(cv2.cvtColor(np.asarray(decoded, np.uint8), cv2.COLOR_BGR2RGB), np.uint8)


def deblocked(
    rgb: NDArray[np.uint8], strength: float, progress: Callable[[float], None]
) -> NDArray[np.uint8]:
    """``rgb`` without the squares and the ringing of a JPEG; ``strength`` 0..1, 0.5 for its own quality.

    Nosratinia, "Denoising of JPEG images by re-application of JPEG" (2001): saved again on many shifted
    grids, the mean has no grid of its own and keeps what all of them keep. Without a quality of its own, one
    is guessed by the blocks; without blocks the very picture is given back.
    """
    blocks, grid = blockiness(rgb)
    quality = quality_of(rgb, grid)
    if quality is None:
        if blocks < _BLOCKLESS:
            return rgb
        quality = round(80 - 25 * min(blocks, 2))
    quality = int(np.clip(quality - 30 * (strength - 0.5), 5, 95))
    shifts = [(y, x) for y in range(0, _BLOCK, 2) for x in range(y // 2 % 2, _BLOCK, 2)]
    total = np.zeros(rgb.shape, np.uint16)
    for index, (y, x) in enumerate(shifts):
        frame = cv2.copyMakeBorder(rgb, y, _BLOCK, x, _BLOCK, cv2.BORDER_REFLECT)
        again = _saved(np.asarray(frame, np.uint8), quality)
        total += again[y : y + rgb.shape[0], x : x + rgb.shape[1]]
        progress((index + 1) / len(shifts))
    half = len(shifts) // 2
    return np.asarray((total + half) // len(shifts), np.uint8)
