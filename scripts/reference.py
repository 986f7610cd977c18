"""Write the generated pages of docs/reference, or check that they are as they would be written.

    python scripts/reference.py [--check]

Each page comes from what it describes: settings.py, the error tree, the command line, the metrics, the
planner's vocabulary. A test runs the check.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import typer
from prometheus_client.metrics import MetricWrapperBase
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from retouch import errors, telemetry
from retouch.cli.main import app
from retouch.engines.planner import SUPPORTED
from retouch.settings import Settings

PAGES_DIR: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
GENERATED: Final = "<!-- Written by scripts/reference.py from the code; edit it there. -->\n\n"


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    rows = [
        f"| `{name}` | `RETOUCH_{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = (
        "# Settings\n\nFrom the environment, over `retouch.toml` in the data folder (or the file that "
        "`RETOUCH_CONFIG` names). In the file the names are those of the first column.\n\n"
        "| setting | variable | default | meaning |\n|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "see the meaning"
    default = field.default
    if default is PydanticUndefined or default is None or default == ():
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def errors_page() -> str:
    """The two branches of the error tree that clients see."""
    answers = [f"| {e.status} | `{e.type}` | {_doc(e)} |" for e in _leaves(errors.RequestError)]
    failures = [
        f"| `{e.code}` | `{e.type}` | {'yes' if e.retryable else 'no'} | {_doc(e)} |"
        for e in _leaves(errors.TaskError)
    ]
    return (
        "# Errors\n\n## Answers\n\nA refused request is answered at once, in this shape:\n\n```json\n"
        '{"error": {"code": 400, "message": "…", "type": "invalid_request_error", "param": "n", '
        '"request_id": "req_…"}}\n```\n\n`param` only where one field is at fault.\n\n'
        "| status | type | when |\n|---|---|---|\n" + "\n".join(answers) + "\n\n## Failed tasks\n\n"
        'A failed task is HTTP 200 with `"status": "failed"` and `"error": {"code", "message", "type"}`. '
        "Where the third column says yes, Retouch has already tried again by itself.\n\n"
        "| code | type | tried again | when |\n|---|---|---|---|\n" + "\n".join(failures) + "\n"
    )


def _leaves(root: type[Any]) -> Iterator[type[Any]]:
    for each in root.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
            yield from _leaves(each)


def _doc(kind: type[Any]) -> str:
    return " ".join((kind.__doc__ or "").split())


def cli_page() -> str:
    """Every command with its options, as ``--help`` has them."""
    root = typer.main.get_command(app)
    parts = ["# Command line\n\n`retouch --install-completion` teaches your shell the commands.\n"]
    parts += [_command(path, command) for path, command in _commands("retouch", root)]
    return "\n".join(parts)


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    if children := getattr(command, "commands", None):
        for name in sorted(children):
            yield from _commands(f"{path} {name}", children[name])
    else:
        yield path, command


def _command(path: str, command: Any) -> str:
    help_text = inspect.cleandoc(command.callback.__doc__ or "")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words = [name if p.required else f"[{name}]" for p in arguments for name in _names(p)]
    usage = " ".join([path, *words, "[OPTIONS]"])
    rows = [f"| `{'`, `'.join(_names(p))}` | {p.help or ''} |" for p in command.params]
    table = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    return f"## {path}\n\n`{usage}`\n\n{help_text}\n{table}"


def _names(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [str(parameter.name).upper()]
    return [*parameter.opts, *parameter.secondary_opts]


def metrics_page() -> str:
    """Every metric of the registry."""
    rows = []
    for metric in vars(telemetry).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            labels = ", ".join(metric._labelnames) or "–"  # noqa: SLF001 - the library shows them nowhere else
            rows.append(f"| `{family.name}` | {family.type} | {labels} | {family.documentation} |")
    return (
        "# Metrics\n\n`GET /metrics`, in the format of Prometheus. On a public bind it wants an API key. "
        "Counters end in `_total`.\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n"
        + "\n".join(sorted(rows))
        + "\n"
    )


def operations_page() -> str:
    """What the builtin engine can do, with an instruction that asks for each."""
    kinds = [f"| `{kind}` | {example} |" for kind, example in SUPPORTED.kinds.items()]
    lists = {"Scenes": SUPPORTED.scenes, "Styles": SUPPORTED.styles, "Looks": SUPPORTED.looks}
    named = "\n\n".join(f"## {title}\n\n{', '.join(names)}" for title, names in lists.items())
    return (
        "# Operations\n\nWhat the builtin engine understands and does, offline. Say it in any of eleven "
        "languages (en zh es fr de ja pt ru ar hi ko), several in one sentence, politely or not; "
        '`retouch plan "…"` shows what was understood. '
        "Pictures of each: [the gallery](../gallery/README.md).\n\n"
        "| operation | for example |\n|---|---|\n" + "\n".join(kinds) + f"\n\n{named}\n\n"
        f"## Tone\n\nAlone or together, with an amount where you like: {', '.join(SUPPORTED.axes)}.\n\n"
        "Anything else ends as `instruction_not_supported`, quoting what was not understood.\n"
    )


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
    "metrics.md": metrics_page,
    "operations.md": operations_page,
}


def stale() -> list[str]:
    """Pages that are not as they would be written."""
    return [name for name, page in PAGES.items() if _written(name) != GENERATED + page()]


def _written(name: str) -> str:
    path = PAGES_DIR / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only")
    if parser.parse_args().check:
        for name in stale():
            print(f"docs/reference/{name} is stale: run make docs", file=sys.stderr)
        return bool(stale())
    PAGES_DIR.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (PAGES_DIR / name).write_text(GENERATED + page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
