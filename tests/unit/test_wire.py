"""The framing between parent and child: whole messages or none, every length judged before it is believed."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.errors import EngineFailed, OutOfMemory, TaskError
from retouch.task import Ignored
from retouch.worker.child import wire
from retouch.worker.child.values import ERRORS, EditSummary, ImageInfo, Prepared, error_from
from retouch.worker.child.wire import Message, WireError

MIB = 1 << 20
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.text(max_size=9).filter(lambda k: k not in {"type", "blobs"}), JSON_VALUES)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@given(kind=st.text(max_size=9), fields=FIELDS, blobs=st.lists(st.binary(max_size=300), max_size=5))
def test_what_goes_in_comes_out(kind: str, fields: dict[str, Any], blobs: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        message = Message(kind, fields, tuple(blobs))
        wire.send(ours, message)
        assert wire.receive(theirs, MIB) == message


async def test_a_large_picture_crosses_both_ways(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    ours.setblocking(False)  # noqa: FBT003 - the signature is the library's
    message = Message("finish", {"n": 1}, (bytes(20 * MIB), b"", b"x"))

    def echo() -> None:
        wire.send(theirs, wire.receive(theirs, 32 * MIB))

    thread = threading.Thread(target=echo)
    thread.start()
    _, answer = await asyncio.gather(wire.send_async(ours, message), wire.receive_async(ours, 32 * MIB))
    thread.join()
    assert answer == message


def test_a_peer_that_is_gone(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(wire.head(Message("done", {}, (b"four",))) + b"fo")
    theirs.close()
    with pytest.raises(EOFError):
        wire.receive(ours, MIB)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"{}",
        b'{"type": 1, "blobs": []}',
        b'{"type": "a"}',
        b'{"type": "a", "blobs": 3}',
        b'{"type": "a", "blobs": [-1]}',
        b'{"type": "a", "blobs": [1.5]}',
        b'{"type": "a", "blobs": [true]}',
        b'{"type": "a", "blobs": [1048577]}',
        b'{"type": "a", "blobs": [1048576, 1]}',
        json.dumps({"type": "a", "blobs": [0] * 65}).encode(),
        b'{"a":' * 50_000,
    ],
)
def test_headers_that_are_none(pair: tuple[socket.socket, socket.socket], header: bytes) -> None:
    ours, theirs = pair
    sender = threading.Thread(target=theirs.sendall, args=(struct.pack("!I", len(header)) + header,))
    sender.start()
    with pytest.raises(WireError):
        wire.receive(ours, MIB)
    sender.join()


def test_a_header_too_long_is_not_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(struct.pack("!I", wire.HEADER_MAX + 1))
    with pytest.raises(WireError):
        wire.receive(ours, MIB)


def test_what_is_too_large_is_not_sent() -> None:
    with pytest.raises(WireError):
        wire.head(Message("edit", {"text": "x" * wire.HEADER_MAX}))
    with pytest.raises(WireError):
        wire.head(Message("edit", {}, (b"",) * 65))


@given(st.binary(max_size=200))
def test_noise_is_an_error_or_a_message(noise: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(noise)
        theirs.close()
        with pytest.raises((WireError, EOFError)):
            _receive_all(ours)


def _receive_all(sock: socket.socket) -> None:
    while True:
        wire.receive(sock, MIB)


def test_numbers_of_numpy_cross_as_numbers() -> None:
    head = wire.head(Message("done", {"strength": np.float32(0.5), "n": np.int64(2)}))
    assert json.loads(head[4:])["strength"] == 0.5
    assert json.loads(head[4:])["n"] == 2


def test_answers_cross_as_they_are() -> None:
    prepared = Prepared(4, 3, (ImageInfo(4, 3, "png", alpha=True),), ("careful",))
    assert Prepared.from_json(json.loads(json.dumps(prepared.to_json()))) == prepared
    summary = EditSummary((1, 2), {"n": 2}, (Ignored("steps", "none here"),), ("w",), {"matte": 0.1})
    assert EditSummary.from_json(json.loads(json.dumps(summary.to_json()))) == summary


def test_every_task_error_crosses_as_itself() -> None:
    assert len(ERRORS) == len(TaskError.__subclasses__())
    for code, kind in ERRORS.items():
        error = error_from({"code": code, "message": "why"})
        assert type(error) is kind
        assert error.message == "why"


def test_an_unknown_code_is_the_engines_fault() -> None:
    assert type(error_from({"code": "made-up"})) is EngineFailed
    assert len(error_from({"code": OutOfMemory.code, "message": "x" * 9999}).message) == 2000
