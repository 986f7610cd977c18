"""How well the planner reads instructions that were written by hand, and what its confidence is worth."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from bench.report import ROOT, Figure, Section

FILES = ("instructions_dev.jsonl", "instructions_talk.jsonl")
EXACT, REFUSED, WRONG = 0.95, 0.97, 0.01


def script() -> ModuleType:
    """scripts/measure_planner.py, which prints the same in more detail."""
    spec = importlib.util.spec_from_file_location("measure_planner", ROOT / "scripts" / "measure_planner.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("scripts/measure_planner.py is not where it should be")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def measure() -> Section:
    """Every instruction once; a plan is exact if operations and arguments are equal to the expected ones."""
    some = script().outcomes([ROOT / "tests" / "data" / name for name in FILES])
    impossible = [each for each in some if not each.expected]
    exact = sum(each.exact for each in some) / len(some)
    refused = sum(not each.planned for each in impossible) / len(impossible)
    wrong = sum(each.wrong and each.sure for each in some) / len(some)
    second = [each for each in some if each.planned and not each.sure]
    right = sum(each.exact for each in second)
    return Section(
        "Understanding",
        "python -m bench planner",
        (
            Figure("plan exact", f"{exact:.1%}", ">= 95 %", exact >= EXACT),
            Figure("impossible ones refused", f"{refused:.1%}", ">= 97 %", refused >= REFUSED),
            Figure("wrong edit at a confidence >= .9", f"{wrong:.2%}", "<= 1 %", wrong <= WRONG),
            Figure("exact of those planned below .9", f"{right} of {len(second)}"),
        ),
        f"{len(some)} instructions in eleven languages, all learnt from by now: first runs are in "
        "docs/explanation/planner.md.",
    )
