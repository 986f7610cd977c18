"""Where the eye looks: there a style draws finer, so that a face stays the face that it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.engines.builtin.painting import grey, smoothstep
from retouch.engines.builtin.surface import blur

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Plane, Sheet


def attention(sheet: Sheet, reach: float = 8) -> Plane:
    """0..1: local contrast within ``reach`` units, counted three times on the subject, (H, W)."""
    light, unit = grey(sheet.rgb), sheet.unit
    busy = blur(np.abs(light - blur(light, 4 * unit)), reach * unit)
    return smoothstep(busy * (0.4 + 0.8 * sheet.subject()), 0.008, 0.05)
