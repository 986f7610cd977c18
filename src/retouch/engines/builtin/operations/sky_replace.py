"""``sky.replace``: another sky over the same land.

Arguments: ``scene``, the name of a sky (see :data:`SKIES`). The land keeps its place and its detail, and its
light goes some of the way toward the new sky's. A picture that shows no sky ends as TargetNotFound.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, known
from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.colour import decode, luminance, to_srgb, to_uint8
from retouch.engines.builtin.compositing import Placement, composite
from retouch.engines.builtin.noise import grain_of
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.scenes import SCENES, Framing
from retouch.engines.builtin.sky import Sky, find_sky

# The scenes that are skies, and how far down each one shows nothing but sky, 0..1 of its height: above the
# crests, the trees or the sea that it is drawn with.
SKIES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "starry sky": 1.0,
        "milky way": 0.84,
        "nebula": 1.0,
        "aurora": 0.80,
        "moonlit night": 0.66,
        "clear sky": 1.0,
        "cloudy sky": 1.0,
        "sunset": 0.735,
        "sunrise": 0.42,
        "storm": 0.82,
    }
)
_LEAST_DRAWN = 0.4  # of the picture's height: a sky drawn flatter than that looks squeezed
_LARGEST = 3200  # px, as in background.replace
_BANDS = 24
_TRANSLATES = 0.5  # of a change of the sky's brightness, in stops, that reaches the land
_DARKEST, _BRIGHTEST = 0.18, 1.2  # times the light that was on the land
_SHOULDER = 2.2
_TINT = 0.45  # of the new sky's colour that the land takes on
_COLOURLESS = 3.0  # mean saturation, 0..255: a black and white photograph gets a black and white sky


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Put the named sky behind the land."""
    known(arguments, ("scene",), "sky.replace")
    scene = choice(arguments, "scene", SKIES)
    sky = find_sky(canvas.rgb, context.matte(canvas.rgb))
    context.progress(0.4)
    drawn = _drawn(scene, sky, context)
    if _colourless(canvas.rgb):
        drawn = f32(np.repeat(luminance(drawn)[..., None], 3, -1))
    context.progress(0.7)
    light = _light_of(drawn, sky.alpha)
    relit = _relit(canvas.rgb, sky.alpha, light)
    placement = Placement(
        ambient=light, keep=False, relight=0.25, wrap=0.5, grain=max(grain_of(canvas.rgb), 0.5 / 255)
    )
    rgb = composite(relit, f32(1 - sky.alpha), drawn, placement, context.rng(1))
    context.progress(1.0)
    return Canvas(rgb, canvas.alpha)


def _drawn(name: str, sky: Sky, context: Context) -> Plane:
    """The sky over the whole picture, (h, w, 3) linear RGB; its own horizon lies at the real one or below."""
    height, width = sky.alpha.shape
    scale = min(1.0, _LARGEST / max(height, width))
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    shown = max(sky.horizon, _LEAST_DRAWN)
    whole = max(1, round(shown * height / SKIES[name]))
    picture = SCENES[name].draw((width, whole), context.rng(), _framing(sky, whole / height)).linear
    part = picture[: min(height, max(1, round(shown * height)))]
    return _misty(
        f32(cv2.copyMakeBorder(part, 0, height - len(part), 0, 0, cv2.BORDER_REPLICATE)), sky.horizon
    )


def _misty(picture: Plane, horizon: float) -> Plane:
    """Toward the horizon and below it only its light is seen, through haze, not what stands there."""
    height, width = picture.shape[:2]
    top = max(0, int((horizon - 0.03) * height))
    place = (np.arange(top, height, dtype=np.float32) / f32(height))[:, None, None]
    low = picture[top:]
    mist = gaussian(np.minimum(low, 0.9), 0.03 * max(width, height))
    share = smoothstep(horizon - 0.03, horizon, f32(place))
    return np.concatenate([picture[:top], f32(low * (1 - share) + mist * share)])


def _framing(sky: Sky, stretch: float) -> Framing:
    """What hides the sky, said as a subject beside which a sun or a moon finds the widest free place.

    ``stretch`` is the drawn picture's height in heights of the photograph.
    """
    rows = resize(sky.alpha, (128, 128)) > 0.6
    bands = []
    for band in range(_BANDS):
        row = min(127, int((band + 0.5) / _BANDS * stretch * 128))
        left, right = _widest(rows[row])
        middle = (left + right) / 2
        if right - left < 0.1:
            bands.append((0.0, 1.0))
        else:
            bands.append((2 * middle, 1.0) if middle < 0.5 else (0.0, 2 * middle - 1))
    return Framing(box=(0.0, sky.horizon, 1.0, 1.0), bands=tuple(bands))


def _widest(free: NDArray[np.bool_]) -> tuple[float, float]:
    """The longest run of True, 0..1."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    if edges.size == 0:
        return 0.5, 0.5
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return float(starts[longest] / free.size), float(ends[longest] / free.size)


def _colourless(rgb: NDArray[np.uint8]) -> bool:
    small = cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_AREA).astype(np.int16)
    return bool((small.max(-1) - small.min(-1)).mean() < _COLOURLESS)


def _light_of(picture: Plane, alpha: Matte) -> tuple[float, float, float]:
    """Mean linear RGB of the part that is seen."""
    size = (96, 96)
    seen = np.clip(resize(alpha, size), 0, 1)[..., None] + f32(1e-6)
    red, green, blue = (float(v) for v in (resize(picture, size) * seen).sum((0, 1)) / seen.sum())
    return red, green, blue


def _relit(rgb: NDArray[np.uint8], alpha: Matte, light: tuple[float, float, float]) -> NDArray[np.uint8]:
    """The photograph in the new sky's light: part of the change in stops, part of the change in colour."""
    before, after = np.array(_light_of(_small(rgb), alpha)), np.array(light)
    dimmed = (luminance(f32(after)) + 0.01) / (luminance(f32(before)) + 0.01)
    exposure = float(np.clip(dimmed**_TRANSLATES, _DARKEST, _BRIGHTEST))
    tint = ((after + 0.02) / (after.mean() + 0.02)) / ((before + 0.02) / (before.mean() + 0.02))
    gain = exposure * np.clip(tint, 0.4, 2.2) ** _TINT
    level = decode(np.arange(256, dtype=np.uint8))[:, None]
    # In the dark nothing on the ground is as bright as it was by day: what mirrored the sky falls most.
    shoulder = 1 + _SHOULDER * max(0.0, 1 - exposure) * level
    table = to_uint8(to_srgb(f32(level * gain / shoulder)))
    return np.asarray(cv2.LUT(rgb, table[None]), np.uint8)


def _small(rgb: NDArray[np.uint8]) -> Plane:
    return decode(np.asarray(cv2.resize(rgb, (96, 96), interpolation=cv2.INTER_AREA), np.uint8))
