"""/docs as plain HTML, made here: no script, nothing from another origin."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;
background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #d0d7de}
code,pre{font:14px/1.45 ui-monospace,monospace;background:#f3f5f7;border-radius:4px}
code{padding:.1em .3em}pre{padding:.8rem;overflow:auto}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;
border-bottom:1px solid #e4e8ec}
@media(prefers-color-scheme:dark){body{color:#dde3ea;background:#14181d}code,pre{background:#20262d}
h2,td,th{border-color:#323a43}}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def render(described: dict[str, Any]) -> str:
    """The description as one page."""
    schemas = described["components"]["schemas"]
    operations = "".join(
        _operation(method.upper(), path, operation, schemas)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    )
    title, about = escape(described["info"]["title"]), escape(described["info"]["description"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f'<h1>{title}</h1><p>{about} The same for programs: <a href="openapi.json">openapi.json</a>.</p>'
        f"{operations}</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    parts = [
        f'<h2 id="{escape(operation["operationId"])}"><code>{method} {escape(path)}</code></h2>',
        f"<p>{escape(operation.get('description', ''))}</p>",
        _parameters(operation.get("parameters", [])),
        _content("Body", operation.get("requestBody", {}), schemas),
    ]
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            parts.append(_content(f"Answer {status}", response, schemas))
    others = [
        f"{status} <code>{escape(response['description'])}</code>"
        for status, response in operation["responses"].items()
        if not status.startswith("2")
    ]
    if others:
        parts.append(f"<p>Errors: {', '.join(others)}.</p>")
    return "".join(parts)


def _parameters(parameters: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code><td>{escape(p['in'])}<td>{escape(p.get('description', ''))}"
        for p in parameters
    )
    return f"<table><tr><th>Parameter<th>In<th>Meaning{rows}</table>" if rows else ""


def _content(title: str, holder: dict[str, Any], schemas: dict[str, Any]) -> str:
    parts = []
    for kind, content in holder.get("content", {}).items():
        schema = _resolved(content.get("schema", {}), schemas)
        parts.append(f"<h3>{title}: <code>{escape(kind)}</code></h3>{_fields(schema)}{_examples(schema)}")
    return "".join(parts)


def _fields(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code>{' (required)' if name in required else ''}"
        f"<td>{escape(_type(field))}<td>{escape(field.get('description', ''))}"
        for name, field in schema.get("properties", {}).items()
    )
    return f"<table><tr><th>Field<th>Type<th>Meaning{rows}</table>" if rows else ""


def _examples(schema: dict[str, Any]) -> str:
    return "".join(
        f"<pre>{escape(json.dumps(example, ensure_ascii=False, indent=2))}</pre>"
        for example in schema.get("examples", ())
        if isinstance(example, dict)
    )


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    return str(field.get("const", field.get("type", "any")))


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = schemas[str(schema["$ref"]).rpartition("/")[2]]
        return found
    return schema
