"""A client asks what would be done with an instruction, without submitting anything."""

from __future__ import annotations

import httpx2
from tests.scenarios.world import STARRY, problem

from retouch.api import wire
from retouch.tasks.store import TaskStore


async def test_an_instruction_that_is_understood(client: httpx2.AsyncClient, store: TaskStore) -> None:
    answer = await client.post("/v1/plan", json={"prompt": STARRY["prompt"]})

    assert answer.status_code == 200
    plan = wire.PlanAnswer.model_validate(answer.json()).data
    assert plan.model == "grok-imagine-1.0-edit-apimart"
    assert plan.language == "en"
    assert plan.operations[0]["kind"] == "background.replace"
    assert plan.unsupported == []
    assert await store.list(None) == []


async def test_one_that_is_not_says_what(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/plan", json={"prompt": "compose a fugue in d minor"})

    plan = wire.PlanAnswer.model_validate(answer.json()).data
    assert plan.operations == []
    assert plan.unsupported


async def test_a_plan_wants_a_prompt(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/plan", json={"model": "retouch-builtin"})

    assert problem(answer, 400, "invalid_request_error")["param"] == "prompt"


async def test_the_refusal_is_worded_in_the_language_asked_for_and_in_no_other(
    client: httpx2.AsyncClient,
) -> None:
    """That an instruction is German does not say what its sender's program wants to read."""
    refused = {"prompt": "Komponiere eine Fuge in d-Moll"}

    plain = (await client.post("/v1/plan", json=refused)).json()
    spanish = (await client.post("/v1/plan?language=es-MX", json=refused)).json()
    fine = (await client.post("/v1/plan?language=es", json={"prompt": STARRY["prompt"]})).json()

    assert wire.PlanAnswer.model_validate(plain).data.language == "de"
    assert plain["data"]["message"].startswith("The instruction could not be carried out")
    assert spanish["data"]["message"].startswith("No se puede llevar a cabo esta instrucción.")
    assert "Komponiere" in spanish["data"]["message"]
    assert "message" not in fine["data"]
