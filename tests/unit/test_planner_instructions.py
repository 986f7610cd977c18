"""The planner against written instructions: what strangers say, and exactly what should come of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retouch.engines.planner import plan_instruction

_DATA = Path(__file__).parents[1] / "data"


def _cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (_DATA / name).read_text("utf-8").splitlines()]


def _right(case: dict[str, Any]) -> bool:
    plan = plan_instruction(case["text"]).to_json()
    return bool(plan["operations"] == case["operations"]) and bool(plan["unsupported"]) == case["refused"]


def test_nearly_all_of_the_sixty_instructions_written_beforehand_are_planned_exactly() -> None:
    wrong = [case["text"] for case in _cases("instructions.jsonl") if not _right(case)]
    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize(
    "case", _cases("instructions_regression.jsonl"), ids=lambda case: str(case["text"])[:60]
)
def test_an_instruction_that_was_once_learnt_stays_learnt(case: dict[str, Any]) -> None:
    plan = plan_instruction(case["text"]).to_json()
    assert plan["operations"] == case["operations"]
    assert bool(plan["unsupported"]) == case["refused"]
