"""The description at /openapi.json: what the routes say of themselves, put together and set right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi

import retouch.errors
from retouch.api import wire
from retouch.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Collection

    from fastapi import FastAPI
    from pydantic import BaseModel

_PICTURES = ", ".join(f"image/{kind}" for kind in ("png", "jpeg", "webp", "gif", "avif", "heic"))
# Of every event in a stream, as the readers of 3.1 take it.
SSE_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    },
}
# A key is wanted only from outside this machine.
KEY_IS_OPTIONAL: Final[dict[str, Any]] = {"security": [{}]}
_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Edits pictures by instruction. Submit an edit, poll the task, fetch the pictures. "
    "The wire is that of the hosted asynchronous API; every addition is optional."
)


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, each with an example, for its ``responses``."""
    return {status: _problem(status) for status in statuses}


def headers(*told: dict[str, Any]) -> dict[str, Any]:
    """Request headers that a route reads, for its ``openapi_extra``."""
    return {"parameters": list(told)}


def header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """One of them; ``schema`` says what its text looks like."""
    told = {"name": name, "in": "header", "required": False, "description": description}
    return told | {"schema": {"type": "string", **schema}}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """A JSON request body, for a route's ``openapi_extra``."""
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def edit_body() -> dict[str, Any]:
    """The body of a submit in all its dialects, for a route's ``openapi_extra``."""
    forms = (wire.EditSubmission, wire.OpenAIEdit, wire.XaiEdit)
    json_form = {
        "schema": {"anyOf": [{"$ref": _REF.format(model=model.__name__)} for model in forms]},
        "examples": {
            name: {"summary": summary, "value": value} for name, summary, value in wire.SUBMIT_EXAMPLES
        },
    }
    file_form = {
        "schema": {"$ref": _REF.format(model=wire.OpenAIForm.__name__)},
        "encoding": {name: {"contentType": _PICTURES} for name in ("image", "mask")},
    }
    content = {"application/json": json_form, "multipart/form-data": file_form}
    return {"requestBody": {"required": True, "content": content}}


def form(name: str, description: str) -> dict[str, Any]:
    """A form with one file, for a route's ``openapi_extra``."""
    file = {"type": "string", "format": "binary", "minLength": 1, "description": description}
    schema = {"type": "object", "required": [name], "properties": {name: file}}
    content = {"schema": schema, "encoding": {name: {"contentType": _PICTURES}}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def picture() -> dict[int | str, dict[str, Any]]:
    """An answer that is a picture, for a route's ``responses``."""
    kinds = ("png", "jpeg", "webp", "gif", "avif", "heic")
    schema = {"type": "string", "format": "binary"}
    return {
        200: {"description": "The picture.", "content": {f"image/{k}": {"schema": schema} for k in kinds}}
    }


def describe(app: FastAPI, models: Collection[str]) -> dict[str, Any]:
    """The whole description of a server that serves ``models``; made once."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            description=_ABOUT,
            routes=app.routes,
            webhooks=app.webhooks.routes,
            tags=app.openapi_tags,
        )
        schemas = described["components"]["schemas"]
        for model in wire.BY_NAME:
            schema = model.model_json_schema(ref_template=_REF)
            schemas |= schema.pop("$defs", {})
            schemas[model.__name__] = schema
        _without_422(described)
        _name_models(schemas, sorted(models))
        _name_headers(described)
        app.openapi_schema = described
    return app.openapi_schema


def _without_422(described: dict[str, Any]) -> None:
    """The framework promises its own shape for bad parameters; here these are 400 in ours."""
    for name in ("HTTPValidationError", "ValidationError"):
        described["components"]["schemas"].pop(name, None)
    for operations in (*described["paths"].values(), *described["webhooks"].values()):
        for operation in operations.values():
            operation["responses"].pop("422", None)


def _name_models(schemas: dict[str, Any], models: list[str]) -> None:
    """Which models there are is this server's own affair: its settings name them."""
    for name in (wire.EditSubmission, wire.OpenAIEdit, wire.OpenAIForm, wire.XaiEdit, wire.PlanQuestion):
        field = schemas[name.__name__]["properties"]["model"]
        choices = next((kind for kind in field.get("anyOf", ()) if kind["type"] == "string"), field)
        choices["enum"] = models


def _name_headers(described: dict[str, Any]) -> None:
    """Headers of answers: of all, of those to a submit, of those that say when to come back."""
    described["components"]["headers"] = {
        name: {"description": about, "required": name == "X-Request-Id", "schema": schema}
        for name, (about, schema) in wire.ANSWER_HEADERS.items()
    }
    for path, operations in described["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                names = ["X-Request-Id"]
                names += wire.SUBMIT_HEADERS if path == "/v1/images/edits" and status < "3" else ()
                names += ("Retry-After",) if status in {"429", "503"} else ()
                refs = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                response["headers"] = refs | response.get("headers", {})


def _problem(status: int) -> dict[str, Any]:
    kind = _kind(status)
    detail = {"code": status, "message": wire.PROBLEM_EXAMPLES[status], "type": kind.type}
    content = {
        "schema": {"$ref": _REF.format(model=wire.Problem.__name__)},
        "example": {"error": detail | {"request_id": wire.EXAMPLE_REQUEST_ID}},
    }
    return {"description": kind.type, "content": {"application/json": content}}


def _kind(status: int) -> type[RequestError]:
    return next(
        kind
        for kind in vars(retouch.errors).values()
        if isinstance(kind, type)
        and issubclass(kind, RequestError)
        and kind.status == status
        and kind is not RequestError
    )
