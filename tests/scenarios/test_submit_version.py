"""A client that asks for the newer submit answer gets it; the task behind it is the same.

With ``X-APIMart-Response-Version: 2026-07-27`` the answer is a 202 that names where to poll. Any other value
is as good as none.
"""

from __future__ import annotations

import httpx2
from tests.scenarios.world import STARRY, Server

from retouch.api import wire


async def test_the_newer_form_says_where_to_poll(client: httpx2.AsyncClient, server: Server) -> None:
    headers = {"X-APIMart-Response-Version": "2026-07-27"}

    answer = await client.post("/v1/images/edits", json=STARRY, headers=headers)

    assert answer.status_code == 202
    assert answer.headers["x-apimart-response-version"] == "2026-07-27"
    body = wire.QueuedAnswer.model_validate(answer.json())
    assert body.data.poll_url == f"{server.url}/v1/tasks/{body.data.id}"
    assert body.request_id == answer.headers["x-request-id"]
    polled = (await client.get(body.data.poll_url)).json()
    assert polled["data"]["status"] == "pending", "queued is no status of a task"


async def test_an_unknown_version_is_answered_in_the_first_form(client: httpx2.AsyncClient) -> None:
    headers = {"X-APIMart-Response-Version": "2099-01-01"}

    answer = await client.post("/v1/images/edits", json=STARRY, headers=headers)

    assert answer.status_code == 200
    wire.SubmitAnswer.model_validate(answer.json())
