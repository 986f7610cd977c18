"""What every local engine must keep to.

Test yours by subclassing, with one fixture:

from retouch.testing.engine_conformance import Case, LocalEngineConformance

class TestMyEngine(LocalEngineConformance):
@pytest.fixture
def case(self) -> Case:
engine = MyEngine(EngineEnvironment(weights=WeightsStore(folder).path, threads=1))
engine.warm()
return Case(engine, request=EditRequest(...), plan=Plan(...), images=(pixels,))
"""

# ruff: noqa: S101 - this module is a test suite, and pytest asserts
from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from retouch.engines.base import PARAMETERS, EditResult
from retouch.errors import DeadlineExceeded, TaskCancelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.base import LocalEngine, Pixels
    from retouch.engines.planner.plan import Plan
    from retouch.task import EditRequest

_WITHIN_S: Final = 600
# A value for each parameter that a request carries under its own name.
_GIVEN: Final[Mapping[str, Any]] = {
    "size": "64x64",
    "steps": 7,
    "guidance": 3.5,
    "strength": 0.5,
    "negative_prompt": "blurry",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A warm engine and an edit that it can do. ``chance``: whether other seeds give other pixels."""

    engine: LocalEngine
    request: EditRequest
    plan: Plan
    images: tuple[Pixels, ...]
    chance: bool = True


@dataclass(slots=True)
class FakeRun:
    """A :class:`retouch.engines.base.Run` that remembers what it was told."""

    deadline: float = field(default_factory=lambda: time.monotonic() + _WITHIN_S)
    cancelled: bool = False
    resume_state: Mapping[str, Any] | None = None
    mask: NDArray[np.uint8] | None = None
    percents: list[float] = field(default_factory=list)
    previews: list[Pixels] = field(default_factory=list)
    states: list[Mapping[str, Any]] = field(default_factory=list)

    def progress(self, percent: float) -> None:
        """Keep it."""
        self.percents.append(percent)

    def preview(self, image: Pixels) -> None:
        """Keep a copy."""
        self.previews.append(image.copy())

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Keep it."""
        self.states.append(dict(state))


class LocalEngineConformance:
    """The suite. A subclass gives the fixture ``case``; nothing else is needed."""

    def test_capabilities_are_static(self, case: Case) -> None:
        """They and the name belong to the class: processes that never make an engine read them."""
        kind = type(case.engine)
        assert kind.capabilities == case.engine.capabilities
        assert kind.name == case.engine.name
        assert case.engine.capabilities.where in {"cpu", "gpu"}

    def test_pictures_keep_the_size(self, case: Case) -> None:
        """Pictures are uint8 RGB or RGBA of the input's size."""
        for each in edited(case).pictures:
            assert each.image.dtype == np.uint8
            assert each.image.shape[:2] == case.images[0].shape[:2]
            assert each.image.shape[2] in {3, 4}

    def test_an_odd_size_is_kept(self, case: Case) -> None:
        """No rounding to multiples of anything, and no need of a large picture."""
        image = np.ascontiguousarray(case.images[0][:-1, :-3])
        (picture, *_) = edited(replace(case, images=(image, *case.images[1:]))).pictures
        assert picture.image.shape[:2] == image.shape[:2]

    def test_transparency_is_taken(self, case: Case) -> None:
        """A cut-out, with nothing around its middle, is edited too."""
        height, width = case.images[0].shape[:2]
        alpha = np.zeros((height, width), np.uint8)
        alpha[height // 4 : -height // 4, width // 4 : -width // 4] = 255
        image = np.dstack([case.images[0][..., :3], alpha])
        (picture, *_) = edited(replace(case, images=(image, *case.images[1:]))).pictures
        assert picture.image.shape[:2] == image.shape[:2]

    def test_it_edits(self, case: Case) -> None:
        """Some pixel is another."""
        picture = edited(case).pictures[0].image
        assert not np.array_equal(picture[..., :3], case.images[0][..., :3])

    def test_n_pictures_with_seeds_in_a_row(self, case: Case) -> None:
        """Picture i has seed + i, and no two are the same."""
        count = min(2, case.engine.capabilities.max_n)
        result = edited(case, n=count)
        assert [each.seed for each in result.pictures] == [case.request.seed + i for i in range(count)]
        pixels = {each.image.tobytes() for each in result.pictures}
        assert len(pixels) == count

    def test_same_seed_same_pixels(self, case: Case) -> None:
        """Twice the same request is twice the same picture."""
        first, second = edited(case).pictures[0], edited(case).pictures[0]
        assert np.array_equal(first.image, second.image)

    def test_other_seeds_other_pixels(self, case: Case) -> None:
        """Where there is chance in it."""
        if not case.chance:
            pytest.skip("this edit has no chance in it")
        other = edited(case, seed=case.request.seed + 1000).pictures[0]
        assert not np.array_equal(edited(case).pictures[0].image, other.image)

    def test_inputs_are_left_as_they_were(self, case: Case) -> None:
        """An engine gets them read-only."""
        before = [image.copy() for image in case.images]
        edited(case)
        assert all(np.array_equal(a, b) for a, b in zip(before, case.images, strict=True))

    def test_progress_grows(self, case: Case) -> None:
        """From 0 to 100, never back."""
        run = FakeRun()
        edited(case, run=run)
        assert run.percents == sorted(run.percents)
        assert all(0 <= percent <= 100 for percent in run.percents)  # noqa: PLR2004 - percent
        assert run.percents or not case.engine.capabilities.progress

    def test_cancel_raises(self, case: Case) -> None:
        """A run that nobody wants any more ends as TaskCancelled."""
        if not case.engine.capabilities.cancel:
            pytest.skip("this engine cannot be cancelled")
        with pytest.raises(TaskCancelled):
            edited(case, run=FakeRun(cancelled=True))

    def test_a_passed_deadline_raises(self, case: Case) -> None:
        """An edit that is out of time says so itself."""
        with pytest.raises(DeadlineExceeded):
            edited(case, run=FakeRun(deadline=time.monotonic() - 1))

    def test_no_parameter_is_dropped_silently(self, case: Case) -> None:
        """Each that was given is in ``applied`` or, where it cannot be honoured, in ``ignored``."""
        result = edited(case, **_GIVEN)
        ignored = {each.param for each in result.ignored}
        assert set(_GIVEN) | {"n", "seed"} <= set(result.applied) | ignored
        assert not set(result.applied) & ignored
        assert not set(result.applied) & (PARAMETERS - case.engine.capabilities.supports - {"n", "seed"})
        assert all(each.reason for each in result.ignored)


def edited(case: Case, *, run: FakeRun | None = None, **changes: Any) -> EditResult[Pixels]:
    """The case's edit, with changes to its request, on read-only pictures as in the child."""
    views = []
    for image in case.images:
        view = image.view()
        view.flags.writeable = False
        views.append(view)
    request = replace(case.request, **changes)
    return case.engine.edit(request, case.plan, views, run or FakeRun())
