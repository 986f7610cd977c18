"""Make ``engines/builtin/data/places/*.jpg`` from the panoramas of npm's ``@pmndrs/assets`` (CC0 1.0).

    npm pack @pmndrs/assets@1.7.0 && tar xf pmndrs-assets-1.7.0.tgz
    pip install OpenEXR  # not a dependency of the product: DWAB is decoded here and nowhere else
    python scripts/panoramas.py package

They were photographed for Poly Haven and put in the public domain. What is kept is the band between 52
degrees above and below the horizon, all round, as the ratio x / (1 + x) of its light to its own mean level,
which takes the sun and a shadow into eight bits, with a gamma of 2.2.
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import OpenEXR  # type: ignore[import-not-found]  # of this script alone
from numpy.typing import NDArray

TARGET: Final = Path(__file__).parents[1] / "src/retouch/engines/builtin/data/places"
PLACES: Final = ("apartment", "city", "dawn", "esplanade", "forest", "hall", "lobby", "night")
MORE: Final = ("park", "sky", "sunrise", "sunset", "venice", "warehouse", "workshop")
LEVEL: Final = 0.35  # of the middle of the band, before x / (1 + x)
REACH: Final = 52 / 180  # of the panorama's height, above and below the horizon
BRIGHTEST: Final = 60.0  # times the level: the sun's disc through an open lens, not a burnt hole
DARKEST: Final = 0.002
QUALITY: Final = 94


def light_of(path: Path) -> NDArray[np.float32]:
    """The panorama: (256, 512, 3) float32, linear RGB."""
    text = re.search(r"base64,([A-Za-z0-9+/=]+)", path.read_text())
    if text is None:
        raise SystemExit(f"{path} holds no picture")
    with tempfile.NamedTemporaryFile(suffix=".exr") as file:
        file.write(base64.b64decode(text[1]))
        file.flush()
        with OpenEXR.File(file.name) as opened:
            return np.asarray(opened.channels()["RGB"].pixels, np.float32)


def mended(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round a lamp its reduction has rung: what is far darker than all about it is taken from there."""
    light = np.maximum(np.nan_to_num(light, nan=-1.0), 0)
    level = light.mean(-1)
    about = cv2.blur(np.minimum(level, 4), (11, 11))
    bad = (level < DARKEST) | (level < 0.06 * about) | ((about > 1) & (light.min(-1) < 0.1 * about))
    good = np.where(bad, 0, 1).astype(np.float32)[..., None]
    near = np.asarray(cv2.GaussianBlur(np.clip(light, 0, 8) * good, (0, 0), 1.5), np.float32)
    near = near / (np.asarray(cv2.GaussianBlur(good, (0, 0), 1.5), np.float32)[..., None] + 1e-4)
    return np.asarray(np.where(bad[..., None], near, light), np.float32)


def main() -> None:
    """Write every place."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in (*PLACES, *MORE):
        light = mended(light_of(Path(sys.argv[1]) / "hdri" / f"{name}.exr.js"))
        height = light.shape[0]
        band = light[round(height * (0.5 - REACH)) : round(height * (0.5 + REACH))]
        if name == "night":  # its stars are no part of a savanna in the last light
            sky = band[: len(band) // 2]
            band[: len(band) // 2] = cv2.morphologyEx(sky, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        middle = np.exp(np.log(np.maximum(band.mean(-1), 1e-3)).mean())
        level = np.minimum(band * (LEVEL / middle), BRIGHTEST)
        packed = (255 * (level / (1 + level)) ** (1 / 2.2) + 0.5).astype(np.uint8)
        settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
        cv2.imwrite(str(TARGET / f"{name}.jpg"), packed[..., ::-1], settings)


if __name__ == "__main__":
    main()
