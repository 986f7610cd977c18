"""A service whose owner has turned the content gate on: a refused picture ends its task, and says no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenarios.whole.client import Client, data_uri, photo

from retouch.settings import Settings
from retouch.testing.service import forget_cluster, running_service
from retouch.weights.store import WeightsStore


def test_a_picture_that_the_gate_refuses_fails_its_task(tmp_path: Path) -> None:
    if not WeightsStore(Settings().weights_dir).has("nsfw"):
        pytest.skip("the model nsfw is not here; run: retouch models pull nsfw")
    # From 0 on, the gate refuses whatever it judges.
    environment = {"RETOUCH_GATE": "nsfw", "RETOUCH_GATE_THRESHOLD": "0"}
    with running_service(tmp_path, environment) as service, Client(service.url, service.key) as client:
        task = client.ended(client.submit("Make it black and white", data_uri(photo("chelsea.png"))))
        german = client.http.get(f"/v1/tasks/{task['id']}", params={"language": "de"}).json()["data"]
    forget_cluster(tmp_path / "data")

    assert task["status"] == "failed"
    assert task["error"]["code"] == "content_refused"
    assert task["error"]["message"] == "The content gate of this service refused the picture."
    assert task["attempts"] == 1
    assert german["error"]["message"].startswith("Die Inhaltsprüfung")
