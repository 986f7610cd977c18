"""The photographs of the tests, the nets on this machine, and a context for one operation."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.settings import default_weights_dir

DATA = Path(__file__).parent / "data"


def photo(name: str) -> NDArray[np.uint8]:
    """A photograph of tests/data/photos by its stem: (H, W, 3) uint8 sRGB."""
    decoded = cv2.imread(str(next((DATA / "photos").glob(f"{name}.*"))))
    return np.ascontiguousarray(np.asarray(decoded, np.uint8)[..., ::-1])


def weights(file: str) -> Path:
    """A model file on this machine. A suite without it would prove nothing, so its absence fails."""
    path = Path(os.environ.get("RETOUCH_WEIGHTS_DIR", default_weights_dir())) / file
    if not path.is_file():
        pytest.fail(f"{path} is missing; run: retouch models pull --needed")
    return path


def context(
    matte: Matte | Callable[[NDArray[np.uint8]], Matte], seed: int = 7, variation: int = 0
) -> tuple[Context, list[float]]:
    """A context whose subject is known, and the list that its progress goes to."""
    seen: list[float] = []
    find = matte if callable(matte) else lambda _: matte
    return Context(
        seed=seed, variation=variation, matte=find, progress=seen.append, preview=lambda _: None
    ), seen


def disc_picture(side: int = 160) -> tuple[Canvas, Matte]:
    """A textured red disc on a green ground, with its true matte; mixed in sRGB at the rim."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    distance = np.hypot(x - side / 2, y - side / 2)
    matte = np.clip(side * 0.3 - distance + 0.5, 0, 1).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 6, (side, side, 1))
    red, green = np.array([200, 50, 40]) + noise, np.array([40, 160, 60]) + noise
    mixed = matte[..., None] * red + (1 - matte[..., None]) * green
    return Canvas(np.clip(np.round(mixed), 0, 255).astype(np.uint8)), matte
