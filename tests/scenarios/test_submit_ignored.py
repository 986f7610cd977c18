"""Nothing is dropped silently: what nobody honours is named in ``ignored``, or refused under ``strict``."""

from __future__ import annotations

import httpx2
import pytest
from tests.scenarios.world import STARRY, problem


async def test_an_unknown_field_is_named(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/images/edits", json=STARRY | {"shade": "dark"})

    task_id = answer.json()["data"][0]["task_id"]
    data = (await client.get(f"/v1/tasks/{task_id}")).json()["data"]
    assert data["ignored"] == [{"param": "shade", "reason": "unknown parameter"}]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"quality": "high"}, "quality"),
        ({"image_urls": ["https://example.com/a.png", "https://example.com/b.png"]}, "image_urls"),
        ({"guidance": 3}, "guidance"),
        ({"output_compression": 80}, "output_compression"),
    ],
)
async def test_strict_refuses_it(client: httpx2.AsyncClient, change: dict[str, object], param: str) -> None:
    answer = await client.post("/v1/images/edits", json=STARRY | change | {"strict": True})

    assert problem(answer, 400, "invalid_request_error")["param"] == param


@pytest.mark.parametrize("change", [{"n": 2, "seed": 3}, {"output_format": "jpeg", "output_compression": 80}])
async def test_strict_takes_what_is_honoured(client: httpx2.AsyncClient, change: dict[str, object]) -> None:
    answer = await client.post("/v1/images/edits", json=STARRY | change | {"strict": True})

    assert answer.status_code == 200


async def test_strict_refuses_to_point_to_a_picture_that_is_not_there(client: httpx2.AsyncClient) -> None:
    asked = STARRY | {"prompt": "Use the second picture as the background", "strict": True}
    two = {"image_urls": ["https://example.com/a.png", "https://example.com/b.png"]}
    answer = await client.post("/v1/images/edits", json=asked)

    assert problem(answer, 400, "invalid_request_error")["param"] == "image_urls"
    assert (await client.post("/v1/images/edits", json=asked | two)).status_code == 200
