"""Signatures of webhooks, as the Standard Webhooks specification 1.0 has them. Pure.

What is signed is ``<webhook-id>.<webhook-timestamp>.<body>`` with HMAC-SHA-256. ``webhook-signature`` holds
``v1,<base64>`` once per secret, apart by a space: during a rotation a receiver finds one that it knows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
TOLERANCE_S: Final = 300  # between a message's time and the receiver's clock

_PREFIX: Final = "whsec_"
_VERSION: Final = "v1,"
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


class SignatureInvalid(Exception):
    """A message that is not what its sender sent, or not from whom it says, or too old, or too new."""


def write_secret(secret: bytes) -> str:
    """The secret as owners see it: ``whsec_`` and base64."""
    return _PREFIX + base64.b64encode(secret).decode("ascii")


def read_secret(text: str) -> bytes:
    """Inverse of :func:`write_secret`; ValueError for anything else."""
    if not text.startswith(_PREFIX):
        raise ValueError(f"a secret begins with {_PREFIX}")
    try:
        return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is base64") from error


def headers(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; ``timestamp`` in Unix seconds, of this attempt."""
    signatures = (_VERSION + _signature(secret, message_id, str(timestamp), body) for secret in secrets)
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: " ".join(signatures)}


def verify(secret: bytes, given: Mapping[str, str], body: bytes, now: float) -> None:
    """Let a message pass that ``secret`` signed; ``given`` has lower-case names, ``now`` is Unix seconds.

    Raises:
        SignatureInvalid: anything else.
    """
    message_id, timestamp = given.get(ID, ""), given.get(TIMESTAMP, "")
    if not _SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > TOLERANCE_S:
        raise SignatureInvalid("the message is not of this time")
    good = (_VERSION + _signature(secret, message_id, timestamp, body)).encode()
    candidates = [each.encode() for each in given.get(SIGNATURE, "").split(" ")]
    if not any(hmac.compare_digest(good, candidate) for candidate in candidates):
        raise SignatureInvalid("no signature of this message is right")


def _signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode("ascii")
