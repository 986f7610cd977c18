"""Model name and needs -> the engine that does the work, and what it will not honour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.engines import registry
from retouch.engines.cutout import opaque_because
from retouch.engines.planner.plan import Plan
from retouch.errors import EngineUnavailable, InstructionNotSupported
from retouch.task import EditRequest, Ignored

if TYPE_CHECKING:
    from retouch.engines.base import Capabilities
    from retouch.settings import ModelRoute


@dataclass(frozen=True, slots=True)
class Route:
    """The chosen engine, and the parameters of the request that it cannot honour."""

    engine: str
    capabilities: Capabilities
    ignored: tuple[Ignored, ...]


def route(request: EditRequest, plan: Plan, models: Mapping[str, ModelRoute]) -> Route:
    """The first engine of the model's list that can carry the plan out.

    Raises:
        EngineUnavailable: the model has no engine any more (the settings changed since the submit).
        InstructionNotSupported: every engine needs a plan, and the planner did not understand; or the plan
            names a picture that the request does not have, or that no engine looks at.
    """
    if request.model not in models:
        raise EngineUnavailable(f"the model {request.model!r} is no longer served here")
    for name in models[request.model].engines:
        able = registry.capabilities(name)
        if not able.needs_plan or (plan.operations and plan.pictures <= able.max_images):
            if able.needs_plan:
                require_pictures(request, plan)
            return Route(name, able, (*request.ignored, *unhonoured(request, able, plan)))
    if plan.operations:
        raise InstructionNotSupported(
            f"The instruction points to picture {plan.pictures}: no engine of this model looks at so many."
        )
    raise not_supported(plan)


def require_pictures(request: EditRequest, plan: Plan) -> None:
    """Refuse a plan that names a picture which the request does not have: nobody can know which was meant.

    Raises:
        InstructionNotSupported: it says which picture is meant, and how many there are.
    """
    there = len(request.sources)
    if plan.pictures > there:
        have = "only one" if there == 1 else f"only {there}"
        raise InstructionNotSupported(
            f"The instruction points to picture {plan.pictures}, and the request has {have}: "
            "the first is the one that is edited."
        )


def looked_at(able: Capabilities, plan: Plan) -> int:
    """How many of a request's pictures the engine looks at: one that follows a plan, those that it names."""
    return min(able.max_images, plan.pictures) if able.needs_plan else able.max_images


def unhonoured(request: EditRequest, able: Capabilities, plan: Plan) -> tuple[Ignored, ...]:
    """Every parameter that was given and that ``able`` will not honour for this plan, with the reason."""
    asked = {
        "size": request.size is not None,
        "steps": request.steps is not None,
        "guidance": request.guidance is not None,
        "strength": request.strength is not None,
        "negative_prompt": request.negative_prompt is not None,
    }
    ignored = [
        Ignored(name, "this engine has no such control")
        for name, given in asked.items()
        if given and name not in able.supports
    ]
    if request.output_compression is not None and request.output_format == "png":
        ignored.append(Ignored("output_compression", "png is lossless"))
    if reason := opaque_because(request, able, plan):
        ignored.append(Ignored("background", reason))
    if request.mask is not None and able.mask == "none":
        ignored.append(Ignored("mask_url", "this engine edits the whole picture"))
    if len(request.sources) > (count := looked_at(able, plan)):
        ignored.append(Ignored("image_urls", _only(count, able)))
    return tuple(ignored)


def _only(count: int, able: Capabilities) -> str:
    pictures = "only the first picture" if count == 1 else f"the first {count} pictures"
    return f"this {'engine' if count == able.max_images else 'instruction'} looks at {pictures}"


def not_supported(plan: Plan) -> InstructionNotSupported:
    """The refusal of a plan without operations: what was not understood, and what can be done instead."""
    # Loaded late: the planner's lexicon is only needed where instructions are understood.
    from retouch.engines.planner import describe_supported, nearest  # noqa: PLC0415

    quoted = "; ".join(f"\u201c{part}\u201d" for part in plan.unsupported)
    close = nearest(" ".join(plan.unsupported))
    hint = f"Nearest: {', '.join(close)}." if close else f"Supported: {describe_supported()}"
    return InstructionNotSupported(
        f"The instruction could not be carried out: {quoted} is not supported. {hint}"
    )
