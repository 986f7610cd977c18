"""A local engine that does what its instruction says, for tests of everything around engines."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from retouch.engines.base import Capabilities, Edited, EditResult, EngineEnvironment
from retouch.errors import DeadlineExceeded, TargetNotFound, TaskCancelled
from retouch.task import Ignored

if TYPE_CHECKING:
    from retouch.engines.base import Pixels, Run
    from retouch.engines.planner.plan import Plan
    from retouch.task import EditRequest

_STEPS: Final = 4
_SUPPORTED: Final = frozenset({"seed", "n"})


class FakeEngine:
    """Inverts the picture and sprinkles noise from the seed.

    Words of the prompt make it misbehave:
    ``crash`` aborts the process, ``hang`` ignores cancel and deadline for ever, ``slow`` works for a minute
    but stops when told, ``hungry`` allocates without end, ``bug`` raises ValueError, ``missing`` raises
    TargetNotFound, ``checkpoint`` commits a state before each step and starts after the one it finds.
    """

    name = "fake"
    capabilities = Capabilities(
        where="cpu",
        max_images=1,
        max_n=10,
        mask="composite",
        supports=_SUPPORTED,
        needs_plan=False,
        progress=True,
        cancel=True,
        licence="Apache-2.0",
        commercial_use=True,
    )

    def __init__(self, environment: EngineEnvironment) -> None:
        self._environment = environment

    def warm(self) -> None:
        """Load what :meth:`edit` needs."""
        import numpy.random  # noqa: F401, PLC0415 - only in the child

    def edit(
        self, request: EditRequest, plan: Plan, images: Sequence[Pixels], run: Run
    ) -> EditResult[Pixels]:
        """See :class:`retouch.engines.base.LocalEngine`."""
        words = set(request.prompt.lower().split())
        run.progress(1)
        _misbehave(words)
        _work(run, words)
        pictures = tuple(
            Edited(_inverted(images[0], request.seed + index), request.seed + index)
            for index in range(request.n)
        )
        run.preview(pictures[0].image)
        run.progress(100)
        return EditResult(
            pictures=pictures,
            applied={"n": request.n, "seed": request.seed},
            ignored=_ignored(request, images),
            warnings=plan.warnings,
        )


def _misbehave(words: set[str]) -> None:
    if "crash" in words:
        os.abort()
    if "bug" in words:
        raise ValueError("a bug of the engine")
    if "missing" in words:
        raise TargetNotFound("There is no unicorn in the picture.")
    while "hang" in words:
        time.sleep(1)
    kept = []
    while "hungry" in words:
        kept.append(b"x" * (64 << 20))


def _work(run: Run, words: set[str]) -> None:
    first = int((run.resume_state or {}).get("step", 0))
    for step in range(first, _STEPS):
        _pause(run, 15 if "slow" in words else 0)
        if "checkpoint" in words:
            run.checkpoint({"step": step + 1})
        run.progress(90 * (step + 1) / _STEPS)


def _pause(run: Run, seconds: float) -> None:
    """``seconds`` of work that looks up every 20 ms, at least once."""
    until = time.monotonic() + seconds
    while True:
        if run.cancelled:
            raise TaskCancelled("the task was cancelled")
        if time.monotonic() > run.deadline:
            raise DeadlineExceeded("the edit took longer than its deadline")
        if time.monotonic() >= until:
            return
        time.sleep(0.02)


def _inverted(image: Pixels, seed: int) -> Pixels:
    import numpy as np  # noqa: PLC0415 - only in the child

    result = image.copy()
    colour = result[..., :3]
    noise = np.random.default_rng(seed).integers(0, 8, colour.shape, dtype=np.uint8)
    colour[...] = (255 - colour) ^ noise
    return result


def _ignored(request: EditRequest, images: Sequence[Pixels]) -> tuple[Ignored, ...]:
    given = {
        "size": request.size,
        "steps": request.steps,
        "guidance": request.guidance,
        "strength": request.strength,
        "negative_prompt": request.negative_prompt,
        "second_image": images[1:] or None,
    }
    return tuple(
        Ignored(name, "the fake engine has none") for name, value in given.items() if value is not None
    )
