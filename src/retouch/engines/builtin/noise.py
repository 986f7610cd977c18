"""Seeded noise fields for drawing skies, and the grain of a photograph."""

from __future__ import annotations

import cv2
import numpy as np
from numpy import fft  # numpy loads it on first use, when the pixel process can load nothing more
from numpy.random import Generator
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, resize

_FFT_SIDE = 1024
_POOL = 174_763  # a prime: no width of a picture lays its repeats under each other


def fractal(shape: tuple[int, int], rng: Generator, slope: float = 1.8, stretch: float = 1.0) -> Plane:
    """Noise whose spectrum falls with frequency as f^-slope: 1.3 crumbly, 1.8 cloudy, 2.4 smooth.

    Args:
        shape: (H, W) wanted.
        rng: the draw.
        slope: fall of the amplitude.
        stretch: over 1 draws the features out horizontally.

    Returns:
        (H, W) float32, mean 0, standard deviation 1. Drawn at no more than 1024 pixels a side; larger
        fields get their finest octaves from interpolated white noise.
    """
    height, width = shape
    scale = min(1.0, _FFT_SIDE / max(shape))
    h, w = max(8, round(height * scale)), max(8, round(width * scale))
    field = _spectral((h, w), rng, slope, stretch)
    if scale == 1:
        return field[:height, :width]
    field = resize(field, (width, height))
    octave, amplitude = 2.0, 0.5**slope
    while octave <= 1 / scale:
        cells = (int(w * octave), int(h * octave))
        white = rng.standard_normal((cells[1], cells[0]), np.float32)
        field += np.float32(0.02 * amplitude) * resize(white, (width, height))
        octave, amplitude = octave * 2, amplitude * 0.5**slope
    return field


def _spectral(shape: tuple[int, int], rng: Generator, slope: float, stretch: float) -> Plane:
    """White noise, filtered in OpenCV's packed real spectrum: a fifth of the time of a complex one."""
    height, width = (cv2.getOptimalDFTSize(side) for side in shape)
    white = rng.random((height, width), np.float32)  # that a sum of many is normal, whatever each one is
    spectrum = np.asarray(cv2.dft(white), np.float32) * _packed_gain(height, width, slope, stretch)
    field = np.asarray(cv2.idft(spectrum, flags=cv2.DFT_SCALE), np.float32)[: shape[0], : shape[1]]
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(field))
    return np.asarray((field - f32(mean)) * f32(1 / (deviation + 1e-9)), np.float32)


def _packed_gain(height: int, width: int, slope: float, stretch: float) -> Plane:
    """f^-slope where the packed ("CCS") spectrum of a real picture holds the frequency f; 0 for its mean.

    Column 0 and, of an even width, the last one hold real and imaginary parts below each other, the others
    beside each other. See OpenCV, ``cv::dft``.
    """
    longer = max(height, width)
    across = ((np.arange(width) + 1) // 2 * (longer / width) * stretch).astype(np.float32)
    down = (fft.fftfreq(height, 1 / longer)).astype(np.float32)
    power = down[:, None] ** 2 + across[None] ** 2
    packed = ((np.arange(height) + 1) // 2 * (longer / height)).astype(np.float32)
    for column in (0, width - 1) if width % 2 == 0 else (0,):
        power[:, column] = packed**2 + across[column] ** 2
    power[0, 0] = 1
    gain = f32(cv2.pow(power, -slope / 2))
    gain[0, 0] = 0
    return gain


def unit(field: Plane) -> Plane:
    """A standard-normal-like field -> 0..1, evenly spread (logistic approximation of the normal CDF)."""
    return np.asarray(1 / (1 + np.exp(np.float32(-1.702) * field)), np.float32)


def grain_of(rgb: NDArray[np.uint8]) -> float:
    """The standard deviation of a photograph's noise, 0..1 of the sRGB range.

    Immerkær, "Fast Noise Variance Estimation" (1996), with a median over the flatter half of the picture
    so that texture does not count as noise.
    """
    middle = tuple(slice(max(0, side // 2 - 700), side // 2 + 701) for side in rgb.shape[:2])
    gray = np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb[middle]), cv2.COLOR_RGB2GRAY), np.float32) / 255
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(gray, -1, kernel))[1:-1, 1:-1]
    if response.size == 0:
        return 0.0
    return float(np.clip(np.quantile(response, 0.3) / 0.385 / 6, 0.0, 0.03))


def grain(rng: Generator, sigma: float) -> Plane:
    """A pool of film-like grain: (N, 3) float32, deviation ``sigma``, mostly common to all channels."""
    common = rng.standard_normal((_POOL, 1), np.float32)
    single = rng.standard_normal((_POOL, 3), np.float32)
    return f32((0.85 * common + 0.53 * single) * f32(sigma))


def scattered(pool: Plane, shape: tuple[int, int], rng: Generator) -> Plane:
    """(H, W, 3) of a pool's grain, read on from a random place: drawing it anew for all pixels is slow."""
    places = np.arange(shape[0] * shape[1]) + rng.integers(_POOL)
    return np.take(pool, places, axis=0, mode="wrap").reshape(*shape, 3)


def fractal_line(length: int, rng: Generator, slope: float) -> NDArray[np.float32]:
    """As :func:`fractal`, along one line: (length,) float32, mean 0, deviation 1; no period shows."""
    count = 2 * length
    frequency = fft.rfftfreq(count, 1 / count)
    gain = np.maximum(frequency, 1) ** -slope
    gain[:2] = 0
    spectrum = gain * np.exp(2j * np.pi * rng.random(frequency.size)) * rng.rayleigh(1, frequency.size)
    line = fft.irfft(spectrum, count)[:length]
    return f32((line - line.mean()) / (line.std() + 1e-12))
