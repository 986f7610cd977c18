"""Instruction -> Plan: the offline planner first, then the owner's chat model where there is one.

The chat model is asked only where the task would be refused otherwise. It may answer differently the next
time, and every attempt at a task has to give the same picture: so its plan is kept in the task's
checkpoint, beside the engine's state and under a key of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from retouch.engines import registry
from retouch.engines.planner.plan import Plan

if TYPE_CHECKING:
    from retouch.settings import Settings
    from retouch.task import Task

_KEY: Final = "chat_plan"


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan; ``kept`` goes into every checkpoint of the attempt, and ``new`` says that it is in none yet."""

    plan: Plan
    kept: Mapping[str, Any]
    new: bool = False


async def make_plan(task: Task, settings: Settings) -> Planned:
    """An earlier attempt's plan by chat, else the offline one, else a new one by chat, else the refusal."""
    # Loaded late: the lexicon takes a while, and the chat loads the HTTP client.
    from retouch.engines.planner import plan_instruction  # noqa: PLC0415

    row = (task.checkpoint or {}).get(_KEY)
    if row is not None:
        return Planned(Plan.from_json(row), {_KEY: row})
    offline = await asyncio.to_thread(plan_instruction, task.request.prompt)
    if offline.operations or settings.planner_url is None or not _refused_without(task, settings):
        return Planned(offline, {})
    from retouch.engines.planner.chat import ask_chat  # noqa: PLC0415 - the same

    made = await ask_chat(task.request.prompt, settings)
    return Planned(offline, {}) if made is None else Planned(made, {_KEY: made.to_json()}, new=True)


def engine_state(checkpoint: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What the engine itself put into the checkpoint."""
    state = {name: value for name, value in (checkpoint or {}).items() if name != _KEY}
    return state or None


def _refused_without(task: Task, settings: Settings) -> bool:
    """Whether every engine of the model needs a plan; one that needs none takes the instruction as it is."""
    route = settings.models.get(task.request.model)
    return route is not None and all(registry.capabilities(name).needs_plan for name in route.engines)
