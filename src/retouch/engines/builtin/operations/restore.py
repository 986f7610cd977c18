"""``restore``: noise, JPEG blocks, haze, unsharpness; or all that a measurement finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, known, number
from retouch.engines.builtin.dehazing import Veil, dehazed
from retouch.engines.builtin.denoising import blockiness, deblocked, denoised, noise_of
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations import tone
from retouch.engines.builtin.sharpening import sharpened, softness

# What a measurement has to find before ``auto`` does anything about it; below, the cure would cost more.
_NOISY, _BLOCKY, _HAZY, _SOFT = 2.6, 0.35, 0.30, 0.38
_FLAT = 200  # levels between the darkest and the brightest hundredth of a picture with full contrast


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Restore by ``arguments["mode"]``: denoise, deblock, dehaze, sharpen, or auto.

    ``strength`` 0..100 (50, clamped); 0 changes nothing. ``auto`` measures noise, blocks, haze, sharpness and
    contrast, does what is called for and says so in the warnings. Alpha is kept, and further pictures get
    a little more or less. Raises InstructionNotSupported for an unknown mode or a wrong value.
    """
    mode = choice(arguments, "mode", _MODES)
    known(arguments, ("mode", "strength"), "restore")
    asked = number(arguments, "strength", 50)
    if asked == 0:
        return canvas
    strength = min(context.vary(asked), 100) / 100
    rgb = _MODES[mode](canvas.rgb, strength, context)
    context.progress(1.0)
    return Canvas(rgb, canvas.alpha)


def _denoise(rgb: NDArray[np.uint8], strength: float, context: Context) -> NDArray[np.uint8]:
    return denoised(rgb, strength, context.progress)


def _deblock(rgb: NDArray[np.uint8], strength: float, context: Context) -> NDArray[np.uint8]:
    result = deblocked(rgb, strength, context.progress)
    if result is rgb:
        context.warnings.append("no JPEG blocks were found: the picture was left as it was")
    return result


def _dehaze(rgb: NDArray[np.uint8], strength: float, context: Context) -> NDArray[np.uint8]:
    return dehazed(rgb, min(1.0, 0.4 + 0.6 * strength), context.progress)


def _sharpen(rgb: NDArray[np.uint8], strength: float, context: Context) -> NDArray[np.uint8]:
    del context
    return sharpened(rgb, strength)


def _auto(rgb: NDArray[np.uint8], strength: float, context: Context) -> NDArray[np.uint8]:
    """Blocks before noise (they look like it), haze after (its removal brings noise up), sharpness last."""
    done = []
    if blockiness(rgb)[0] > _BLOCKY:
        rgb = deblocked(rgb, strength, context.part(0.0, 0.3))
        done.append("JPEG blocks")
    noise = noise_of(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8))
    if noise > _NOISY:
        rgb = denoised(rgb, 0.8 * strength, context.part(0.3, 0.6))
        done.append("noise")
    veil = Veil.of(rgb)
    if veil.amount > _HAZY:
        rgb = dehazed(rgb, min(1.0, 0.3 + 0.6 * strength), context.part(0.6, 0.8), veil)
        done.append("haze")
    if softness(rgb) > _SOFT:
        rgb = sharpened(rgb, 0.7 * strength)
        done.append("unsharpness")
    context.progress(0.85)
    rgb, toned = _toned(rgb, strength, context)
    done += toned
    found = ", ".join(done) or "nothing to restore"
    context.warnings.append(f"restore found {found}")
    return rgb


def _toned(rgb: NDArray[np.uint8], strength: float, context: Context) -> tuple[NDArray[np.uint8], list[str]]:
    """A flat picture gets contrast, a dark one its shadows opened; both mildly."""
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    low, middle, high = (float(np.quantile(gray[::4, ::4], q)) for q in (0.01, 0.5, 0.99))
    axes, names = {}, []
    if high - low < _FLAT:
        axes["contrast"] = 0.35 * (_FLAT - (high - low)) * strength
        names.append("low contrast")
    if middle < 75 and low < 40:
        axes["shadows"] = 0.6 * (75 - middle) * strength
        names.append("dark shadows")
    if not axes:
        return rgb, names
    plain = Context(context.seed, 0, context.matte, context.part(0.85, 1.0), context.preview)
    return tone.apply(Canvas(rgb), axes, plain).rgb, names


_Mode = Callable[[NDArray[np.uint8], float, Context], NDArray[np.uint8]]
_MODES: Final[Mapping[str, _Mode]] = {
    "denoise": _denoise,
    "deblock": _deblock,
    "dehaze": _dehaze,
    "sharpen": _sharpen,
    "auto": _auto,
}
