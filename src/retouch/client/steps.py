"""What a conversation with the server is made of. Pure: flows yield steps, a wire carries them out.

A flow (flows.py) is written once; the two clients differ only in who carries its steps out. Ask and Open
are answered with a Reply, Listen with a line (None at the end of the stream), the others with None. A lost
connection is raised inside the flow.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from retouch.client.values import Event

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``target`` is a path of the API, or, where ``keyed`` is False, a whole URL.

    Only calls to the API carry the key, and they follow no redirect.
    """

    method: str
    target: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    file: File | None = None
    keyed: bool = True
    patience_s: float = 30.0  # longest silence of the server


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``headers`` have lower-case names. ``content`` is empty where a stream was opened."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The header, or None."""
        return self.headers.get(name)


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a request and read the whole answer."""

    call: Call


@dataclass(frozen=True, slots=True)
class Open:
    """Send a request and keep its stream open; a stream that was open before is closed."""

    call: Call


@dataclass(frozen=True, slots=True)
class Listen:
    """The next line of the open stream."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tell:
    """Pass an event on to whoever waits."""

    event: Event


Step: TypeAlias = Ask | Open | Listen | Pause | Tell
Answer: TypeAlias = Reply | str | None
Flow: TypeAlias = Generator[Step, Any, T]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment after which nobody waits any more."""

    seconds: float
    until: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """``seconds`` from now."""
        return cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds, 0 when it has passed."""
        return max(0.0, self.until - time.monotonic())
