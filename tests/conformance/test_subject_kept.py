"""A subject that is to be kept is the photo's own, byte for byte, in the file that a client gets."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import DATA, photo

from retouch.engines.base import EngineEnvironment
from retouch.engines.builtin.engine import BuiltinEngine
from retouch.engines.builtin.matting import U2NetMatting
from retouch.engines.planner import plan_instruction
from retouch.images.decode import decode
from retouch.images.encode import encode
from retouch.settings import load_settings
from retouch.task import EditRequest
from retouch.testing.engine_conformance import FakeRun
from retouch.weights.store import WeightsStore

PROMPT: Final = "Change the background to a starry sky, keep the main subject"
NAMES: Final = sorted(path.stem for path in (DATA / "masks").glob("*.png"))
ERODED_PX: Final = 8


@pytest.fixture(scope="module")
def environment() -> EngineEnvironment:
    return EngineEnvironment(WeightsStore(load_settings().weights_dir).path, threads=2)


@pytest.fixture(scope="module")
def engine(environment: EngineEnvironment) -> BuiltinEngine:
    made = BuiltinEngine(environment)
    made.warm()
    return made


@pytest.fixture(scope="module")
def matting(environment: EngineEnvironment) -> U2NetMatting:
    return U2NetMatting(environment.weights("u2net"), None, 2)


def hand_mask(name: str) -> NDArray[np.bool_]:
    drawn = cv2.imread(str(DATA / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    return np.asarray(drawn) > 127


@pytest.mark.parametrize("name", NAMES)
def test_under_our_matte_drawn_in_by_eight_pixels_the_bytes_are_the_photos(
    name: str, engine: BuiltinEngine, matting: U2NetMatting
) -> None:
    rgb, subject = photo(name), hand_mask(name)
    request = EditRequest(model="m", prompt=PROMPT, sources=(), seed=5)
    result = engine.edit(request, plan_instruction(PROMPT), [rgb], FakeRun())
    delivered = decode(encode(result.pictures[0].image, "png"), 24_000_000).pixels

    # Eroded here with a disc of our own, so that the engine is not measured with its own yardstick.
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ERODED_PX + 1, 2 * ERODED_PX + 1))
    opaque = (matting.matte(rgb) > 0.996).astype(np.uint8)
    core = cv2.erode(opaque, disc, borderValue=1).astype(bool)

    assert (core & subject).sum() >= 0.70 * subject.sum()
    assert np.array_equal(delivered[core], rgb[core])
    far = cv2.dilate(subject.astype(np.uint8), np.ones((61, 61), np.uint8)) == 0
    assert (delivered[far] != rgb[far]).any(axis=-1).mean() > 0.95
