"""``retouch plan``: what the builtin engine understands, before anything is edited."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from retouch.cli.common import AsJson, DataDir, err, note, out
from retouch.settings import load_settings

if TYPE_CHECKING:
    from retouch.engines.planner.plan import Plan


def plan(
    instruction: Annotated[
        str, typer.Argument(help="What to do, in any language; - reads lines from stdin.")
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Print the plan that an instruction would be carried out by.

    Examples:
        retouch plan "Change the background to a starry sky, keep the main subject" --json

        retouch plan - < instructions.txt > plans.jsonl
    """
    from retouch.engines.planner import learn, plan_instruction  # noqa: PLC0415 - loads the lexicon

    learn(load_settings(data_dir=data_dir).scenes_dir)

    if instruction == "-":
        for line in sys.stdin:
            if text := line.strip():
                typer.echo(json.dumps(plan_instruction(text).to_json(), ensure_ascii=False))
                sys.stdout.flush()
        return
    made = plan_instruction(instruction)
    if as_json:
        typer.echo(json.dumps(made.to_json(), ensure_ascii=False))
        return
    _show(made)


def _show(made: Plan) -> None:
    for number, operation in enumerate(made.operations, 1):
        arguments = ", ".join(f"{name}: {value}" for name, value in operation.arguments.items())
        out.print(f"{number}. {operation.kind}  {arguments}", markup=False)
    for warning in made.warnings:
        note(warning)
    for part in made.unsupported:
        err.print(f"not supported: {part}", style="red", markup=False)
    out.print(f"[dim]language {made.language}, confidence {made.confidence:.2f}[/dim]")
