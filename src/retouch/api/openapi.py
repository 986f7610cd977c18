"""The description at /openapi.json: what the routes say of themselves, put together and set right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

import retouch.errors
from retouch.api import wire
from retouch.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI
    from pydantic import BaseModel

_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Edits pictures by instruction. Submit an edit, poll the task, fetch the pictures. "
    "The wire is that of the hosted asynchronous API; every addition is optional."
)


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its ``responses``."""
    content = {"application/json": {"schema": {"$ref": _REF.format(model=wire.Problem.__name__)}}}
    return {status: {"description": _title(status), "content": content} for status in statuses}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """A JSON request body, for a route's ``openapi_extra``."""
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def edit_body(forms: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """The body of a submit in all its dialects, for a route's ``openapi_extra``."""
    schema = {"anyOf": [{"$ref": _REF.format(model=model.__name__)} for model in forms]}
    file = {"type": "string", "format": "binary"}
    fields = {
        "prompt": {"type": "string", "minLength": 1, "maxLength": 8000},
        "image": {**file, "description": "The picture; several are sent as image[]."},
        "mask": {**file, "description": "Its transparent part may be edited."},
        "model": {"type": "string"},
        "n": {"type": "integer", "minimum": 1, "maximum": 10},
        "response_format": {"enum": ["b64_json", "url"]},
        "stream": {"type": "boolean"},
        "partial_images": {"type": "integer", "minimum": 0, "maximum": 3},
    }
    form = {"type": "object", "required": ["prompt", "image"], "properties": fields}
    content = {"application/json": {"schema": schema}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def form(name: str, description: str) -> dict[str, Any]:
    """A form with one file, for a route's ``openapi_extra``."""
    file = {"type": "string", "format": "binary", "description": description}
    schema = {"type": "object", "required": [name], "properties": {name: file}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def picture() -> dict[int | str, dict[str, Any]]:
    """An answer that is a picture, for a route's ``responses``."""
    kinds = ("png", "jpeg", "webp", "gif", "avif", "heic")
    schema = {"type": "string", "format": "binary"}
    return {
        200: {"description": "The picture.", "content": {f"image/{k}": {"schema": schema} for k in kinds}}
    }


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description; made once."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title, version=app.version, description=_ABOUT, routes=app.routes, tags=app.openapi_tags
        )
        schemas = described["components"]["schemas"]
        for model in wire.BY_NAME:
            schema = model.model_json_schema(ref_template=_REF)
            schemas |= schema.pop("$defs", {})
            schemas[model.__name__] = schema
        _without_422(described)
        app.openapi_schema = described
    return app.openapi_schema


def _without_422(described: dict[str, Any]) -> None:
    """The framework promises its own shape for bad parameters; here these are 400 in ours."""
    for name in ("HTTPValidationError", "ValidationError"):
        described["components"]["schemas"].pop(name, None)
    for operations in described["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)


def _title(status: int) -> str:
    kind = next(
        kind
        for kind in vars(retouch.errors).values()
        if isinstance(kind, type)
        and issubclass(kind, RequestError)
        and kind.status == status
        and kind is not RequestError
    )
    return kind.type
