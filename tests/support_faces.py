"""Faces for tests: a drawn one with known landmarks, the photographed one, red eyes painted into either."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context, photo

from retouch.engines.builtin import landmarks
from retouch.engines.builtin.faces import FaceDetector
from retouch.engines.builtin.landmarks import LandmarkNet, Landmarks
from retouch.engines.builtin.operation import Context
from retouch.settings import load_settings
from retouch.weights.store import WeightsStore

SKIN = (205, 160, 135)


def ring(count: int, middle: tuple[float, float], radii: tuple[float, float]) -> NDArray[np.float32]:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    points = np.stack([middle[0] + radii[0] * np.sin(turn), middle[1] - radii[1] * np.cos(turn)], -1)
    return points.astype(np.float32)


def drawn_landmarks(middle: tuple[float, float] = (110, 120), wide: float = 60) -> Landmarks:
    """An upright face: an oval of radii ``wide`` and 1.3 ``wide``, in pixels."""
    x, y = middle
    points = np.tile(np.array(middle, np.float32), (468, 1))
    places = [
        (landmarks._OVAL, (x, y), (wide, 1.3 * wide)),
        (landmarks._LIPS, (x, y + 0.65 * wide), (0.4 * wide, 0.15 * wide)),
        (landmarks._NOSTRILS, (x, y + 0.25 * wide), (0.2 * wide, 0.06 * wide)),
    ]
    for side, eye, brow in zip((-1, 1), landmarks._EYES, landmarks._BROWS, strict=True):
        places.append((eye, (x + side * 0.42 * wide, y - 0.25 * wide), (0.22 * wide, 0.1 * wide)))
        places.append((brow, (x + side * 0.42 * wide, y - 0.5 * wide), (0.28 * wide, 0.05 * wide)))
    for indices, where, radii in places:
        points[list(indices)] = ring(len(indices), where, radii)
    return Landmarks(points)


def drawn_face(height: int = 240, width: int = 220, seed: int = 2) -> NDArray[np.uint8]:
    """Skin with texture, blotches and shading on a dark ground, for :func:`drawn_landmarks`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inside = np.hypot((x - 110) / 62, (y - 120) / 80) < 1
    light = 18 * (x - 110) / 60 + rng.normal(0, 5, (height, width))
    blotch = sum(
        9 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 40) for a, b in rng.uniform((70, 80), (150, 170), (25, 2))
    )
    skin = np.array(SKIN) + (light - blotch)[..., None]
    return np.clip(np.where(inside[..., None], skin, 40), 0, 255).astype(np.uint8)


def with_red_eyes(
    rgb: NDArray[np.uint8], marks: Landmarks, radius: float, colour: tuple[int, int, int] = (190, 35, 40)
) -> NDArray[np.uint8]:
    """Red pupils with a catch light each, in the middle between the lids."""
    out = rgb.astype(np.float64)
    y, x = np.mgrid[0 : rgb.shape[0], 0 : rgb.shape[1]]
    for lids in marks.eyes:
        across, down = lids.mean(0)
        disc = np.clip(radius - np.hypot(x - across, y - down) + 0.5, 0, 1)[..., None]
        out += disc * (np.array(colour) - out)
        shine = np.hypot(x - across + 0.3 * radius, y - down + 0.3 * radius)
        glint = np.clip(0.3 * radius - shine + 0.5, 0, 1)[..., None]
        out += glint * (250 - out)
    return np.clip(np.round(out), 0, 255).astype(np.uint8)


def before(*faces: Landmarks, variation: int = 0) -> Context:
    """A context that finds these faces, and takes what is lighter than the drawn ground for the subject."""
    made, _ = context(lambda rgb: (rgb.max(-1) > 60).astype(np.float32), variation=variation)
    made.portraits = lambda _: faces
    return made


@lru_cache(maxsize=1)
def nets() -> tuple[FaceDetector, LandmarkNet]:
    """Both are downloads of their own, which nobody needs for the rest."""
    store = WeightsStore(load_settings().weights_dir)
    if not (store.has("faces") and store.has("face-landmarks")):
        pytest.skip("the models are not here; run: retouch models pull faces face-landmarks")
    return (
        FaceDetector(store.path("faces"), None, 1),
        LandmarkNet(store.path("face-landmarks"), None, 1),
    )


def fitted(rgb: NDArray[np.uint8]) -> tuple[Landmarks, ...]:
    detector, net = nets()
    found = (net.fit(rgb, face) for face in detector.detect(rgb))
    return tuple(each for each in found if each is not None)


@lru_cache(maxsize=1)
def astronaut() -> tuple[NDArray[np.uint8], Landmarks]:
    """The portrait among the photographs, and its fitted face."""
    rgb = photo("astronaut")
    (marks,) = fitted(rgb)
    return rgb, marks
