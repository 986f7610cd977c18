"""What several styles do to colour before or after they paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.colour import to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import grey
from retouch.engines.builtin.tone import contrasted, extremes, into_gamut

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture


def levelled(rgb: Picture, middle: float = 0.45, *, most: float = 0.7) -> Picture:
    """Stretch the picture's own black and white, and bring its median luma towards ``middle``.

    ``most`` limits how far: 0 leaves the median alone, 1 brings it all the way. Hues are kept.
    """
    light = grey(rgb)
    low, median, high = (float(v) for v in np.percentile(light, (0.5, 50, 99.5)))
    # A picture of nearly one tone keeps that tone.
    flat = max(0.15 - (high - low), 0)
    low, high = low - flat * low, high + flat * (1 - high)
    span = max(high - low, 1e-3)
    here = float(np.clip((median - low) / span, 0.04, 0.96))
    gamma = float(np.clip((np.log(middle) / np.log(here)) ** most, 0.5, 1.8))
    scaled = np.clip((light - low) / span, 0, 1) ** np.float32(gamma)
    gain = np.clip((scaled + 0.01) / (light + 0.01), 0, 6)
    # A strong colour stops where its first channel is full: beyond, it would turn pale.
    gain = np.minimum(gain, np.maximum(1, 1 / (extremes(rgb)[0] + 0.01)))
    return np.asarray(np.clip(rgb * gain[..., None], 0, 1), np.float32)


def enriched(rgb: Picture, *, chroma: float = 1, contrast: float = 0, lift: float = 0) -> Picture:
    """Chroma times ``chroma``, contrast -100..100, lightness raised by ``lift``; inside sRGB, hue kept."""
    lab = to_oklab(to_linear(np.clip(rgb, 0, 1)))
    lab[..., 0] = contrasted(np.clip(lab[..., 0], 0, 1), contrast) * (1 - lift) + lift
    lab[..., 1:] *= np.float32(chroma)
    return to_srgb(into_gamut(lab))
