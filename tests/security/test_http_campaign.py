"""The running service answers as its description says, whatever is sent: the campaign in short."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.security.http_campaign import campaign, read

EXAMPLES = int(os.environ.get("RETOUCH_HTTP_EXAMPLES", "4"))


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_no_request_breaks_the_service_or_its_description(tmp_path: Path) -> None:
    report = campaign(tmp_path, examples=EXAMPLES, seed=1)

    assert report.clean, report
    assert report.cases > 300


def test_a_campaign_that_found_something_is_not_clean() -> None:
    told = {
        "test_cases": {"generated": 7},
        "failures": [{"title": "Server error"}],
        "errors": [],
        "operations": {"selected": 2, "tested": 2},
        "valid_rates": {"POST /v1/images/edits": {"fuzzing": {"accepted": 1}}},
    }

    assert not read(told).clean
    assert read(told | {"failures": []}).clean
    assert not read(told | {"failures": [], "operations": {"selected": 2, "tested": 1}}).clean
    assert not read(told | {"failures": [], "valid_rates": {"POST /v1/images/edits": {}}}).clean
