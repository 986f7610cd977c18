"""When a message is tried again: eight attempts over about 27 hours, later where the receiver asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from retouch.fetch.client import Posted
from retouch.settings import Settings
from retouch.tasks.deliveries import Claim, DeliveryState
from retouch.webhooks.schedule import RETRY_AFTER_MAX_S, judge, pause_s, retry_after_s

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PAUSES = Settings.model_fields["webhook_retry_s"].default
HOUR = 3600


def claim(failures: int = 0, event: str = "task.completed") -> Claim:
    return Claim("msg_1", "default", "task_1", event, "https://a.example/", "a.example", 1, failures, NOW)


def test_the_pauses_are_of_27_hours_and_come_with_jitter() -> None:
    assert 27 * HOUR < sum(PAUSES) < 28 * HOUR
    drawn = [pause_s(100) for _ in range(200)]
    assert 80 <= min(drawn) < 95
    assert 105 < max(drawn) <= 120
    assert len(set(drawn)) > 100


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_taken(status: int) -> None:
    verdict = judge(claim(), Posted(status, None), PAUSES, NOW, 7)
    assert (verdict.outcome, verdict.state) == ("delivered", DeliveryState.DELIVERED)
    assert (verdict.status, verdict.duration_ms) == (status, 7)


@pytest.mark.parametrize(
    "status", [100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 404, 408, 409, 411, 429, 500, 503]
)
def test_all_else_is_refused_and_tried_again(status: int) -> None:
    verdict = judge(claim(), Posted(status, None), PAUSES, NOW)
    assert (verdict.outcome, verdict.state) == ("refused", DeliveryState.PENDING)
    assert 4 <= verdict.delay_s <= 6


def test_410_is_the_end() -> None:
    verdict = judge(claim(), Posted(410, "5"), PAUSES, NOW)
    assert (verdict.outcome, verdict.state) == ("gone", DeliveryState.DISABLED)


def test_every_failure_has_its_pause_and_after_the_last_it_is_over() -> None:
    for failures, base in enumerate(PAUSES):
        verdict = judge(claim(failures), None, PAUSES, NOW)
        assert (verdict.outcome, verdict.state) == ("unreachable", DeliveryState.PENDING)
        assert 0.8 * base <= verdict.delay_s <= 1.2 * base
    last = judge(claim(len(PAUSES)), Posted(503, "5"), PAUSES, NOW)
    assert (last.outcome, last.state) == ("refused", DeliveryState.FAILED)


def test_a_test_is_tried_once() -> None:
    assert judge(claim(event="webhook.test"), None, PAUSES, NOW).state is DeliveryState.FAILED


def test_retry_after_lengthens_a_pause_and_never_shortens_it() -> None:
    assert judge(claim(), Posted(503, "3600"), PAUSES, NOW).delay_s == HOUR
    assert judge(claim(1), Posted(503, "1"), PAUSES, NOW).delay_s >= 240


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, 0),
        ("0", 0),
        ("7", 7),
        ("86401", RETRY_AFTER_MAX_S),
        ("999999999", RETRY_AFTER_MAX_S),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("Tue, 24 Nov 2026 12:02:00 -0000", 120),
        (format_datetime(NOW - timedelta(days=9), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), RETRY_AFTER_MAX_S),
        ("-5", 0),
        ("1.5", 0),
        ("٣", 0),
        ("9" * 400, 0),
        ("soon", 0),
        ("", 0),
        ("Fri, 99 Nov 9999 99:99:99 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_bounded(text: str | None, seconds: float) -> None:
    assert retry_after_s(text, NOW) == seconds
