"""What is done to a face: its skin smoothed, its light lifted. Both give a change to add to a portrait."""

from __future__ import annotations

import numpy as np

from retouch.engines.builtin.blur import Plane, f32, gaussian
from retouch.engines.builtin.colour import decode, to_float, to_srgb
from retouch.engines.builtin.operation import Matte
from retouch.engines.builtin.skin import Portrait

# Bands of a skin, by the blur that parts them, in widths of the face: below the first is its texture, the
# second holds pores, spots and small folds, the third blotches and shine.
_TEXTURE, _SPOTS, _BLOTCHES = 0.007, 0.022, 0.06
_PLAIN = 0.07  # sRGB 0..1: what stands out by much more has a shape (a fold, a nose's shadow)
_STOPS = 1.8  # of light at full strength


def smoothing(portrait: Portrait, strength: float) -> Plane:
    """The change that evens the skin, (h, w, 3) float32 sRGB; ``strength`` 0..1.

    Frequency separation: the texture stays (only what stands out of it is reduced), the two bands above it
    fade, the face's forms and light below are not touched. Blurs see skin alone, so nothing bleeds in.
    """
    rgb, skin = to_float(portrait.rgb), portrait.skin()
    levels = [_within(rgb, skin, sigma * portrait.width) for sigma in (_TEXTURE, _SPOTS, _BLOTCHES)]
    texture, spots, blotches = rgb - levels[0], levels[0] - levels[1], levels[1] - levels[2]
    change = 0.95 * _modest(spots) + 0.65 * _modest(blotches) + _outlying(texture, skin)
    return f32(-strength * change * skin[..., None])


def _within(rgb: Plane, skin: Plane, sigma: float) -> Plane:
    """A Gaussian blur that looks at skin only; where there is none, the picture itself."""
    weight = gaussian(skin, max(sigma, 0.6))[..., None]
    mean = gaussian(f32(rgb * skin[..., None]), max(sigma, 0.6)) / np.maximum(weight, 1e-3)
    sure = np.clip(weight * 20, 0, 1)
    return f32(rgb + sure * (mean - rgb))


def _modest(band: Plane) -> Plane:
    """The part of a band that is no form of the face: all of its colour, and small swings of its light."""
    light = band.mean(-1, keepdims=True)
    return f32(band - light + light * np.exp(-0.35 * (light / _PLAIN) ** 2))


def _outlying(texture: Plane, skin: Plane) -> Plane:
    """What stands out of the texture by more than twice its mean, and a sixth of the rest."""
    known = skin > 0.5
    usual = float(np.abs(texture[known]).mean()) if known.any() else 0.0
    beyond = np.sign(texture) * np.maximum(np.abs(texture) - 2 * usual, 0)
    return f32(0.16 * texture + 0.84 * beyond)


def lifting(portrait: Portrait, matte: Matte, strength: float) -> Plane:
    """The change that brightens the face, (h, w, 3) float32 sRGB; ``strength`` 0..1.

    Light times a power of two, bent so that white stays white and nothing is clipped; all channels alike, so
    the colour of the skin stays. ``matte`` (H, W) keeps the light off the ground: no halo.
    """
    linear = decode(portrait.rgb)
    gain = 2 ** (_STOPS * strength * portrait.lit(matte))[..., None]
    brightest = linear.max(-1, keepdims=True)
    lifted = linear * gain / (1 + brightest * (gain - 1))
    return f32(to_srgb(f32(lifted)) - to_srgb(linear))
