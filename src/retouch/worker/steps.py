"""The edit, as a literal list of steps. Read STEPS: it is the product.

A step takes the attempt and leaves its result there for the next. Whatever a step raises ends the
attempt; the loop decides whether the task is tried again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from retouch.engines import routing
from retouch.engines.cutout import with_cutout
from retouch.fetch.source import read_source
from retouch.task import StoredPicture, Task, TaskOutcome
from retouch.worker.planning import engine_state, make_plan
from retouch.worker.previews import showing
from retouch.worker.signing import signed

if TYPE_CHECKING:
    from retouch.credentials.signer import Signer
    from retouch.engines.base import EncodedImage
    from retouch.engines.planner.plan import Plan
    from retouch.fetch.client import Fetcher
    from retouch.settings import Settings
    from retouch.storage import ObjectStore
    from retouch.tasks.store import TaskStore
    from retouch.worker.child.session import Session
    from retouch.worker.child.values import EditSummary

T = TypeVar("T")

_EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/avif": "avif"}


class Fenced(Exception):
    """This attempt is no longer the task's own: it was cancelled, taken over or has ended."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the steps work with; one set per worker."""

    settings: Settings
    store: TaskStore
    objects: ObjectStore
    fetcher: Fetcher
    signer: Signer | None  # None: content credentials are off


@dataclass(slots=True)
class Attempt:
    """One attempt at a task: what is known so far."""

    task: Task
    session: Session
    progress: float = 0
    plan: Plan | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)  # part of every checkpoint, beside the engine's
    route: routing.Route | None = None
    blobs: Sequence[bytes] = ()
    mask: bytes | None = None
    warnings: list[str] = field(default_factory=list)
    summary: EditSummary | None = None
    encoded: Sequence[EncodedImage] = ()
    stored: tuple[StoredPicture, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)

    def advance(self, percent: float) -> None:
        """Progress of the whole attempt, 0..100; the heartbeat carries it to the row."""
        self.progress = max(self.progress, percent)


class Step(Protocol):
    """One step of an attempt."""

    __name__: str

    def __call__(self, attempt: Attempt, tools: Tools) -> Awaitable[None]:
        """Do the step; leave its result in ``attempt``."""


async def plan(attempt: Attempt, tools: Tools) -> None:
    """Instruction -> typed Plan. Text only, in a thread; the owner's chat model may be asked."""
    planned = await make_plan(attempt.task, tools.settings)
    attempt.plan, attempt.kept = with_cutout(planned.plan, attempt.task.request), planned.kept
    if planned.new:
        await _commit_checkpoint(attempt, tools, {})


async def route(attempt: Attempt, tools: Tools) -> None:
    """Plan and needs -> an engine."""
    attempt.route = routing.route(attempt.task.request, _present(attempt.plan), tools.settings.models)


async def fetch(attempt: Attempt, tools: Tools) -> None:
    """URL, data URI, upload -> bytes; SSRF-safe and capped. Pictures nobody looks at are not fetched."""
    count = routing.looked_at(_present(attempt.route).capabilities, _present(attempt.plan))
    attempt.blobs = [
        await read_source(source, fetcher=tools.fetcher, objects=tools.objects)
        for source in attempt.task.request.sources[:count]
    ]
    mask = attempt.task.request.mask
    if mask is not None and _present(attempt.route).capabilities.mask != "none":
        attempt.mask = await read_source(mask, fetcher=tools.fetcher, objects=tools.objects)
    attempt.advance(10)


async def prepare(attempt: Attempt, tools: Tools) -> None:  # noqa: ARG001 - the child has all it needs
    """Sniff, decode, orient, strip, convert to sRGB: in the child."""
    prepared = await attempt.session.prepare(attempt.blobs, attempt.mask)
    attempt.warnings.extend(prepared.warnings)
    attempt.advance(15)


async def edit(attempt: Attempt, tools: Tools) -> None:
    """The engine's own work."""
    task = attempt.task

    async def commit_checkpoint(state: Mapping[str, Any]) -> None:
        await _commit_checkpoint(attempt, tools, state)

    async with showing(task, tools.objects, tools.store) as show:
        attempt.summary = await attempt.session.edit(
            _present(attempt.route).engine,
            task.request,
            _present(attempt.plan),
            timeout_s=tools.settings.edit_timeout_s,
            on_progress=lambda percent: attempt.advance(15 + 0.7 * percent),
            on_preview=show,
            on_checkpoint=commit_checkpoint,
            resume_state=engine_state(task.checkpoint),
        )


async def finish(attempt: Attempt, tools: Tools) -> None:  # noqa: ARG001 - the child has all it needs
    """Encode: in the child."""
    request = attempt.task.request
    attempt.encoded = await attempt.session.finish(
        request.output_format, request.output_compression, opaque=request.background == "opaque"
    )
    attempt.warnings.extend(attempt.session.warnings)
    attempt.advance(90)


async def sign(attempt: Attempt, tools: Tools) -> None:
    """Content credentials: here, because the child has no key; no pixel is opened for it."""
    attempt.encoded, warnings = await asyncio.to_thread(
        signed,
        tools.signer,
        attempt.encoded,
        plan=_present(attempt.plan),
        engine=_present(attempt.route).engine,
        title=attempt.task.id,
    )
    attempt.warnings.extend(warnings)


async def store(attempt: Attempt, tools: Tools) -> None:
    """Objects keyed task/attempt/index; an attempt that lost its lease cannot overwrite another's."""
    stored = []
    for index, (image, seed) in enumerate(zip(attempt.encoded, _present(attempt.summary).seeds, strict=True)):
        key = f"results/{attempt.task.id}/{attempt.task.attempt}/{index}.{_EXTENSIONS[image.content_type]}"
        await tools.objects.put(key, image.data)
        stored.append(
            StoredPicture(key, image.content_type, image.width, image.height, len(image.data), seed)
        )
    attempt.stored = tuple(stored)
    attempt.advance(95)


async def commit(attempt: Attempt, tools: Tools) -> None:
    """One transaction, fenced by the attempt: the task is completed, once."""
    summary = _present(attempt.summary)
    # The routing said beforehand what the engine says afterwards; each parameter stands there once.
    ignored = {each.param: each for each in (*_present(attempt.route).ignored, *summary.ignored)}
    outcome = TaskOutcome(
        engine=_present(attempt.route).engine,
        pictures=attempt.stored,
        ignored=tuple(ignored.values()),
        warnings=tuple(dict.fromkeys((*summary.warnings, *attempt.warnings))),
        timings={**attempt.timings, **summary.timings},
        plan=_present(attempt.plan).to_json(),
    )
    if not await tools.store.complete(attempt.task.id, attempt.task.attempt, outcome):
        raise Fenced


STEPS: Final[tuple[Step, ...]] = (
    plan,
    route,
    fetch,
    prepare,
    edit,
    finish,
    sign,
    store,
    commit,
)


async def run(attempt: Attempt, tools: Tools, entered: Callable[[str], None]) -> None:
    """All steps in order; ``entered`` hears the name of each one as it begins."""
    for step in STEPS:
        entered(step.__name__)
        started = time.perf_counter()
        await step(attempt, tools)
        attempt.timings[step.__name__] = round(time.perf_counter() - started, 4)


async def _commit_checkpoint(attempt: Attempt, tools: Tools, state: Mapping[str, Any]) -> None:
    task = attempt.task
    if not await tools.store.checkpoint(task.id, task.attempt, {**state, **attempt.kept}):
        raise Fenced


def _present(value: T | None) -> T:
    if value is None:
        raise RuntimeError("a step ran before the one that it builds on")
    return value
