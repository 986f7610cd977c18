"""Write the generated pages of docs/reference, or check that they are as they would be written.

    python scripts/reference.py [--check]

Each page comes from what it describes: settings.py, the error tree, the command line, the metrics, the
planner's vocabulary. A test runs the check.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import typer
from prometheus_client.metrics import MetricWrapperBase
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from retouch import errors, telemetry
from retouch.cli.main import app
from retouch.engines.planner import plan_instruction
from retouch.engines.planner.chat_schema import answer_schema
from retouch.engines.planner.supported import BUILT_IN
from retouch.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES_DIR: Final = ROOT / "docs" / "reference"
INSTRUCTIONS: Final = tuple(sorted((ROOT / "tests" / "data").glob("instructions*.jsonl")))
_ASCII: Final = re.compile("[A-Za-z]")
_LATIN: Final = frozenset({"en", "es", "fr", "de", "pt"})
_LANGUAGES: Final = ("zh", "es", "fr", "de", "ja", "pt", "ru", "ar", "hi", "ko")
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
    """What the builtin engine can do: for each kind its instructions, arguments and pictures."""
    kinds = "\n".join(_kind(kind) for kind in BUILT_IN.kinds)
    named = "\n\n".join(f"## {title}\n\n{', '.join(names)}" for title, names in _LISTS.items())
    return (
        "# Operations\n\nWhat the builtin engine understands and does, offline. Say it in any of eleven "
        "languages (en zh es fr de ja pt ru ar hi ko), several in one sentence, politely or not; "
        '`retouch plan "…"` shows what was understood, with the arguments below. One that is not marked as '
        "needed may be left out. Anything else ends as `instruction_not_supported`, quoting what was not "
        "understood.\n\nScenes, styles and operations of your own: "
        "[the tutorial](../tutorial/first-scene.md), "
        f"[your own backgrounds](../how-to/own-backgrounds.md).\n\n{kinds}\n{named}\n"
    )


_LISTS: Final = {
    "Scenes": BUILT_IN.scenes,
    "Skies": BUILT_IN.skies,
    "Styles": BUILT_IN.styles,
    "Looks": BUILT_IN.looks,
}


def _kind(kind: str) -> str:
    """The section of one kind. A kind with several actions has examples and a table for each of them."""
    schema = answer_schema()
    steps = [schema["$defs"][each["$ref"].rpartition("/")[2]] for each in _any_of(schema)]
    models = [step for step in steps if step["properties"]["kind"]["const"] == kind]
    pictures = ", ".join(f"[{name}](../gallery/{name}.webp)" for name in sheets_of(kind))
    parts = "\n".join(f"{_examples(kind, model)}\n\n{_arguments(model)}" for model in models)
    return f"## {kind}\n\nPictures: {pictures}\n\n{parts}"


def _any_of(schema: Mapping[str, Any]) -> list[Mapping[str, str]]:
    listed: list[Mapping[str, str]] = schema["properties"]["operations"]["items"]["anyOf"]
    return listed


def _examples(kind: str, model: Mapping[str, Any]) -> str:
    """An instruction in English, and one in another language: each kind looks for the next one first."""
    written: dict[str, str] = {}
    for text in _asking_for(model, BUILT_IN.kinds[kind]):
        language = plan_instruction(text).language
        if language in _LATIN or not _ASCII.search(text):
            written.setdefault(language, text)
    at, english = list(BUILT_IN.kinds).index(kind) % len(_LANGUAGES), written.get("en", "")
    other = next((written[each] for each in (*_LANGUAGES[at:], *_LANGUAGES) if each in written), "")
    return " · ".join(f"“{text}”" for text in (english, other) if text)


def _asking_for(model: Mapping[str, Any], own: str) -> Iterator[str]:
    """Instructions of one clause that ask for one operation of this model: the help's own first."""
    needed = {name: model["properties"][name].get("const") for name in model["required"]}
    planned = [operation.to_json() for operation in plan_instruction(own).operations]
    for case in ({"text": own, "operations": planned}, *_instructions()):
        (step,) = case["operations"]
        if all(name in step and const in {None, step[name]} for name, const in needed.items()):
            yield case["text"]


@cache
def _instructions() -> tuple[dict[str, Any], ...]:
    """Those of the tests that ask for one thing, in one clause."""
    cases = map(json.loads, "".join(file.read_text("utf-8") for file in INSTRUCTIONS).splitlines())
    return tuple(
        case for case in cases if len(case["operations"]) == 1 and not set(case["text"]) & set(",，、،;#")
    )


def sheets_of(kind: str) -> list[str]:
    """Sheets of the gallery that show this kind."""
    sheets: Mapping[str, Any] = runpy.run_path(str(ROOT / "scripts" / "gallery.py"))["sheets"]()
    return [
        name
        for name, rows in sheets.items()
        if kind in {row.operations[-1]["kind"] for row in rows if row.operations and not row.compares}
        and name != "showcase"
    ]


def _arguments(model: Mapping[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_values(each)} | {'needed' if name in model['required'] else ''} |"
        for name, each in model["properties"].items()
        if name != "kind"
    ]
    if not rows:
        return "No arguments.\n"
    head = f"{model['description']}\n\n" if "description" in model else ""
    return head + "| argument | values | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _values(schema: Mapping[str, Any]) -> str:
    """What an argument may be, from its JSON Schema, in words."""
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    return " or ".join(_option({"description": schema.get("description"), **each}) for each in options)


def _option(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        listed = next((title for title, names in _LISTS.items() if list(names) == schema["enum"]), None)
        named = f"one of [{listed.lower()}](#{listed.lower()})" if listed else None
        return named or ", ".join(f"`{each}`" for each in schema["enum"])
    if schema["type"] == "array":
        least, most = schema.get("minItems", 0), schema.get("maxItems", "any number")
        return f"{most if least == most else f'{least} to {most}'} of: {_values(schema['items'])}"
    limits = f"{schema['minimum']:g} to {schema['maximum']:g}" if "minimum" in schema else ""
    letters = f"text of up to {schema['maxLength']} characters" if "maxLength" in schema else ""
    return ", ".join(filter(None, (limits, letters, schema.get("description")))) or str(schema["type"])


def routes_page() -> str:
    """Every route, as the description of the API has it."""
    page: str = runpy.run_path(str(ROOT / "scripts" / "routes.py"))["routes_page"]()
    return page


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
    "metrics.md": metrics_page,
    "operations.md": operations_page,
    "routes.md": routes_page,
}


def stale() -> list[str]:
    """Pages that are not as they would be written."""
    return [name for name, page in PAGES.items() if _on_disk(name) != GENERATED + page()]


def _on_disk(name: str) -> str:
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
