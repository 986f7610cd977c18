"""``background: transparent`` is done where it can be, and otherwise ignored with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from retouch.engines import registry, routing
from retouch.engines.cutout import with_cutout
from retouch.engines.planner import plan_instruction
from retouch.engines.planner.plan import Operation, Plan
from retouch.task import DEFAULT_MODEL, EditRequest

ASKED = EditRequest(model=DEFAULT_MODEL, prompt="", sources=(), background="transparent")
STYLE, CUT = {"kind": "style", "style": "cyberpunk"}, {"kind": "background.remove"}
SKY, BLUE = {"kind": "sky.replace", "scene": "sunset"}, {"kind": "recolor", "target": "background"}


def plan(*operations: dict[str, Any]) -> Plan:
    return Plan("en", tuple(map(Operation.from_json, operations)), 1.0)


def kinds(found: Plan) -> list[str]:
    return [operation.kind for operation in found.operations]


def ignored(request: EditRequest, found: Plan) -> list[str]:
    named = routing.unhonoured(request, registry.capabilities("builtin"), found)
    return [each.reason for each in named if each.param == "background"]


def test_the_subject_is_cut_out_before_the_rest() -> None:
    assert kinds(with_cutout(plan(STYLE), ASKED)) == ["background.remove", "style"]
    assert ignored(ASKED, plan(STYLE)) == []


def test_an_instruction_that_cuts_is_left_as_it_is() -> None:
    found = plan(STYLE, CUT)

    assert with_cutout(found, ASKED) is found
    assert ignored(ASKED, found) == []


@pytest.mark.parametrize("operation", [SKY, BLUE, {"kind": "background.replace", "scene": "beach"}])
def test_an_instruction_with_a_background_of_its_own_wins(operation: dict[str, Any]) -> None:
    found = plan(operation)

    assert with_cutout(found, ASKED) is found
    assert ignored(ASKED, found) == ["the instruction asks for a background of its own"]


def test_jpeg_cannot_be_transparent() -> None:
    jpeg = replace(ASKED, output_format="jpeg")

    assert kinds(with_cutout(plan(STYLE), jpeg)) == ["style"]
    assert ignored(jpeg, plan(STYLE)) == ["jpeg holds no transparency"]


@pytest.mark.parametrize("background", [None, "opaque"])
def test_nobody_who_does_not_ask_gets_a_hole(background: Any) -> None:
    found = plan(STYLE)

    assert with_cutout(found, replace(ASKED, background=background)) is found
    assert ignored(replace(ASKED, background=background), found) == []


def test_what_is_not_understood_stays_refused() -> None:
    found = plan_instruction("Give her a dragon to ride on")

    assert with_cutout(found, ASKED) is found
    assert found.operations == ()


def test_an_engine_without_a_plan_must_say_that_it_can() -> None:
    able = replace(registry.capabilities("builtin"), needs_plan=False)

    (named,) = routing.unhonoured(ASKED, able, plan(STYLE))
    assert (named.param, named.reason) == ("background", "this engine has no such control")
    assert routing.unhonoured(ASKED, replace(able, supports=frozenset({"background"})), plan(STYLE)) == ()
