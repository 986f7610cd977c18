"""The commands that talk to the database work beside the running service."""

from __future__ import annotations

import json
import time

import httpx2
from tests.scenarios.whole.client import Client, data_uri

from retouch.testing import pictures
from retouch.testing.service import Service, retouch


def ask(service: Service, *arguments: str) -> str:
    return retouch(*arguments, "--data-dir", str(service.data_dir))


def test_a_key_is_made_used_and_revoked(service: Service) -> None:
    token = ask(service, "keys", "create", "walker").strip()
    assert token.startswith("rt_")
    assert "\n" not in token
    with httpx2.Client(base_url=service.url, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {token}"}
        assert http.get("/v1/models", headers=headers).status_code == 200
        assert token not in ask(service, "keys", "list", "--json")
        ask(service, "keys", "revoke", "walker")
        until = time.monotonic() + 60
        while http.get("/v1/models", headers=headers).status_code != 401:  # a cached answer lives on briefly
            assert time.monotonic() < until, "a revoked key still works"


def test_tasks_are_listed_and_shown(service: Service, client: Client) -> None:
    picture = data_uri(pictures.saved(pictures.photo()))
    task_id = client.ended(client.submit("Make it warmer", picture))["id"]

    listed = json.loads(ask(service, "tasks", "list", "--json", "--status", "completed"))
    assert task_id in {row["id"] for row in listed}
    shown = json.loads(ask(service, "tasks", "show", task_id, "--json"))
    assert shown["outcome"]["engine"] == "builtin"
    assert set(shown["outcome"]["timings"]) >= {"plan", "fetch", "prepare", "edit", "finish", "store"}
