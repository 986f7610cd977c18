"""A signature is good for exactly one message, by whom it says, now: by the reference library and by ours."""

from __future__ import annotations

import base64
import binascii
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from retouch.webhooks import sign

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
BODY = '{"id":"task_1","status":"completed","note":"星空 ☆"}'.encode()
FORGERIES = 1000


def headers(*secrets: bytes, at: float | None = None, body: bytes = BODY) -> dict[str, str]:
    return sign.headers(secrets or (SECRET,), "msg_1", int(time.time() if at is None else at), body)


def theirs_refuses(given_headers: dict[str, str], body: bytes, secret: bytes = SECRET) -> bool:
    try:
        Webhook(sign.write_secret(secret)).verify(body, given_headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # the latter for what is no base64, no UTF-8, no pair
        return True
    return False


def ours_refuses(given_headers: dict[str, str], body: bytes, secret: bytes = SECRET) -> bool:
    try:
        sign.verify(secret, given_headers, body, time.time())
    except sign.SignatureInvalid:
        return True
    return False


def test_the_example_of_the_specification() -> None:
    """The published example of the format: one known message, one known signature."""
    secret = sign.read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = sign.headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(
    secret=st.binary(min_size=24, max_size=64),
    message_id=st.from_regex(r"msg_[0-9A-Z]{26}", fullmatch=True),
    body=st.text().map(str.encode),
)
def test_what_we_sign_the_reference_signs_alike_and_lets_pass(
    secret: bytes, message_id: str, body: bytes
) -> None:
    now = int(time.time())
    made = sign.headers([secret], message_id, now, body)
    reference = Webhook(sign.write_secret(secret))
    assert made[sign.SIGNATURE] == reference.sign(
        message_id, datetime.fromtimestamp(now, tz=UTC), body.decode()
    )
    reference.verify(body, made, json_parse=False)
    sign.verify(secret, made, body, now)


def _flip(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << draw.randrange(7))]) + data[at + 1 :]


def _flipped_signature(made: dict[str, str], draw: random.Random) -> dict[str, str]:
    digest = base64.b64decode(made[sign.SIGNATURE].removeprefix("v1,"))
    return made | {sign.SIGNATURE: "v1," + base64.b64encode(_flip(digest, draw)).decode()}


def _cut_signature(made: dict[str, str], draw: random.Random) -> dict[str, str]:
    return made | {sign.SIGNATURE: made[sign.SIGNATURE][: draw.randrange(len(made[sign.SIGNATURE]) - 2)]}


def _without_one(made: dict[str, str], draw: random.Random) -> dict[str, str]:
    gone = draw.choice(sorted(made))
    return {name: value for name, value in made.items() if name != gone}


FORGERS: tuple[Callable[[random.Random], tuple[dict[str, str], bytes]], ...] = (
    lambda draw: (headers(), _flip(BODY, draw)),
    lambda draw: (headers(), BODY[: draw.randrange(len(BODY))]),
    lambda draw: (headers(), BODY + draw.choice([b" ", b"\n", b"}"])),
    lambda draw: (headers() | {sign.ID: f"msg_{draw.randrange(2, 99)}"}, BODY),
    lambda draw: (headers() | {sign.TIMESTAMP: str(int(time.time()) - draw.randrange(1, 299))}, BODY),
    lambda draw: (headers(at=time.time() - draw.randrange(302, 10**6)), BODY),
    lambda draw: (headers(at=time.time() + draw.randrange(302, 10**6)), BODY),
    lambda draw: (headers(draw.randbytes(32)), BODY),
    lambda draw: (_flipped_signature(headers(), draw), BODY),
    lambda draw: (_cut_signature(headers(), draw), BODY),
    lambda draw: (_without_one(headers(), draw), BODY),
    lambda draw: (
        headers() | {sign.SIGNATURE: headers()[sign.SIGNATURE].replace("v1,", f"v{draw.choice('0239')},")},
        BODY,
    ),
    lambda draw: (headers() | {sign.TIMESTAMP: draw.choice(["", "now", "-1", "1e9", "٣", "9" * 13])}, BODY),
    # The parts of the signed text moved against each other: id.timestamp.body has one reading.
    lambda _: (headers(body=b"x." + BODY) | {sign.ID: "msg_1.x"}, BODY),
)


def test_a_thousand_forged_stale_and_rekeyed_messages_are_refused() -> None:
    draw = random.Random(20261124)
    passed = []
    for number in range(FORGERIES):
        forged, body = FORGERS[number % len(FORGERS)](draw)
        if not (theirs_refuses(forged, body) and ours_refuses(forged, body)):
            passed.append((number % len(FORGERS), forged, body))
    assert passed == []
    assert not theirs_refuses(headers(), BODY)  # this test is able to fail
    assert not ours_refuses(headers(), BODY)


@pytest.mark.parametrize(("age_s", "passes"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_five_minutes_either_way(age_s: int, passes: bool) -> None:  # noqa: FBT001 - a parameter of the test
    now = 1_763_174_000
    made = sign.headers([SECRET], "msg_1", now, BODY)
    if passes:
        sign.verify(SECRET, made, BODY, now + age_s)
    else:
        with pytest.raises(sign.SignatureInvalid, match="not of this time"):
            sign.verify(SECRET, made, BODY, now + age_s)


def test_during_a_rotation_receivers_with_either_secret_let_it_pass() -> None:
    made = headers(SECRET, OTHER)
    assert made[sign.SIGNATURE].count("v1,") == 2
    for secret in (SECRET, OTHER):
        assert not theirs_refuses(made, BODY, secret)
        assert not ours_refuses(made, BODY, secret)
    assert ours_refuses(made, BODY, b"a third one")


def test_a_signature_of_letters_beyond_ascii_is_refused_without_a_crash() -> None:
    with pytest.raises(sign.SignatureInvalid, match="no signature"):
        sign.verify(SECRET, headers() | {sign.SIGNATURE: "v1,ééé 署名"}, BODY, time.time())


@given(st.binary(min_size=1, max_size=64))
def test_a_secret_is_written_and_read(secret: bytes) -> None:
    text = sign.write_secret(secret)
    assert text.startswith("whsec_")
    assert sign.read_secret(text) == secret


@pytest.mark.parametrize("text", ["", "AAAA", "whsek_AAAA", "whsec_A", "whsec_A!AA", "whsec_ÄÄÄÄ"])
def test_what_is_no_secret(text: str) -> None:
    with pytest.raises((ValueError, binascii.Error)):
        sign.read_secret(text)
