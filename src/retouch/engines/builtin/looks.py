"""Named looks: a recipe each, of axes, tints for shadows and highlights, faded ends, and what a lens adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.colour import to_oklab, to_srgb
from retouch.engines.builtin.tone import Axes, adjusted, into_gamut

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tint = tuple[float, float]  # OKLab a and b


@dataclass(frozen=True, slots=True)
class Look:
    """One recipe, applied in the order of the fields."""

    mixer: tuple[float, float, float] | None = None  # weights of linear red, green, blue: black and white
    local: float = 0  # local tone mapping: > 0 compresses light and lifts detail
    axes: Axes = field(default_factory=Axes)
    shadows: Tint = (0, 0)
    middle: Tint = (0, 0)
    highlights: Tint = (0, 0)
    black: float = 0  # OKLab lightness of black and white afterwards
    white: float = 1
    sun: float = 0  # warm light from the upper side
    vignette: float = 0
    grain: float = 0  # deviation, sRGB


LOOKS: Mapping[str, Look] = {
    "black and white": Look(mixer=(0.42, 0.42, 0.16), axes=Axes(contrast=22)),
    "sepia": Look(
        mixer=(0.34, 0.5, 0.16),
        axes=Axes(contrast=6),
        shadows=(0.018, 0.034),
        middle=(0.022, 0.058),
        highlights=(0.004, 0.03),
        black=0.14,
        white=0.97,
        vignette=0.16,
    ),
    "vintage": Look(
        axes=Axes(contrast=-6, saturation=-28, warmth=24),
        shadows=(-0.012, 0.004),
        middle=(0.006, 0.014),
        highlights=(0.008, 0.04),
        black=0.2,
        white=0.95,
        vignette=0.22,
        grain=0.016,
    ),
    "film": Look(
        axes=Axes(contrast=26, saturation=-8, warmth=6),
        shadows=(-0.016, -0.012),
        middle=(0.003, 0.006),
        highlights=(0.008, 0.022),
        black=0.09,
        white=0.98,
        grain=0.014,
    ),
    "hdr": Look(local=1.25, axes=Axes(contrast=22, vibrance=45)),
    "golden hour": Look(
        axes=Axes(warmth=48, contrast=8, vibrance=22, shadows=14),
        shadows=(0.012, -0.014),
        middle=(0.016, 0.026),
        highlights=(0.012, 0.05),
        sun=1,
        vignette=0.12,
    ),
    "night": Look(
        axes=Axes(exposure=-86, contrast=30, saturation=-50, warmth=-54, highlights=-30),
        shadows=(-0.008, -0.035),
        middle=(-0.014, -0.04),
        highlights=(-0.014, -0.014),
        vignette=0.4,
    ),
    "high key": Look(
        axes=Axes(exposure=62, brightness=34, contrast=-8, saturation=-10, shadows=50), black=0.14
    ),
    "moody": Look(
        axes=Axes(exposure=-34, contrast=26, saturation=-34, highlights=-30),
        shadows=(-0.014, -0.022),
        middle=(-0.002, 0.002),
        highlights=(0.006, 0.022),
        black=0.08,
        white=0.95,
        vignette=0.4,
    ),
    "fade": Look(axes=Axes(contrast=-26, saturation=-24), shadows=(0, -0.012), black=0.26, white=0.95),
    "warm": Look(axes=Axes(warmth=42, vibrance=10)),
    "cool": Look(axes=Axes(warmth=-42, vibrance=6)),
}


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of a picture in linear light 0..1, its local OKLab lightness, and where they stand."""

    linear: NDArray[np.float32]
    base: NDArray[np.float32]
    top: int
    height: int


def looked(band: Band, look: Look, rng: np.random.Generator, side: float) -> NDArray[np.float32]:
    """``band`` in ``look``, sRGB 0..1. ``side`` -1..1 is where the sun of golden hour stands."""
    linear = band.linear if look.mixer is None else _mixed(band.linear, look.mixer)
    if look.local:
        linear = _locally_mapped(linear, band.base, look.local)
    linear = _printed(adjusted(linear, look.axes, band.base if look.axes.local else None), look)
    across, down = _place(band)
    if look.sun:
        linear = _sunlit(linear, across, down, look.sun, side)
    if look.vignette:
        fall = 1 - look.vignette * ((across**2 + down**2) / 2) ** np.float32(1.1)
        linear = np.asarray(linear * fall[..., None], np.float32)
    srgb = to_srgb(linear)
    if look.grain:
        # Film shows its grain in the half-tones.
        strength = look.grain * (1 - 0.65 * (2 * np.clip(srgb.mean(-1), 0, 1) - 1) ** 8)
        srgb = srgb + (strength * rng.standard_normal(srgb.shape[:2], dtype=np.float32))[..., None]
    return srgb


def _mixed(linear: NDArray[np.float32], weights: tuple[float, float, float]) -> NDArray[np.float32]:
    grey = np.asarray(linear @ np.asarray(weights, np.float32), np.float32)
    return np.repeat(grey[..., None], 3, axis=-1)


def _printed(linear: NDArray[np.float32], look: Look) -> NDArray[np.float32]:
    """Tints, and black and white where the look has them."""
    if not any((*look.shadows, *look.middle, *look.highlights, look.black, look.white - 1)):
        return linear
    lab = to_oklab(linear)
    _tint(lab, look)
    lab[..., 0] = look.black + (look.white - look.black) * lab[..., 0]
    return into_gamut(lab)


def _locally_mapped(
    linear: NDArray[np.float32], base: NDArray[np.float32], amount: float
) -> NDArray[np.float32]:
    """Compress the local mean, keep and lift what stands out from it (Durand and Dorsey 2002, in OKLab)."""
    lab = to_oklab(linear)
    detail = lab[..., 0] - base
    flat = 0.58 + (base - 0.58) * (1 - 0.42 * amount)
    lab[..., 0] = np.clip(flat + detail * (1 + 0.75 * amount), 0, 1)
    return into_gamut(lab)


def _tint(lab: NDArray[np.float32], look: Look) -> None:
    """Add the three tints, weighted by lightness."""
    light = lab[..., 0]
    dark, bright = np.clip(1 - light / 0.6, 0, 1), np.clip((light - 0.55) / 0.45, 0, 1)
    weights = (dark, 1 - dark - bright, bright)
    for channel in (0, 1):
        tints = (look.shadows[channel], look.middle[channel], look.highlights[channel])
        shift = sum(np.float32(t) * w for t, w in zip(tints, weights, strict=True))
        lab[..., 1 + channel] += shift


def _place(band: Band) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coordinates -1..1 of the band's columns (1, W) and rows (h, 1) in the whole picture."""
    rows, columns = band.linear.shape[:2]
    across = np.linspace(-1, 1, columns, dtype=np.float32)[None]
    down = (np.arange(band.top, band.top + rows, dtype=np.float32)[:, None] + 0.5) / band.height * 2 - 1
    return across, np.asarray(down, np.float32)


def _sunlit(
    linear: NDArray[np.float32],
    across: NDArray[np.float32],
    down: NDArray[np.float32],
    amount: float,
    side: float,
) -> NDArray[np.float32]:
    """A low sun beyond an upper corner: a veil of its light near it, less light away from it."""
    distance = np.hypot(across - 1.15 * side, down + 0.75)
    near = np.exp(-((distance / 1.15) ** 2))[..., None] * np.float32(amount)
    veil = np.array([1.0, 0.56, 0.2], np.float32) * near * np.float32(0.3)
    lit = linear * (0.86 + 0.3 * near)
    return np.asarray(lit + veil * (1 - np.clip(lit, 0, 1)), np.float32)
