"""docs/reference/routes.md: every route of /openapi.json, with what it takes and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from retouch.api.app import create_app
from retouch.settings import Settings

_HEAD = """# Routes

What a server says of itself at `/openapi.json`, for reading. The tour, with requests to paste, is
[the HTTP API](api.md).

"""


def routes_page() -> str:
    """The whole page, of a server with the settings as they are by default."""
    # Set outright, so that this machine's environment makes no difference.
    settings = Settings.model_construct(data_dir=Path("data"))
    described = create_app(settings).openapi()
    schemas = described["components"]["schemas"]
    rows, parts = [], []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            summary = operation["description"].partition("\n")[0]
            rows.append(_row(f"[`{name}`](#{operation['operationId'].replace('_', '-')})", summary))
            parts.append("\n\n".join(_operation(name, operation)))
    used = _used(described["paths"], schemas)
    shapes = [
        "\n\n".join(_shape(name, schemas[name])) for name in sorted(used) if "properties" in schemas[name]
    ]
    table = "| route | what it does |\n|---|---|\n" + "\n".join(rows)
    headers = [
        _row(f"`{name}`", each["description"]) for name, each in described["components"]["headers"].items()
    ]
    told = "## Headers of answers\n\n| header | what |\n|---|---|\n" + "\n".join(headers)
    return f"{_HEAD}{table}\n\n" + "\n\n".join([*parts, told, "## Shapes", *shapes]) + "\n"


def _operation(name: str, operation: Mapping[str, Any]) -> Iterator[str]:
    anchor = operation["operationId"].replace("_", "-")
    yield f'## <a id="{anchor}"></a>`{name}`'
    yield str(operation["description"])
    if parameters := operation.get("parameters"):
        lines = [
            _row(f"`{p['name']}`", p["in"], _type(p["schema"]), p.get("description")) for p in parameters
        ]
        yield "| parameter | in | type | meaning |\n|---|---|---|---|\n" + "\n".join(lines)
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body, `{kind}`: {_type(content['schema'])}"
        for example in content.get("examples", {}).values():
            yield f"{example['summary']}:\n\n```json\n{json.dumps(example['value'], ensure_ascii=False)}\n```"
    yield "| answer | what |\n|---|---|\n" + "\n".join(_answers(operation["responses"]))


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    for status, response in sorted(responses.items()):
        contents = response.get("content", {})
        if status >= "4":
            yield _row(status, f"`{response['description']}`")
            continue
        told = [
            f"`{kind}`: {_type(content['schema'])}" if content.get("schema") else f"`{kind}`"
            for kind, content in contents.items()
        ]
        said = "" if response["description"] == "Successful Response" else f"{response['description']} "
        yield _row(status, said + ", ".join(told))


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    if schema.get("description"):
        yield str(schema["description"])
    required = set(schema.get("required", ()))
    lines = [
        _row(f"`{field}`{'' if field in required else ' ?'}", _type(each), each.get("description"))
        for field, each in schema["properties"].items()
    ]
    yield "| field | type | meaning |\n|---|---|---|\n" + "\n".join(lines)


def _used(tree: Any, schemas: Mapping[str, Any]) -> set[str]:
    """Names of the shapes that ``tree`` refers to, and those that they refer to."""
    found: set[str] = set()
    todo = [tree]
    while todo:
        each = todo.pop()
        if isinstance(each, Mapping):
            name = str(each.get("$ref", "")).partition("/schemas/")[2]
            if name and name not in found:
                found.add(name)
                todo.append(schemas[name])
            todo.extend(each.values())
        elif isinstance(each, list):
            todo.extend(each)
    return found


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{json.dumps(each)}`" for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}{_limits(schema)}"
    return f"{schema.get('type', 'any')}{_limits(schema)}"


def _limits(schema: Mapping[str, Any]) -> str:
    pairs = (("minimum", "maximum", ""), ("minLength", "maxLength", " characters"))
    told = [f"{schema[low]} to {schema[high]}{unit}" for low, high, unit in pairs if {low, high} <= {*schema}]
    if "pattern" in schema:
        told.append(f"`{schema['pattern']}`")
    return f" ({', '.join(told)})" if told else ""


def _row(*cells: str | None) -> str:
    """A line of a table; its cells have no line break and no bar that would end them."""
    return f"| {' | '.join(' '.join((cell or '').replace('|', chr(92) + '|').split()) for cell in cells)} |"
