"""A backup taken from a running service, restored into an empty folder, serves the old tasks and pictures."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.whole.client import Client, data_uri, photo

from retouch.testing.service import Service, forget_cluster, retouch, running_service


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder that does not exist yet."""
    yield tmp_path / "data"
    forget_cluster(tmp_path / "data")


def test_what_was_backed_up_is_served_again(
    service: Service, client: Client, tmp_path: Path, data: Path
) -> None:
    task_id = client.submit("make it black and white", data_uri(photo("chelsea.png")))
    before = client.ended(task_id)
    assert before["status"] == "completed", before
    picture = client.http.get(before["result"]["images"][0]["url"][0]).content
    file = tmp_path / "backup.tar"

    made = json.loads(retouch("backup", str(file), "--json", "--data-dir", str(service.data_dir)))

    assert made["objects"] >= 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "the secret is in it"
    assert [each.name for each in tmp_path.iterdir()] == ["backup.tar"]
    retouch("restore", str(file), "--data-dir", str(data))
    assert stat.S_IMODE((data / "secret").stat().st_mode) == 0o600
    shutil.copy(service.data_dir / "first-key", data)  # only for the test's client: it is no part of a backup
    with running_service(tmp_path) as second, Client(second.url, second.key) as later:
        after = later.task(task_id)
        assert {**after, "result": None} == {**before, "result": None}
        assert later.http.get(after["result"]["images"][0]["url"][0]).content == picture
        assert later.edit("make it black and white", data_uri(photo("chelsea.png")))

    with pytest.raises(RuntimeError, match="not empty"):
        retouch("restore", str(file), "--data-dir", str(data))
    retouch("restore", str(file), "--force", "--data-dir", str(data))
