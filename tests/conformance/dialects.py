"""One edit, said in each dialect: what the conformance suite of the dialects speaks with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
from starlette.requests import Request
from starlette.types import Message

from retouch.api.dialects.draft import Draft, Given
from retouch.api.dispatch import read_draft
from retouch.fetch.source import decode_data_uri
from retouch.settings import Settings
from retouch.tasks.keys import Principal
from retouch.testing import pictures

PNG: Final = pictures.saved(pictures.photo(8, 6))
URI: Final = "data:image/png;base64," + base64.b64encode(PNG).decode()
PROMPT: Final = "Change the background to a starry sky, keep the main subject"
SETTINGS: Final = Settings(data_dir=Path("unused"), public_url="https://retouch.example")
_ADDRESS: Final = "http://127.0.0.1/v1/images/edits"


def hosted(fields: Mapping[str, Any], count: int = 1) -> httpx2.Request:
    """The hosted asynchronous API's JSON."""
    return httpx2.Request("POST", _ADDRESS, json={"image_urls": [URI] * count, **fields})


def openai_form(fields: Mapping[str, Any], count: int = 1) -> httpx2.Request:
    """OpenAI's form, a value as its SDK writes it: numbers and truth as JSON, members in brackets."""
    text: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, dict) and name == "metadata":
            text |= {f"{name}[{key}]": _text(member) for key, member in value.items()}
        elif value is not None:
            text[name] = _text(value)
    name = {0: "other", 1: "image"}.get(count, "image[]")
    files = [(name, ("a.png", PNG, "image/png"))] * max(1, count)
    return httpx2.Request("POST", _ADDRESS, data=text, files=files)


def openai_json(fields: Mapping[str, Any], count: int = 1) -> httpx2.Request:
    """OpenAI's JSON."""
    return httpx2.Request("POST", _ADDRESS, json={"images": [{"image_url": URI}] * count, **fields})


def xai(fields: Mapping[str, Any], count: int = 1) -> httpx2.Request:
    """xAI's JSON: one picture as an object, several as a list."""
    given: dict[str, Any] = {"image": {"url": URI}} if count == 1 else {"images": [{"url": URI}] * count}
    return httpx2.Request("POST", _ADDRESS, json=given | dict(fields))


DIALECTS: Final[Mapping[str, Callable[..., httpx2.Request]]] = {
    "hosted": hosted,
    "openai form": openai_form,
    "openai json": openai_json,
    "xai": xai,
}


async def heard(said: httpx2.Request, settings: Settings = SETTINGS) -> Draft:
    """What the door makes of a request; raises as it does."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/images/edits",
        "headers": [(name.lower(), value) for name, value in said.headers.raw],
    }
    content = said.read()

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return await read_draft(Request(scope, receive), settings, Principal("default", "key_test", admin=False))


def bytes_of(picture: Given) -> bytes:
    """A picture of a draft, whichever way it came in."""
    return picture if isinstance(picture, bytes) else decode_data_uri(picture, len(PNG))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
