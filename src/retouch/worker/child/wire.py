"""How parent and child talk: a JSON header and raw blobs, each length-prefixed and bounded, no pickle.

    +----------------+---------------------------+--------+--------+---
    | u32 big-endian | header, JSON (UTF-8)      | blob 0 | blob 1 | ...
    | header length  | {"type", "blobs":[n,...]} |        |        |
    +----------------+---------------------------+--------+--------+---

Both sides judge every length before they allocate for it: each is the other's untrusted peer.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_PREFIX: Final = struct.Struct("!I")
HEADER_MAX: Final = 1 << 20
BLOBS_MAX: Final = 64


class WireError(Exception):
    """The peer broke the framing or a bound; nothing it says afterwards can be trusted."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``fields`` are JSON values, ``blobs`` bytes that are never looked into here."""

    type: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    blobs: tuple[bytes, ...] = ()


def head(message: Message) -> bytes:
    """Prefix and header of ``message``; its blobs follow on the wire."""
    sizes = [len(blob) for blob in message.blobs]
    header = json.dumps({**message.fields, "type": message.type, "blobs": sizes}, default=_plain).encode()
    if len(header) > HEADER_MAX or len(sizes) > BLOBS_MAX:
        raise WireError(f"the message {message.type!r} is too large to be sent")
    return _PREFIX.pack(len(header)) + header


def _plain(value: Any) -> Any:
    """numpy's numbers, and mappings that are no dict: engines put them into what they report."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.item() if hasattr(value, "item") else str(value)


def parse_head(header: bytes, bytes_max: int) -> tuple[str, dict[str, Any], list[int]]:
    """Type, fields and blob sizes of a header.

    Raises:
        WireError: not such a header, or blobs of more than ``bytes_max`` bytes together.
    """
    try:
        fields = json.loads(header)
        kind, sizes = fields.pop("type"), fields.pop("blobs")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise WireError("not a header") from error
    if not isinstance(kind, str) or not isinstance(sizes, list) or len(sizes) > BLOBS_MAX:
        raise WireError("not a header")
    if any(type(size) is not int or size < 0 for size in sizes) or sum(sizes) > bytes_max:
        raise WireError(f"blobs out of bounds in {kind[:32]!r}")
    return kind, fields, sizes


def _header_length(prefix: bytes) -> int:
    (length,) = _PREFIX.unpack(prefix)
    if length > HEADER_MAX:
        raise WireError(f"a header of {length} bytes")
    return int(length)


# --- blocking, for the child -----------------------------------------------------------------------


def send(sock: socket.socket, message: Message) -> None:
    """Send all of ``message``; blocks while the peer is slow."""
    sock.sendall(head(message))
    for blob in message.blobs:
        sock.sendall(blob)


def receive(sock: socket.socket, bytes_max: int) -> Message:
    """The next message.

    Raises:
        EOFError: the peer is gone.
        WireError: the peer broke the rules.
    """
    header = _exactly(sock, _header_length(_exactly(sock, _PREFIX.size)))
    kind, fields, sizes = parse_head(header, bytes_max)
    return Message(kind, fields, tuple(_exactly(sock, size) for size in sizes))


def _exactly(sock: socket.socket, size: int) -> bytes:
    buffer = bytearray(size)
    rest = memoryview(buffer)
    while rest:
        count = sock.recv_into(rest)
        if count == 0:
            raise EOFError
        rest = rest[count:]
    return bytes(buffer)


# --- asyncio, for the parent -----------------------------------------------------------------------


async def send_async(sock: socket.socket, message: Message) -> None:
    """As :func:`send`, on a non-blocking socket. A cancelled call leaves the stream unusable."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, head(message))
    for blob in message.blobs:
        await loop.sock_sendall(sock, blob)


async def receive_async(sock: socket.socket, bytes_max: int) -> Message:
    """As :func:`receive`, on a non-blocking socket. A cancelled call leaves the stream unusable."""
    header = await _exactly_async(sock, _header_length(await _exactly_async(sock, _PREFIX.size)))
    kind, fields, sizes = parse_head(header, bytes_max)
    blobs = [await _exactly_async(sock, size) for size in sizes]
    return Message(kind, fields, tuple(blobs))


async def _exactly_async(sock: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    buffer = bytearray(size)
    rest = memoryview(buffer)
    while rest:
        count = await loop.sock_recv_into(sock, rest)
        if count == 0:
            raise EOFError
        rest = rest[count:]
    return bytes(buffer)
