"""A body that is no honest JSON object is a clean 400, never a 500 and never a guess.

Two readers of one document must not understand two things (duplicate names), and a row must be able to hold
what a string says (NUL, half a surrogate pair).
"""

from __future__ import annotations

import json

import httpx2
import pytest
from tests.scenarios.world import STARRY, problem

GOOD = json.dumps(STARRY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{'prompt': 1}",
        GOOD.encode() + b"x",
        GOOD.encode("utf-16"),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("starry", "starr\u00ff").encode("latin-1"),
        GOOD.replace('"n": 1', '"n": NaN').encode(),
        GOOD.replace('"n": 1', '"n": -Infinity').encode(),
        GOOD.replace('"n": 1', '"n": 1, "n": 2').encode(),
        GOOD.replace('"n": 1', '"n": ' + "9" * 5000).encode(),
        GOOD.replace("starry", "star\\u0000ry").encode(),
        GOOD.replace("starry", "star\\ud800ry").encode(),
        GOOD.replace('"n"', '"n\\udfff"').encode(),
        GOOD.replace('"n": 1', '"x": ' + "[" * 33 + "]" * 33).encode(),
        b'{"x":' * 100_000,
        b"[" * 1_000_000,
        json.dumps(STARRY | {f"field{i}": 1 for i in range(60)}).encode(),
        json.dumps(STARRY | {"y" * 100: 1}).encode(),
    ],
    ids=lambda body: ascii(body[:30]),
)
async def test_a_dishonest_body_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/images/edits", content=body, headers={"Content-Type": "application/json"})

    problem(answer, 400, "invalid_request_error")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("application/json; charset=utf-16", 400),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("", 415),
        (";;;", 415),
    ],
)
async def test_the_content_type_is_json(client: httpx2.AsyncClient, content_type: str, status: int) -> None:
    answer = await client.post("/v1/images/edits", content=GOOD, headers={"Content-Type": content_type})

    assert answer.status_code == status, answer.text


async def test_letters_of_all_planes_are_welcome(client: httpx2.AsyncClient) -> None:
    body = GOOD.replace("starry", "\\ud83c\\udf0c 星空 नमस्ते")

    answer = await client.post("/v1/images/edits", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 200
