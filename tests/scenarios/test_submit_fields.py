"""A wrong field is a 400 that names the field, whatever the type confusion; nothing is created.

The table is that of the hosted API, with n's special cases (0, 11, "2", 1.5, true) and our extensions.
"""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from tests.scenarios.world import STARRY, problem

from retouch.tasks.store import TaskStore

JSON = {"Content-Type": "application/json"}
WRONG: list[tuple[str, Any]] = [
    ("n", 0),
    ("n", 11),
    ("n", -1),
    ("n", "2"),
    ("n", 1.5),
    ("n", 1.0),
    ("n", True),
    ("n", [1]),
    ("prompt", None),
    ("prompt", ""),
    ("prompt", " \n\u3000 "),
    ("prompt", 5),
    ("prompt", "x" * 8001),
    ("model", "dall-e-9"),
    ("model", 7),
    ("model", ""),
    ("image_urls", None),
    ("image_urls", []),
    ("image_urls", "https://example.com/a.png"),
    ("image_urls", [1]),
    ("image_urls", ["https://example.com/a.png"] * 17),
    ("seed", -1),
    ("seed", 2**31),
    ("seed", "7"),
    ("size", "huge"),
    ("size", "0x0"),
    ("size", "99999x99999"),
    ("size", "16:9:4"),
    ("size", "１６:９"),
    ("strength", 1.01),
    ("strength", "0.5"),
    ("strength", True),
    ("steps", 0),
    ("steps", 151),
    ("guidance", -0.1),
    ("guidance", 1e999),
    ("output_format", "gif"),
    ("output_format", "svg"),
    ("output_compression", 101),
    ("metadata", []),
    ("metadata", {"a": 1}),
    ("metadata", {str(i): "" for i in range(17)}),
    ("metadata", {"a": "x" * 513}),
    ("negative_prompt", 1),
    ("strict", "yes"),
    ("mask_url", 1),
]


async def test_a_wrong_field_is_named(client: httpx2.AsyncClient, store: TaskStore) -> None:
    for name, value in WRONG:
        answer = await client.post("/v1/images/edits", content=_json(STARRY | {name: value}), headers=JSON)
        error = problem(answer, 400, "invalid_request_error")
        assert error["param"] == name, (name, value, error)
    assert await store.list(None) == []


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("image_urls[0]", "http://example.com/a.png"),
        ("image_urls[0]", "ftp://example.com/a.png"),
        ("image_urls[0]", "file:///etc/passwd"),
        ("image_urls[0]", "https://user:pw@example.com/a.png"),
        ("image_urls[0]", "https://example.com\\@evil/a.png"),
        ("image_urls[0]", ""),
        ("mask_url", "http://example.com/m.png"),
        ("mask_url", ""),
    ],
)
async def test_a_url_that_would_never_be_fetched_is_refused_at_once(
    client: httpx2.AsyncClient, name: str, url: str
) -> None:
    change = {"mask_url": url} if name == "mask_url" else {"image_urls": [url]}

    answer = await client.post("/v1/images/edits", json=STARRY | change)

    assert problem(answer, 400, "invalid_request_error")["param"] == name


async def test_an_unknown_model_is_told_which_there_are(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/images/edits", json=STARRY | {"model": "dall-e-9"})

    message = problem(answer, 400, "invalid_request_error")["message"]
    assert "grok-imagine-1.0-edit-apimart" in message
    assert "retouch-builtin" in message


async def test_what_is_left_away_takes_its_default(client: httpx2.AsyncClient, store: TaskStore) -> None:
    body = {"prompt": "  cafe\u0301 sky  ", "image_urls": STARRY["image_urls"], "n": None, "seed": None}

    answer = await client.post("/v1/images/edits", json=body)

    task = await store.get(answer.json()["data"][0]["task_id"])
    assert task is not None
    assert task.request.model == "grok-imagine-1.0-edit-apimart"
    assert task.request.prompt == "caf\u00e9 sky", "NFC, trimmed"
    assert task.request.n == 1
    assert 0 <= task.request.seed < 2**31
    assert task.request.output_format == "png"


async def test_every_seed_that_is_shown_can_be_sent_again(client: httpx2.AsyncClient) -> None:
    """Picture i is shown with seed + i, so the last one must be a seed that the door takes."""
    largest = 2**31 - 1

    refused = await client.post("/v1/images/edits", json=STARRY | {"seed": largest - 8, "n": 10})
    taken = [
        await client.post("/v1/images/edits", json=STARRY | {"seed": largest - 9, "n": 10}),
        await client.post("/v1/images/edits", json=STARRY | {"seed": largest, "n": 1}),
    ]

    assert problem(refused, 400, "invalid_request_error")["param"] == "seed"
    assert [answer.status_code for answer in taken] == [200, 200]


async def test_everything_that_can_be_said_arrives(client: httpx2.AsyncClient, store: TaskStore) -> None:
    said = {
        "n": 10,
        "seed": 0,
        "size": "16:9",
        "negative_prompt": "people",
        "strength": 1,
        "steps": 30,
        "guidance": 7.5,
        "output_format": "webp",
        "output_compression": 80,
        "metadata": {"order": "17", "雨": "☔"},
        "mask_url": "https://example.com/mask.png",
        "image_urls": ["https://example.com/a.png", "https://example.com/b.png"],
    }

    answer = await client.post("/v1/images/edits", json=STARRY | said)

    task = await store.get(answer.json()["data"][0]["task_id"])
    assert task is not None
    kept = task.request.to_json()
    assert {name: kept[name] for name in said if name in kept} == {
        name: value for name, value in said.items() if name in kept
    }
    assert [source.value for source in task.request.sources] == said["image_urls"]
    assert task.request.mask is not None
    assert task.request.mask.value == said["mask_url"]


def _json(body: dict[str, Any]) -> bytes:
    """JSON in which a number may be larger than any."""
    return json.dumps(body).replace("Infinity", "1e999").encode()
