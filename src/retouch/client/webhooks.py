"""Whether a webhook came from the server (Standard Webhooks 1.0: webhook-id, -timestamp, -signature)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from retouch.client.errors import ConfigurationError, WebhookRefused

TOLERANCE_S: Final = 300
_PREFIX: Final = "whsec_"
_DIGITS_MAX: Final = 12


def verify_webhook(
    payload: bytes | str,
    headers: Mapping[str, str],
    secret: str | Iterable[str],
    tolerance: float = TOLERANCE_S,
) -> dict[str, Any]:
    """The message, once its signature and its time have been checked.

    ``payload`` is the body as it came, not parsed and written again. ``secret`` is ``whsec_…``, or several
    while they are exchanged; the server, too, may send two signatures. ``tolerance``: seconds that the
    sender's clock may differ. The same ``webhook-id`` may come more than once: act on the first.

    Raises:
        WebhookRefused: a header is missing, no signature fits, or the time is too far away.
        ConfigurationError: the secret is none.
    """
    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    given = {name.lower(): value for name, value in headers.items()}
    try:
        identity, sent = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"]
    except KeyError as missing:
        raise WebhookRefused(f"the header {missing.args[0]} is missing") from None
    _require_fresh(sent, tolerance)
    signed = f"{identity}.{sent}.".encode() + body
    secrets = [secret] if isinstance(secret, str) else list(secret)
    expected = [hmac.digest(_key(each), signed, hashlib.sha256) for each in secrets]
    # Every pair is compared, each in constant time: how long it takes says nothing about which one fits.
    fits = [hmac.compare_digest(mine, theirs) for theirs in _signatures(signatures) for mine in expected]
    if not any(fits):
        raise WebhookRefused("no signature fits")
    return _message(body)


def _require_fresh(sent: str, tolerance: float) -> None:
    if not (sent.isascii() and sent.isdigit() and len(sent) <= _DIGITS_MAX):
        raise WebhookRefused("webhook-timestamp is no time")
    if abs(time.time() - int(sent)) > tolerance:
        raise WebhookRefused("webhook-timestamp is too far from now")


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ConfigurationError("a webhook secret reads whsec_ and base64")
    return key


def _signatures(header: str) -> list[bytes]:
    """Those of the version that we know; others may stand beside them."""
    found = []
    for each in header.split():
        version, _, text = each.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise WebhookRefused("the message is no JSON object")
    return message
