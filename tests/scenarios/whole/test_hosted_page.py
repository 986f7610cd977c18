"""A client written from the hosted API's page, and from nothing else, gets its pictures.

It knows the fields that the page documents and reads no other: submit, poll every so often, download. Both
forms of the submit answer are the page's.
"""

from __future__ import annotations

import time
from typing import Any

import httpx2
import numpy as np
import pytest
from tests.scenarios.whole.client import data_uri, photo, pixels

from retouch.testing.service import Service

SUBMIT = {"model": "grok-imagine-1.0-edit-apimart", "prompt": "Convert the image to cyberpunk style", "n": 2}
POLL_S = 0.2
CEILING_S = 120


def submitted(http: httpx2.Client, service: Service, version: str | None) -> str:
    """Where to poll, by either form of the answer."""
    headers = {} if version is None else {"X-APIMart-Response-Version": version}
    body = {**SUBMIT, "image_urls": [data_uri(photo("chelsea.png"))]}
    answer = http.post(f"{service.url}/v1/images/edits", json=body, headers=headers)
    told: dict[str, Any] = answer.json()
    if version is None:
        assert answer.status_code == told["code"] == 200
        (task,) = told["data"]
        assert task["status"] == "submitted"
        return f"{service.url}/v1/tasks/{task['task_id']}"
    assert answer.status_code == told["code"] == 202
    assert answer.headers["X-APIMart-Response-Version"] == version
    assert told["data"]["status"] == "queued"
    assert told["data"]["poll_url"].endswith(told["data"]["id"])
    return str(told["data"]["poll_url"])


@pytest.mark.parametrize("version", [None, "2026-07-27"])
def test_submit_poll_download(service: Service, version: str | None) -> None:
    key = {"Authorization": f"Bearer {service.key}"}
    with httpx2.Client(headers=key, trust_env=False, timeout=30) as http:
        address = submitted(http, service, version)
        until = time.monotonic() + CEILING_S
        while (task := http.get(address, params={"language": "en"}).json()["data"])["status"] != "completed":
            assert task["status"] in {"pending", "processing"}, task
            assert time.monotonic() < until
            time.sleep(POLL_S)  # as its page says a client does
    assert task["progress"] == 100
    assert task["completed"] - task["created"] == task["actual_time"]
    assert {type(task[name]) for name in ("cost", "credits_cost")} == {float}
    images = task["result"]["images"]
    assert len(images) == 2
    # The addresses are given to whoever shows the pictures: they want no key.
    files = [httpx2.get(url, trust_env=False) for image in images for url in image["url"]]
    assert {file.headers["content-type"] for file in files} == {"image/png"}
    first, second = (pixels(file.content) for file in files)
    assert first.shape == second.shape == pixels(photo("chelsea.png")).shape
    assert not np.array_equal(first, second)
    assert all(image["expires_at"] > time.time() for image in images)
