"""``background: transparent``, beside an instruction that says nothing of it: the subject is cut out, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from retouch.engines.planner.plan import Operation, Plan

if TYPE_CHECKING:
    from retouch.engines.base import Capabilities
    from retouch.task import EditRequest

_CUT: Final = "background.remove"
# What makes sense only with a background that is seen.
_WITH_BACKGROUND: Final = frozenset({"background.replace", "background.blur", "sky.replace"})


def with_cutout(plan: Plan, request: EditRequest) -> Plan:
    """``plan``, with the background removed first where the request wants none and the plan needs none.

    First: the net that finds the subject was trained on photos, not on what an edit makes of them, and what
    is drawn afterwards (a frame, a text) stays.
    """
    wanted = request.background == "transparent" and request.output_format != "jpeg" and plan.operations
    if not wanted or _cuts(plan) or _needs_background(plan):
        return plan
    return replace(plan, operations=(Operation(_CUT), *plan.operations))


def opaque_because(request: EditRequest, able: Capabilities, plan: Plan) -> str | None:
    """Why a background that shall be transparent will not be, or None. An opaque one always can be had."""
    if request.background != "transparent":
        return None
    if request.output_format == "jpeg":
        return "jpeg holds no transparency"
    if not able.needs_plan:
        return None if "background" in able.supports else "this engine has no such control"
    if _needs_background(plan) and not _cuts(plan):
        return "the instruction asks for a background of its own"
    return None


def _cuts(plan: Plan) -> bool:
    return any(operation.kind == _CUT for operation in plan.operations)


def _needs_background(plan: Plan) -> bool:
    return any(
        operation.kind in _WITH_BACKGROUND or operation.arguments.get("target") == "background"
        for operation in plan.operations
    )
