"""A receiver tells the server's webhooks from everybody else's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest

import retouch
from retouch.webhooks import sign

# The example of the Standard Webhooks specification and its libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
EVER = 10**10


def signature(body: bytes, sent: int, secret: str = SECRET, identity: str = "msg_1") -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{identity}.{sent}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(sent: int, *signatures: str) -> dict[str, str]:
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(sent),
        "Webhook-Signature": " ".join(signatures),
    }


def test_the_specifications_own_example() -> None:
    assert retouch.verify_webhook(BODY, HEADERS, SECRET, EVER) == {"test": 2432232314}
    assert retouch.verify_webhook(BODY.decode(), HEADERS, SECRET, EVER) == {"test": 2432232314}


def test_what_this_service_signs_is_believed() -> None:
    now, secrets = int(time.time()), (b"the new secret, 24 bytes", b"the old secret, 24 bytes")
    sent = sign.headers(secrets, "msg_1", now, BODY)
    for secret in secrets:
        assert retouch.verify_webhook(BODY, sent, sign.write_secret(secret)) == {"test": 2432232314}
    with pytest.raises(retouch.WebhookRefused, match="no signature"):
        retouch.verify_webhook(BODY, sent, SECRET)


def test_while_the_secret_is_exchanged_either_side_may_be_ahead() -> None:
    now, new = int(time.time()), "whsec_" + base64.b64encode(b"a new secret, 24 bytes..").decode()
    both = headers(now, signature(BODY, now, new), signature(BODY, now))
    assert retouch.verify_webhook(BODY, both, SECRET)
    assert retouch.verify_webhook(BODY, both, new)
    assert retouch.verify_webhook(BODY, headers(now, signature(BODY, now)), [new, SECRET])
    unknown = headers(now, "v1a,xxxx", "v1,!!!", signature(BODY, now))
    assert retouch.verify_webhook(BODY, unknown, SECRET)


@pytest.mark.parametrize("change", ["body", "id", "time", "old", "future", "missing", "version", "empty"])
def test_a_message_that_was_changed_or_kept_is_refused(change: str) -> None:
    now = int(time.time())
    sent = {"old": now - 301, "future": now + 310}.get(change, now)
    given = headers(sent, signature(BODY, sent))
    body = BODY + b" " if change == "body" else BODY
    if change == "id":
        given["Webhook-Id"] = "msg_2"
    if change == "time":
        given["Webhook-Timestamp"] = str(now - 1)
    if change == "missing":
        del given["Webhook-Signature"]
    if change == "version":
        given["Webhook-Signature"] = given["Webhook-Signature"].replace("v1,", "v2,")
    if change == "empty":
        given["Webhook-Signature"] = "v1,"
    with pytest.raises(retouch.WebhookRefused):
        retouch.verify_webhook(body, given, SECRET)


@pytest.mark.parametrize("sent", ["", "-1", "1e9", "9" * 400, "١٢٣"])
def test_a_time_that_is_none_is_refused(sent: str) -> None:
    with pytest.raises(retouch.WebhookRefused, match="time"):
        retouch.verify_webhook(BODY, {**HEADERS, "webhook-timestamp": sent}, SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64", "whsec_ä"])
def test_an_empty_secret_is_no_secret(secret: str) -> None:
    """HMAC takes an empty key, and then anybody can sign."""
    with pytest.raises(retouch.ConfigurationError):
        retouch.verify_webhook(BODY, HEADERS, secret, EVER)
