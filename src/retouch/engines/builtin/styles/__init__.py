"""The styles by name, each in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping

from retouch.engines.builtin.styles import cyberpunk, oil_painting, pencil_sketch
from retouch.engines.builtin.styles.sheet import Style

STYLES: Mapping[str, Style] = {
    "cyberpunk": Style(cyberpunk.render, "detail"),
    "oil painting": Style(oil_painting.render),
    "pencil sketch": Style(pencil_sketch.render),
}
