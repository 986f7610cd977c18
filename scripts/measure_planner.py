"""How well the planner reads: python scripts/measure_planner.py [--misses] FILE.jsonl ...

Each line of a file is one instruction with the plan that it should give: {"text", "operations", "refused"}. A
plan is exact if its operations and all their arguments are equal to the expected ones. Prints, for every
language and all together: exact, refused of those to refuse, wrong edits at a confidence of .9 and more; and
what a confidence is worth.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from retouch.engines.planner import plan_instruction

LANGUAGES = ("en", "zh", "es", "fr", "de", "ja", "pt", "ru", "ar", "hi", "ko")
_SURE = 0.9
_BANDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One instruction, what should have come of it, and what did."""

    text: str
    language: str
    expected: list[dict[str, Any]]
    planned: list[dict[str, Any]]
    confidence: float
    warnings: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether the operations are the expected ones."""
        return self.expected == self.planned

    @property
    def wrong(self) -> bool:
        """Whether something would be done that was not asked for."""
        return bool(self.planned) and not self.exact

    @property
    def sure(self) -> bool:
        """Whether the planner says that it is sure."""
        return bool(self.planned) and self.confidence >= _SURE


def outcomes(files: Iterable[Path]) -> list[Outcome]:
    """The planner's answers to all lines of ``files``; a line's "lang", where it has one, is its language."""
    found = []
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            case = json.loads(line)
            plan = plan_instruction(case["text"])
            planned = [operation.to_json() for operation in plan.operations]
            language = case.get("lang", plan.language)
            found.append(
                Outcome(case["text"], language, case["operations"], planned, plan.confidence, plan.warnings)
            )
    return found


def row(name: str, some: Sequence[Outcome]) -> str:
    """One line of the table."""
    impossible = [each for each in some if not each.expected]
    refused = sum(not each.planned for each in impossible)
    exact = sum(each.exact for each in some)
    wrong = sum(each.wrong and each.sure for each in some)
    return (
        f"| {name} | {exact} of {len(some)} ({exact / max(len(some), 1):.1%}) "
        f"| {refused} of {len(impossible)} | {wrong} ({wrong / max(len(some), 1):.1%}) |"
    )


def table(some: Sequence[Outcome]) -> str:
    """Per language, and all."""
    lines = [
        "| language | exact | refused of those to refuse | wrong at a confidence >= .9 |",
        "|---|---|---|---|",
    ]
    for language in LANGUAGES:
        group = [each for each in some if each.language == language]
        lines += [row(language, group)] if group else []
    return "\n".join([*lines, row("all", some)])


def reliability(some: Sequence[Outcome]) -> str:
    """Of the plans with operations: how many of each band of confidence are exact."""
    lines = ["| confidence | plans | mean confidence | exact |", "|---|---|---|---|"]
    for low, high in pairwise(_BANDS):
        band = [each for each in some if each.planned and low <= each.confidence < high]
        if band:
            mean = sum(each.confidence for each in band) / len(band)
            share = sum(each.exact for each in band) / len(band)
            lines.append(f"| {low:.1f} to {min(high, 1.0):.1f} | {len(band)} | {mean:.2f} | {share:.2f} |")
    return "\n".join(lines)


def misses(some: Sequence[Outcome]) -> str:
    """What was not read as expected, one a line."""
    lines = []
    for each in some:
        if not each.exact:
            what = json.dumps(each.planned, ensure_ascii=False) if each.planned else "refused"
            lines.append(
                f"{each.language} {each.text!r}\n   expected {json.dumps(each.expected, ensure_ascii=False)}"
                f"\n   got      {what} at {each.confidence} {list(each.warnings) or ''}"
            )
    return "\n".join(lines)


def main() -> int:
    """Print the tables; exit status 1 where less than 95 % is exact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--misses", action="store_true", help="print what was not read as expected")
    arguments = parser.parse_args()
    some = outcomes(arguments.files)
    print(table(some), reliability(some), sep="\n\n")
    if arguments.misses:
        print("\n" + misses(some))
    return int(sum(each.exact for each in some) < 0.95 * len(some))


if __name__ == "__main__":
    sys.exit(main())
