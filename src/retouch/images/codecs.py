"""Which decoders are at work, for an owner who reads of a hole in one of them."""

from __future__ import annotations

import pi_heif
import PIL
from PIL import features

_PILLOW: tuple[str, ...] = ("libjpeg_turbo", "zlib_ng", "zlib", "webp", "avif", "littlecms2")


def versions() -> dict[str, str]:
    """Library name to version, those that are built in."""
    found = {name: features.version(name) for name in _PILLOW}
    heif = pi_heif.libheif_info()
    return {
        "pillow": PIL.__version__,
        **{name: str(version) for name, version in found.items() if version},
        "libheif": str(heif["libheif"]),
        **{f"libheif {name}": str(text) for name, text in heif["decoders"].items()},
    }
