"""Server-sent events, line by line (HTML Living Standard, section 9.2.6)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream."""

    kind: str
    data: str


@dataclass(slots=True)
class Reader:
    """Puts lines together. ``last_id`` is what a new connection gives as ``Last-Event-ID``."""

    last_id: str = ""
    _id: str = ""
    _kind: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, line: str) -> Frame | None:
        """The event that ``line`` ends, if it ends one. Comments and unknown fields are passed over."""
        if not line:
            return self._end()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def restart(self) -> None:
        """Forget an event that was cut off: it comes again."""
        self._id, self._kind, self._data = self.last_id, "", []

    def _end(self) -> Frame | None:
        frame = Frame(self._kind or "message", "\n".join(self._data)) if self._data else None
        self.last_id = self._id  # not sooner: an event that was cut off has not been seen
        self.restart()
        return frame
