"""The second picture of a request behind the subject of the first; and ignored where nobody looks at it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context, disc_picture

from retouch.engines import routing
from retouch.engines.builtin.compositing import core
from retouch.engines.builtin.engine import BuiltinEngine
from retouch.engines.builtin.operations.background_replace import apply
from retouch.engines.planner.plan import Operation, Plan
from retouch.errors import InstructionNotSupported
from retouch.settings import ModelRoute
from retouch.task import EditRequest, Source, SourceKind
from retouch.testing.engines import FakeEngine
from retouch.worker import steps

BEHIND = Plan("en", (Operation("background.replace", {"image": 1}),), 1.0)
SKY = Plan("en", (Operation("background.replace", {"scene": "sunset"}),), 1.0)


def halves(height: int, width: int) -> NDArray[np.uint8]:
    """Blue on the left, orange on the right."""
    picture = np.full((height, width, 3), (30, 60, 200), np.uint8)
    picture[:, width // 2 :] = 230, 140, 40
    return picture


def before(picture: NDArray[np.uint8], **arguments: Any) -> NDArray[np.uint8]:
    canvas, matte = disc_picture()
    run, _ = context(matte)
    run.others = (picture,)
    return apply(canvas, {"image": 1, **arguments}, run).rgb


def test_the_second_picture_lies_behind_the_subject() -> None:
    canvas, matte = disc_picture()
    out = before(halves(160, 160), keep="subject")
    inside = core(matte)
    assert np.array_equal(out[inside], canvas.rgb[inside])
    assert np.abs(out[:20, :60].reshape(-1, 3).mean(0) - (30, 60, 200)).max() < 4
    assert np.abs(out[:20, -60:].reshape(-1, 3).mean(0) - (230, 140, 40)).max() < 4


@pytest.mark.parametrize("shape", [(100, 400), (400, 100), (40, 40), (1, 1), (900, 1300)])
def test_it_is_cropped_to_fit_and_never_stretched(shape: tuple[int, int]) -> None:
    picture = np.zeros((*shape, 3), np.uint8)
    cv2.circle(picture, (shape[1] // 2, shape[0] // 2), min(shape) // 2, (255, 255, 255), -1)
    out = before(picture)
    assert out.shape == (160, 160, 3)
    if min(shape) > 1:  # the circle touches all four borders still
        assert out[80, 1].mean() > 120
        assert out[1, 80].mean() > 120


def test_transparency_of_the_second_picture_is_white() -> None:
    assert before(np.zeros((50, 50, 4), np.uint8))[:10].mean() > 250


def test_the_subject_takes_on_the_light_of_the_other_place() -> None:
    _, matte = disc_picture()
    inside = core(matte)
    dark, bright = (before(np.full((80, 80, 3), level, np.uint8))[inside].mean() for level in (15, 240))
    assert dark < bright - 2  # no more: its colours may not turn by over three levels


@pytest.mark.parametrize("place", [0, -1, 2, True, "1", None])
def test_a_picture_that_is_not_there_is_refused(place: object) -> None:
    with pytest.raises(InstructionNotSupported):
        before(halves(20, 20), image=place)


def test_pictures_asked_for_together_differ() -> None:
    canvas, matte = disc_picture()
    made = set()
    for index in range(4):
        run, _ = context(matte, 7 + index, index)
        run.others = (halves(90, 160),)
        made.add(apply(canvas, {"image": 1}, run).rgb.tobytes())
    assert len(made) == 4


def request(count: int) -> EditRequest:
    sources = tuple(Source(SourceKind.URL, f"https://example.com/{index}.png") for index in range(count))
    return EditRequest(model="m", prompt="", sources=sources, seed=1)


@pytest.mark.parametrize(
    ("plan", "count", "ignored"),
    [(BEHIND, 2, []), (BEHIND, 1, []), (BEHIND, 3, ["image_urls"]), (SKY, 2, ["image_urls"]), (SKY, 1, [])],
)
def test_pictures_that_nobody_looks_at_are_ignored(plan: Plan, count: int, ignored: list[str]) -> None:
    said = routing.unhonoured(request(count), BuiltinEngine.capabilities, plan)
    assert [each.param for each in said] == ignored


LIKE_THE_THIRD = Plan("en", (Operation("style", {"image": 2}),), 1.0)
FAKE = "retouch.testing.engines:FakeEngine"
MODELS = {"m": ModelRoute(engines=("builtin",)), "f": ModelRoute(engines=(FAKE,))}


@pytest.mark.parametrize(
    ("plan", "count", "said"),
    [(BEHIND, 1, "picture 2, and the request has only one"), (LIKE_THE_THIRD, 2, "picture 3.*only 2")],
)
def test_a_picture_that_the_request_does_not_have_is_missed_at_routing(
    plan: Plan, count: int, said: str
) -> None:
    """Before any picture is fetched: which one was meant, nobody can know."""
    with pytest.raises(InstructionNotSupported, match=said):
        routing.route(request(count), plan, MODELS)
    assert routing.route(request(count + 1), plan, MODELS).ignored == ()


def test_no_picture_is_pointed_to_that_the_engine_would_not_look_at() -> None:
    most = BuiltinEngine.capabilities.max_images
    last, beyond = (Plan("en", (Operation("style", {"image": place}),), 1.0) for place in (most - 1, most))
    assert routing.route(request(16), last, MODELS).engine == "builtin"
    with pytest.raises(InstructionNotSupported, match=f"picture {most + 1}"):
        routing.route(request(16), beyond, MODELS)


def test_an_engine_that_follows_no_plan_misses_nothing() -> None:
    asked = EditRequest(model="f", prompt="", sources=request(1).sources, seed=1)
    assert routing.route(asked, BEHIND, MODELS).engine == FAKE


def test_an_engine_without_a_plan_looks_at_all_that_it_can() -> None:
    assert routing.looked_at(FakeEngine.capabilities, SKY) == FakeEngine.capabilities.max_images
    assert routing.looked_at(BuiltinEngine.capabilities, SKY) == 1
    assert routing.looked_at(BuiltinEngine.capabilities, BEHIND) == 2


@pytest.mark.parametrize(("plan", "fetched"), [(SKY, ["0.png"]), (BEHIND, ["0.png", "1.png"])])
async def test_only_pictures_that_the_plan_names_are_fetched(
    plan: Plan, fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(source: Source, **_: object) -> bytes:
        return source.value.rpartition("/")[2].encode()

    monkeypatch.setattr(steps, "read_source", read)
    task = cast("Any", SimpleNamespace(request=request(3)))
    route = routing.Route("builtin", BuiltinEngine.capabilities, ())
    attempt = steps.Attempt(task, cast("Any", None), plan=plan, route=route)
    await steps.fetch(attempt, cast("Any", SimpleNamespace(fetcher=None, objects=None)))
    assert [blob.decode() for blob in attempt.blobs] == fetched
