"""The step that plans: what a chat model planned is kept with the task, beside the engine's own state."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from tests.support_tasks import submit

from retouch.engines import registry, routing
from retouch.engines.planner import chat
from retouch.engines.planner.plan import Operation, Plan
from retouch.settings import Settings
from retouch.task import EditRequest, Source, SourceKind, Task
from retouch.tasks.store import TaskStore
from retouch.worker import steps
from retouch.worker.child.session import Session

VAGUE = "make it feel like last summer"
BY_CHAT = Plan("en", (Operation("tone", {"look": "golden hour"}),), 0.6, (), (chat.READ_BY_CHAT,))
REQUEST = EditRequest(
    "retouch-builtin", VAGUE, (Source(SourceKind.URL, "https://example.com/a.png"),), seed=5
)


@dataclass
class FakeSession:
    """Stands for the child: it commits one state, and remembers what it was given to resume from."""

    resumed: list[Mapping[str, Any] | None] = field(default_factory=list)

    async def edit(
        self,
        *_: object,
        on_checkpoint: Callable[[Mapping[str, Any]], Awaitable[None]],
        resume_state: Mapping[str, Any] | None,
        **__: object,
    ) -> None:
        """One edit."""
        self.resumed.append(resume_state)
        await on_checkpoint({"step": 2})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The instructions that a chat model was asked for; it answers always the same."""
    seen: list[str] = []

    async def answer(instruction: str, _: Settings) -> Plan:
        seen.append(instruction)
        return BY_CHAT

    monkeypatch.setattr(chat, "ask_chat", answer)
    return seen


def tools(store: TaskStore, settings: Settings) -> steps.Tools:
    owner = settings.model_copy(update={"planner_url": "http://127.0.0.1:9/v1", "planner_model": "m"})
    return steps.Tools(owner, store, cast("Any", None), cast("Any", None), None)


async def claimed(store: TaskStore, task: Task) -> Task:
    found = await store.claim(task.id, "worker-1")
    assert found is not None
    return found


async def test_a_later_attempt_edits_by_the_plan_of_the_first(
    store: TaskStore, settings: Settings, asked: list[str]
) -> None:
    work, child = tools(store, settings), FakeSession()
    task = await claimed(store, await submit(store, request=REQUEST))
    for _ in range(2):
        attempt = steps.Attempt(task, cast("Session", child))
        await steps.plan(attempt, work)
        attempt.route = routing.Route("builtin", registry.capabilities("builtin"), ())
        await steps.edit(attempt, work)
        assert attempt.plan == BY_CHAT
        await store.hand_back(task.id, task.attempt)
        task = await claimed(store, task)

    assert asked == [VAGUE]
    assert child.resumed == [None, {"step": 2}]
    assert json.loads(json.dumps(task.checkpoint)) == {"step": 2, "chat_plan": BY_CHAT.to_json()}


async def test_an_attempt_that_was_taken_over_while_it_asked_ends(
    store: TaskStore, settings: Settings, asked: list[str]
) -> None:
    task = await claimed(store, await submit(store, request=REQUEST))
    late = replace(task, attempt=task.attempt - 1)
    with pytest.raises(steps.Fenced):
        await steps.plan(steps.Attempt(late, cast("Session", FakeSession())), tools(store, settings))

    assert asked == [VAGUE]


async def test_without_an_address_in_the_settings_nobody_is_asked(
    store: TaskStore, settings: Settings, asked: list[str]
) -> None:
    task = await claimed(store, await submit(store, request=REQUEST))
    work = replace(tools(store, settings), settings=settings)
    attempt = steps.Attempt(task, cast("Session", FakeSession()))
    await steps.plan(attempt, work)

    assert attempt.plan is not None
    assert attempt.plan.operations == ()
    assert asked == []


def test_the_api_and_the_offline_planner_load_no_http_client() -> None:
    code = (
        "import sys, retouch.api.app; from retouch.engines.planner import plan_instruction;"
        "plan_instruction('remove the background');"
        "print([m for m in ('httpx2', 'httpcore2', 'retouch.fetch.client') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
