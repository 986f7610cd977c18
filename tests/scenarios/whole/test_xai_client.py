"""A client of xAI's API: JSON with one picture as an object, and the pictures in the answer."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx2
from PIL import Image
from tests.scenarios.whole.client import Client, data_uri, photo

from retouch.api import wire


def edit(client: Client, **fields: Any) -> httpx2.Response:
    body = {"prompt": "Make it black and white", "image": {"url": data_uri(photo("coffee.png"))}, **fields}
    return client.http.post("/v1/images/edits", json=body, timeout=120)


def test_pictures_come_as_urls(client: Client) -> None:
    answer = edit(client, model="grok-imagine-1.0-edit-apimart")

    assert answer.status_code == 200, answer.text
    (picture,) = answer.json()["data"]
    assert Image.open(io.BytesIO(client.http.get(picture["url"]).content)).size == (600, 400)
    assert answer.headers["x-task-id"].startswith("task_")


def test_or_as_base64(client: Client) -> None:
    answer = edit(client, response_format="b64_json", n=2)

    files = [base64.b64decode(each["b64_json"]) for each in answer.json()["data"]]
    assert len({*files}) == 2


def test_a_list_of_pictures(client: Client) -> None:
    urls = [{"url": data_uri(photo(name))} for name in ("coffee.png", "chelsea.png")]
    answer = client.http.post(
        "/v1/images/edits",
        json={"prompt": "Make it black and white", "images": urls, "resolution": "2k"},
        timeout=120,
    )

    assert answer.status_code == 200, answer.text
    assert {each["param"] for each in answer.json()["ignored"]} == {"resolution", "image_urls"}


def test_a_refusal_has_the_house_shape(client: Client) -> None:
    answer = edit(client, prompt="Give it wings")

    assert answer.status_code == 400
    error = wire.Problem.model_validate(answer.json()).error
    assert error.message.startswith("instruction_not_supported")
    assert answer.headers["x-should-retry"] == "false"
