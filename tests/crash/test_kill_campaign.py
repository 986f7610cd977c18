"""Whatever is killed, every acknowledged task ends once, completed, with its picture.

The short form of tests/crash/campaign.py: each kind of kill lands once.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.crash.campaign import campaign


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_nothing_is_lost_and_every_task_has_one_outcome(tmp_path: Path) -> None:
    report = campaign(tmp_path, tasks=12, hits=1, seed=3)

    assert set(report.hits) == {"fetch", "child", "store", "commit", "api", "database"}
    assert report.lost == []
    assert report.ends_wrong == []
    assert report.pictures_missing == []
    assert set(report.statuses) == {"completed"}
