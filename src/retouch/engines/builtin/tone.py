"""Tone and colour axes on float pictures: monotone curves in linear light and OKLab, hues kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import LUMINANCE, decode, from_oklab, to_oklab

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MIDDLE = 0.6  # OKLab lightness of mid-grey (18 % reflectance is 0.57); contrast turns around it
_BASE_LONG = 800  # the local brightness is a smooth thing: it is measured at this long side


@dataclass(frozen=True, slots=True)
class Axes:
    """How far along each axis, -100..100; 0 changes nothing."""

    brightness: float = 0
    contrast: float = 0
    exposure: float = 0
    saturation: float = 0
    warmth: float = 0
    vibrance: float = 0
    shadows: float = 0
    highlights: float = 0

    @property
    def local(self) -> bool:
        """Whether :func:`adjusted` needs the picture's local brightness."""
        return bool(self.shadows or self.highlights)

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Axes:
        """Axes from a mapping, each clamped to -100..100."""
        return cls(**{name: min(max(value, -100.0), 100.0) for name, value in values.items()})


AXES = tuple(field.name for field in fields(Axes))


def adjusted(
    linear: NDArray[np.float32], axes: Axes, base: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """(H, W, 3) linear light 0..1 with all ``axes`` applied, linear light 0..1.

    ``base`` is the local OKLab lightness (:func:`local_lightness`), asked for by shadows and highlights.
    """
    if axes == Axes():
        return linear
    lab = to_oklab(exposed(warmed(linear, axes.warmth), axes.exposure))
    light = lab[..., 0]
    if base is not None:
        light = _shifted(light, _local_shift(base, axes.shadows, axes.highlights))
    lab[..., 0] = contrasted(brightened(np.clip(light, 0, 1), axes.brightness), axes.contrast)
    if axes.saturation or axes.vibrance:
        lab[..., 1:] *= chroma_gain(lab, axes.saturation, axes.vibrance)[..., None]
    return into_gamut(lab)


def exposed(linear: NDArray[np.float32], amount: float) -> NDArray[np.float32]:
    """Exposure of ``amount``/50 stops. Upwards white stays white: x g / (1 + x (g - 1)), slope g at black."""
    gain = np.float32(2 ** (amount / 50))
    if amount <= 0:
        return linear * gain
    # One factor for all channels, from the brightest: the hue stays.
    peak = extremes(linear)[0][..., None]
    return np.asarray(linear * (gain / (1 + peak * (gain - 1))), np.float32)


def warmed(linear: NDArray[np.float32], amount: float) -> NDArray[np.float32]:
    """Colour temperature by gains on red and blue (von Kries, in sRGB primaries); luminance of white kept."""
    if amount == 0:
        return linear
    stops = amount / 100
    gains = np.array([2 ** (0.42 * stops), 2 ** (0.04 * stops), 2 ** (-0.62 * stops)], np.float32)
    return np.asarray(linear * (gains / (gains @ LUMINANCE)), np.float32)


def brightened(light: NDArray[np.float32], amount: float) -> NDArray[np.float32]:
    """Gamma on lightness: black and white stay, 100 takes 0.5 to 0.68."""
    return light if amount == 0 else np.asarray(light ** np.float32(2 ** (-amount / 120)), np.float32)


def contrasted(light: NDArray[np.float32], amount: float) -> NDArray[np.float32]:
    """S-curve around mid-grey, slope 2**(amount/100) there; downwards a flattening towards it.

    Black and white stay upwards; the curve is monotone and smooth for every amount.
    """
    middle = np.float32(_MIDDLE)
    if amount == 0:
        return light
    if amount < 0:
        return np.asarray(middle + (light - middle) * np.float32(1 + 0.0075 * amount), np.float32)
    power = np.float32(2 ** (amount / 100))
    low = middle * (np.minimum(light, middle) / middle) ** power
    high = 1 - (1 - middle) * ((1 - np.maximum(light, middle)) / (1 - middle)) ** power
    return np.where(light < middle, low, high).astype(np.float32)


def chroma_gain(lab: NDArray[np.float32], saturation: float, vibrance: float) -> NDArray[np.float32]:
    """Factor on OKLab chroma, (H, W). Vibrance spares what is colourful already, and skin."""
    gain = np.full(lab.shape[:-1], 1 + saturation / 100, np.float32)
    if vibrance:
        chroma = np.hypot(lab[..., 1], lab[..., 2])
        muted = np.exp(-((chroma / np.float32(0.14)) ** 2))
        # Skin of every shade lies near 50 degrees of OKLab hue.
        skin = np.clip((0.643 * lab[..., 1] + 0.766 * lab[..., 2]) / (chroma + 1e-4), 0, 1) ** 12
        weight = muted * (1 - 0.5 * skin) if vibrance > 0 else 0.4 + 0.6 * muted
        gain *= 1 + np.float32(vibrance / 100) * weight
    return gain


def local_lightness(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Edge-keeping local mean of OKLab lightness, (H, W) float32: a guided filter on a reduced copy.

    He, Sun and Tang, "Guided image filtering" (2013).
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _BASE_LONG / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    light = np.ascontiguousarray(to_oklab(decode(small))[..., 0])
    radius = max(1, round(0.03 * max(size)))
    base = cv2.ximgproc.guidedFilter(light, light, radius, 0.008)
    return np.asarray(cv2.resize(base, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _shifted(light: NDArray[np.float32], shift: NDArray[np.float32]) -> NDArray[np.float32]:
    """``light`` + ``shift``, the last quarter towards black and white held back: nothing clips."""
    room = np.clip(4 * np.where(shift > 0, 1 - light, light), 0, 1)
    return np.asarray(light + shift * room, np.float32)


def _local_shift(base: NDArray[np.float32], shadows: float, highlights: float) -> NDArray[np.float32]:
    dark = np.clip(1 - base / np.float32(0.65), 0, 1)
    bright = np.clip((base - np.float32(0.5)) / np.float32(0.5), 0, 1)
    lift = 0.3 * (shadows / 100) * dark * np.clip(base / 0.12, 0, 1)
    return np.asarray(lift + 0.22 * (highlights / 100) * bright, np.float32)


def into_gamut(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """OKLab -> linear sRGB inside 0..1: lightness kept, chroma taken back just as far as needed."""
    lab[..., 0] = np.clip(lab[..., 0], 0, 1)
    light = np.ascontiguousarray(lab[..., 0])
    neutral = light * light * light
    linear = np.empty(lab.shape, np.float32)
    planes = [np.ascontiguousarray(plane) for plane in np.moveaxis(from_oklab(lab), -1, 0)]
    high = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    low = np.minimum(np.minimum(planes[0], planes[1]), planes[2])
    fits = np.minimum(
        (1 - neutral) / np.maximum(high - neutral, 1e-6), neutral / np.maximum(neutral - low, 1e-6)
    )
    fits = np.clip(fits, 0, 1)
    rest = neutral - neutral * fits
    for index, plane in enumerate(planes):
        linear[..., index] = plane * fits + rest
    return linear


def extremes(rgb: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Largest and smallest channel of every pixel; ten times as fast as a reduction over so short an axis."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    return np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
