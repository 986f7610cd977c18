"""Photos at the sizes that are measured, from those of the tests."""

from __future__ import annotations

import io

from bench.report import ROOT


def photo(name: str, side: int) -> bytes:
    """A photo, cut square from its middle and scaled to ``side`` pixels, as PNG."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only where pictures are measured

    with Image.open(ROOT / "tests" / "data" / "photos" / name) as opened:
        fitted = ImageOps.fit(opened.convert("RGB"), (side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    fitted.save(buffer, "PNG")
    return buffer.getvalue()
