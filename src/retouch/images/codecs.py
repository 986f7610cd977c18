"""Which decoders this machine's Pillow carries, with their versions: most holes are mended in these."""

from __future__ import annotations

from importlib.metadata import version

from PIL import features


def versions() -> dict[str, str | None]:
    """Codec name -> version, None where it is missing."""
    found = {"png (zlib)": "zlib", "jpeg": "libjpeg_turbo", "webp": "webp", "avif": "avif"}
    return {
        "pillow": version("pillow"),
        **{name: features.version(feature) for name, feature in found.items()},
        "heic (pi-heif)": version("pi-heif"),
    }
