"""A restart in the middle of an edit: the task is handed back, and finished by the next run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.whole.client import Client, data_uri, photo

from retouch.testing.service import forget_cluster, running_service

HASTY = {"RETOUCH_SHUTDOWN_GRACE_S": "0"}


@pytest.fixture(autouse=True)
def _tidy(tmp_path: Path) -> Iterator[None]:
    yield
    forget_cluster(tmp_path / "data")


def test_a_running_edit_is_handed_back_and_done_again(tmp_path: Path) -> None:
    with running_service(tmp_path, HASTY) as first, Client(first.url, first.key) as client:
        task_id = client.submit(
            "Convert the image to cyberpunk style", data_uri(photo("astronaut.png")), n=10
        )
        until = time.monotonic() + 60
        while client.task(task_id)["status"] != "processing":
            assert time.monotonic() < until

    with running_service(tmp_path) as second, Client(second.url, second.key) as client:
        task = client.ended(task_id)
        assert task["status"] == "completed", task
        assert task["attempts"] == 2
        assert len(task["result"]["images"]) == 10


def test_everything_killed_at_once_loses_nothing(tmp_path: Path) -> None:
    with running_service(tmp_path) as first, Client(first.url, first.key) as client:
        picture = data_uri(photo("chelsea.png"))
        ids = [client.submit("Change the background to a sunset", picture) for _ in range(3)]
        first.kill_everything()

    quick = {"RETOUCH_LEASE_S": "3", "RETOUCH_HEARTBEAT_S": "1"}
    with running_service(tmp_path, quick) as second, Client(second.url, second.key) as client:
        assert [client.ended(each)["status"] for each in ids] == ["completed"] * 3
