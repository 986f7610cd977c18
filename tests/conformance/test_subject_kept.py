"""A subject that is to be kept is the photo's own, byte for byte, in the file that a client gets.

Where the instruction says nothing of keeping it, it meets the new place's light, and stays itself all the
same. A sample; ``python -m bench subject`` looks at every scene.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from bench.keeping import CHANGED, COVERED, MASKS, compare, core, hand_made
from numpy.typing import NDArray
from tests.support_pictures import context, photo

from retouch.engines.base import EngineEnvironment
from retouch.engines.builtin.engine import BuiltinEngine
from retouch.engines.builtin.matting import U2NetMatting
from retouch.engines.builtin.operation import Canvas, Matte
from retouch.engines.builtin.operations import background_replace
from retouch.engines.planner import plan_instruction
from retouch.images.decode import decode
from retouch.images.encode import encode
from retouch.settings import load_settings
from retouch.task import EditRequest
from retouch.testing.engine_conformance import FakeRun
from retouch.weights.store import WeightsStore

PROMPT: Final = "Change the background to a starry sky, keep the main subject"
NAMES: Final = sorted(path.stem for path in MASKS.glob("*.png"))
# Each photo before one of the places that turn a subject's light the most.
HARMONISED: Final = tuple(
    zip(
        NAMES,
        ("aurora", "velvet curtain", "neon city", "brick wall", "christmas tree", "mountains"),
        strict=True,
    )
)


@pytest.fixture(scope="module")
def environment() -> EngineEnvironment:
    return EngineEnvironment(WeightsStore(load_settings().weights_dir).path, threads=2)


@pytest.fixture(scope="module")
def mattes(environment: EngineEnvironment) -> Callable[[str], Matte]:
    """Each photo's matte, found once."""
    matting = U2NetMatting(environment.weights("u2net"), environment.cache_dir, environment.threads)
    return functools.cache(lambda name: matting.matte(photo(name)))


@pytest.fixture(scope="module")
def engine(environment: EngineEnvironment) -> BuiltinEngine:
    made = BuiltinEngine(environment)
    made.warm()
    return made


def check_bytes(name: str, matte: Matte, edited: NDArray[np.uint8]) -> None:
    """In our matte's middle the delivered file holds the photo's bytes, and that is most of the subject."""
    rgb, subject, inside = photo(name), hand_made(name), core(matte)
    delivered = decode(encode(edited, "png"), 24_000_000).pixels
    assert (inside & subject).sum() >= COVERED * subject.sum()
    assert np.array_equal(delivered[inside], rgb[inside])
    assert compare(rgb, delivered, inside, subject).changed > CHANGED


def test_the_sentence_that_the_service_was_made_for(
    engine: BuiltinEngine, mattes: Callable[[str], Matte]
) -> None:
    request = EditRequest(model="m", prompt=PROMPT, sources=(), seed=5)
    result = engine.edit(request, plan_instruction(PROMPT), [photo("astronaut")], FakeRun())
    check_bytes("astronaut", mattes("astronaut"), result.pictures[0].image)


@pytest.mark.parametrize("name", NAMES)
def test_under_our_matte_drawn_in_by_eight_pixels_the_bytes_are_the_photos(
    name: str, mattes: Callable[[str], Matte]
) -> None:
    (operation,) = plan_instruction(PROMPT).operations
    canvas, (used, _) = Canvas(photo(name)), context(mattes(name), seed=5)
    check_bytes(name, mattes(name), background_replace.apply(canvas, operation.arguments, used).rgb)


@pytest.mark.parametrize(("name", "scene"), HARMONISED)
def test_a_subject_that_meets_the_new_light_stays_itself(
    name: str, scene: str, mattes: Callable[[str], Matte]
) -> None:
    """A velvet curtain once turned a cat's fur by eleven levels: structure was kept, its colour was not."""
    rgb, subject, matte = photo(name), hand_made(name), mattes(name)
    edited = background_replace.apply(Canvas(rgb), {"scene": scene}, context(matte)[0]).rgb
    kept = compare(rgb, edited, core(matte) & subject, subject)

    assert kept.alike, kept
    assert not kept.exact
    assert kept.changed > CHANGED
