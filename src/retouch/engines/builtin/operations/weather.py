"""``weather``: rain, snow, fog and sun-rays over a photograph. ``strength`` 0..100 (60)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from retouch.engines.builtin.arguments import choice, known, number
from retouch.engines.builtin.atmosphere import (
    Grade,
    Haze,
    Layer,
    View,
    Weather,
    god_rays,
    small_size,
    surroundings,
    through_air,
)
from retouch.engines.builtin.blur import Plane, f32, gaussian, resize
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.precipitation import RAIN, SNOW, Fall, falling
from retouch.engines.builtin.subject import found
from retouch.errors import TargetNotFound

_DRAWN = 2048  # px of the longer side: streaks and flakes are blurred by their motion, or by the lens


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Let ``arguments["weather"]`` come over the canvas; ``strength`` is clamped, 0 changes nothing.

    Haze and what falls are laid in depth: the sky is far, the ground nears toward the lower border, the
    subject stands where it meets the ground. Alpha is kept. Another seed draws other drops.
    Raises InstructionNotSupported for an unknown weather or a wrong value.
    """
    name = choice(arguments, "weather", _WEATHERS)
    known(arguments, ("weather", "strength"), "weather")
    asked = number(arguments, "strength", 60)
    if asked == 0:
        return canvas
    strength = min(context.vary(asked), 100) / 100
    view = View.of(canvas.rgb, _subject(canvas, context))
    context.progress(0.3)
    weather = _WEATHERS[name](canvas, view, strength, context)
    context.progress(0.6)
    rgb = through_air(canvas.rgb, weather, context.rng(9), lambda part: context.progress(0.6 + 0.4 * part))
    return Canvas(rgb, canvas.alpha)


def _subject(canvas: Canvas, context: Context) -> Matte | None:
    try:
        return found(canvas, context)
    except TargetNotFound:
        return None


def _air(view: View, blue: float, lift: float) -> tuple[float, float, float]:
    """Air lit by this day: as bright as the picture's brighter parts, a little of their colour."""
    weight = np.clip(view.distance - 0.4, 0.01, 1)[..., None]
    far = (view.light * weight).sum((0, 1)) / weight.sum()
    gray = float(far.mean())
    level = min(max(0.5 * view.level + 0.5 * gray, 0.03) * lift, 0.86)
    tint = 0.75 + 0.25 * far / (gray + 1e-3)
    red, green, bluish = (level * tint * np.array([1 - blue, 1.0, 1 + blue])).clip(0, 0.92)
    return float(red), float(green), float(bluish)


def _fog(canvas: Canvas, view: View, strength: float, context: Context) -> Weather:
    """Banks of uneven thickness; lamps glow in them."""
    del canvas
    banks = fractal(view.subject.shape, context.rng(1), 1.9, 2.6)
    uneven = np.clip(1 + 0.28 * banks * (1 - 0.8 * view.subject), 0.3, 1.9)
    depth = f32(4.2 * strength**1.2 * (0.03 + view.distance**1.1) * uneven)
    glow = gaussian(f32(np.maximum(view.light - 0.55, 0)), 0.03 * max(view.subject.shape))
    light = f32(np.maximum(glow, 0) * (1 - np.exp(-depth))[..., None] * 1.5)
    peak = light.max(-1)
    lamps = Layer(f32(np.clip(peak, 0, 0.9)), f32(light / (peak[..., None] + 1e-3)))
    day = view.level > 0.25
    grade = Grade(exposure=-0.1, saturation=1 - 0.25 * strength)
    return Weather(grade, Haze(depth, _air(view, 0.03, 1.15)), [] if day else [lamps])


def _rain(canvas: Canvas, view: View, strength: float, context: Context) -> Weather:
    """A dull, cool, wet day: haze behind, streaks that take their light from what is around them."""
    lean = float(context.rng(2).uniform(-11, 11))
    grade = Grade(-0.55 * strength, 1 - 0.4 * strength, (0.94, 1.0, 1.06))
    haze = Haze(f32(1.15 * strength * view.distance), _air(view, 0.04, 0.72))
    light = f32(surroundings(view) * 1.1 + 0.25 * view.level + 0.035)
    return Weather(
        grade, haze, [_fallen(_Falls(RAIN, lean, 0.35 + 1.1 * strength, light), canvas, view, context)]
    )


def _snow(canvas: Canvas, view: View, strength: float, context: Context) -> Weather:
    """Cold light, a white distance, flakes from sharp specks to discs before the lens."""
    lean = float(context.rng(2).uniform(-28, 28))
    grade = Grade(-0.1 * strength, 1 - 0.35 * strength, (0.95, 1.0, 1.08))
    haze = Haze(f32(1.0 * strength * view.distance), _air(view, 0.05, 1.0))
    level = min(max(1.3 * view.level + 0.2, 0.3), 1.1)
    light = f32(0.3 * surroundings(view) + level * np.array([0.70, 0.72, 0.76], np.float32))
    return Weather(
        grade, haze, [_fallen(_Falls(SNOW, lean, 0.3 + 1.2 * strength, light), canvas, view, context)]
    )


@dataclass(frozen=True, slots=True)
class _Falls:
    """What falls: its layers, degrees off the vertical, a factor on its number, its light (h, w, 3)."""

    layers: tuple[Fall, ...]
    lean: float
    density: float
    light: Plane


def _fallen(falls: _Falls, canvas: Canvas, view: View, context: Context) -> Layer:
    """All layers of what falls in one: they have the same light."""
    size = small_size(canvas.rgb.shape, _DRAWN)
    subject = resize(view.subject, size)
    clear = np.ones(subject.shape, np.float32)
    for index, fall in enumerate(falls.layers):
        cover = falling(fall, size, falls.lean, falls.density, context.rng(10 + index))
        clear *= 1 - np.clip(cover * (1 - subject * (1 - fall.near)), 0, 1)
        context.progress(0.3 + 0.3 * (index + 1) / len(falls.layers))
    return Layer(f32(1 - clear), falls.light)


def _sun_rays(canvas: Canvas, view: View, strength: float, context: Context) -> Weather:
    """Shafts of warm light; the subject stands before most of them."""
    del canvas
    rays, inside = god_rays(view, context.rng(3))
    rays = f32(rays / (np.quantile(rays, 0.98) + 1e-3) * (1 - 0.55 * view.subject))
    cover = f32(np.clip(rays, 0, 1.2) * strength * (0.62 if inside else 0.5))
    warm = f32(np.ones((*cover.shape, 1)) * np.array([1.0, 0.84, 0.56]) * min(1.0, 0.55 + view.level))
    grade = Grade(-0.3 * strength, 1 + 0.08 * strength, (1 + 0.06 * strength, 1.0, 1 - 0.08 * strength))
    return Weather(grade, Haze(np.zeros_like(cover), (0, 0, 0)), [Layer(np.clip(cover, 0, 0.85), warm)])


_Weather = Callable[[Canvas, View, float, Context], Weather]
_WEATHERS: Final[Mapping[str, _Weather]] = {"rain": _rain, "snow": _snow, "fog": _fog, "sun-rays": _sun_rays}
