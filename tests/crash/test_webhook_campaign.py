"""Events, a receiver that misbehaves, a worker that is killed: the campaign in short."""

from __future__ import annotations

import os

import pytest
from tests.crash.webhook_campaign import campaign

from retouch.settings import Settings

EVENTS = int(os.environ.get("RETOUCH_WEBHOOK_EVENTS", "60"))
KILLS = int(os.environ.get("RETOUCH_WEBHOOK_KILLS", "1"))


@pytest.mark.campaign
@pytest.mark.timeout(3600)
async def test_every_event_is_taken_under_its_id_whatever_is_killed(
    database_url_fixture: str, settings: Settings
) -> None:
    report = await campaign(database_url_fixture, settings, events=EVENTS, kills=KILLS, seed=1)

    assert report.clean, report
    assert report.messages > EVENTS
