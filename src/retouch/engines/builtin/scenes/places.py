"""The places that were photographed: which panorama each one is, and where to look in it."""

from __future__ import annotations

from retouch.engines.builtin.scenes.panorama import LICENCE, View, place
from retouch.engines.builtin.scenes.scene import Scene

_NEARLY = 0.009  # in focus
_WARM = (1.08, 1.0, 0.88)


def _row(name: str, panorama: str, view: View) -> Scene:
    draw = place(panorama, view)
    return Scene(name, draw, licence=LICENCE, horizon=view.horizon, ground=True)


FOREST = _row("forest", "forest", View((0, 60, 130, 155, 180, 230, 275, 305), exposure=1.0, chroma=1.25))

PLACES = (
    _row("park", "park", View((0, 40, 75, 110, 140, 320), exposure=1.15)),
    _row("countryside", "sunrise", View((30, 70, 100, 125, 155, 180, 265), exposure=1.1)),
    _row("savanna", "night", View((195, 215, 305, 330), exposure=0.7, tint=(1.18, 0.98, 0.74))),
    _row(
        "canyon",
        "dawn",
        View((0, 40, 80, 120, 325), exposure=1.12, tint=(1.14, 1.0, 0.82), confusion=_NEARLY),
    ),
    _row("salt flat", "sky", View((0, 60, 120, 165, 215, 245, 300, 330), exposure=1.4, confusion=_NEARLY)),
    _row("waterfront", "venice", View((212, 228, 315, 325), exposure=1.05, confusion=_NEARLY)),
    _row("city street", "city", View((165, 190, 215, 245, 265, 290, 320), exposure=1.5, tint=_WARM)),
    _row("old town", "sunset", View((15, 45, 75, 100, 125, 150), exposure=1.35)),
    _row("living room", "apartment", View((165, 195, 205, 275, 290), exposure=1.55)),
    _row("office", "lobby", View((160, 185, 210, 235, 260), exposure=1.15, chroma=0.95)),
    _row("shopping mall", "esplanade", View((0, 30, 60, 150, 180, 225, 265, 300, 330), exposure=1.1)),
    _row("event hall", "hall", View((0, 45, 130, 170, 225, 275, 310), exposure=0.95, tint=_WARM)),
    _row("warehouse", "warehouse", View((0, 60, 120, 150, 205, 235, 270, 300), exposure=0.85)),
    _row("factory", "workshop", View((50, 80, 115, 145, 180, 275, 305, 335), exposure=0.85)),
)
