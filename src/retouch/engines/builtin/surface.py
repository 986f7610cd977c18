"""Noise, paper and canvas: the chance and the ground under a painting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy import fft  # numpy would load it on first use, when the pixel process can load nothing more

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane

_TILE = 512


def blur(plane: Picture, sigma: float) -> Picture:
    """Gaussian blur of any radius at about constant cost: wide ones run on a reduced picture."""
    if sigma < 0.2:
        return plane
    height, width = plane.shape[:2]
    shrink = max(1.0, sigma / 3)
    if shrink < 2 or min(height, width) < 4 * shrink:
        return cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT).astype(np.float32)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def clouds(shape: tuple[int, int], rng: np.random.Generator, beta: float = 1.6, scale: float = 1) -> Plane:
    """Fractal noise with amplitude spectrum 1/f**beta, mean 0, deviation 1.

    The same draw at any size: drawn on a fixed tile over the long side (``scale`` > 1 magnifies it).
    """
    frequency = np.hypot(fft.fftfreq(_TILE)[:, None], fft.rfftfreq(_TILE)[None])
    frequency[0, 0] = 1
    spectrum = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    tile = fft.irfft2(spectrum / frequency**beta, (_TILE, _TILE)).astype(np.float32)
    height, width = shape
    step = _TILE / (max(shape) * max(scale, 1))
    rows, columns = max(1, round(height * step)), max(1, round(width * step))
    noise = cv2.resize(tile[:rows, :columns], (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray((noise - noise.mean()) / (noise.std() + 1e-6), np.float32)


def grain(shape: tuple[int, int], rng: np.random.Generator, size: float) -> Plane:
    """White noise softened to specks of ``size`` pixels, mean 0, deviation 1."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    if size > 0.5:
        noise = cv2.GaussianBlur(noise, (0, 0), size / 2).astype(np.float32)
    return np.asarray(noise / (noise.std() + 1e-6), np.float32)


def paper(shape: tuple[int, int], rng: np.random.Generator, unit: float) -> Plane:
    """The tooth of rough paper: height, mean 0, deviation about 1, lit from the upper left."""
    height = grain(shape, rng, 2.4 * unit) + 0.8 * grain(shape, rng, 6 * unit)
    lit = height - np.roll(height, (max(1, round(unit)), max(1, round(unit))), (0, 1))
    return np.asarray(0.5 * height + lit, np.float32) / np.float32(1.1)


def weave(shape: tuple[int, int], rng: np.random.Generator, unit: float) -> Plane:
    """Linen canvas: two crossed sets of threads with uneven thickness, about -1..1."""
    wobble = clouds(shape, rng, 1.2) * 0.8
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    pitch = max(3.2 * unit, 2.5)
    across, along = np.sin(2 * np.pi * columns / pitch + wobble), np.sin(2 * np.pi * rows / pitch + wobble)
    return np.asarray(np.maximum(across, along) - 0.6, np.float32)


def left_open(shape: tuple[int, int], rng: np.random.Generator, width: float) -> Plane:
    """1 inside, falling unevenly to 0 at the borders of the sheet, ``width`` as a part of the short side."""
    height, across = shape
    y = np.minimum(np.arange(height) + 0.5, height - np.arange(height) - 0.5)[:, None]
    x = np.minimum(np.arange(across) + 0.5, across - np.arange(across) - 0.5)[None]
    inside = np.minimum(y, x).astype(np.float32) / min(shape)
    ragged = inside + np.float32(0.3 * width) * clouds(shape, rng, 1.4)
    return np.asarray(np.clip((ragged - np.float32(0.3 * width)) / np.float32(width), 0, 1), np.float32)
