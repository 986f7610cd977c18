"""The child's side of one conversation: messages in on a thread of their own, and the engine's line out."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from retouch.errors import EngineFailed, TaskCancelled
from retouch.worker.child import wire
from retouch.worker.child.wire import Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retouch.engines.base import Pixels

_PROGRESS_EVERY_S: Final = 0.1
_PREVIEW_SIDE: Final = 512
_CHECKPOINT_MAX: Final = 64 << 10


class Line:
    """The connection. A reader thread keeps ``cancelled`` current while an engine works.

    When the parent is gone, or says what cannot be understood, the process ends at once: nobody is left
    to take a result.
    """

    def __init__(self, sock: socket.socket, bytes_max: int) -> None:
        self._sock = sock
        self._bytes_max = bytes_max
        self._jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._acknowledged = threading.Event()
        self._speaking = threading.Lock()  # engines may report from threads of their own
        self.cancelled = threading.Event()

    def listen(self) -> None:
        """Start reading. After the sandbox is closed, so that the thread is inside."""
        threading.Thread(target=self._read, name="line", daemon=True).start()

    def next_job(self) -> Message:
        """The next message that asks for work."""
        return self._jobs.get()

    def send(self, message: Message) -> None:
        """Say something; a parent that is gone ends the process."""
        try:
            with self._speaking:
                wire.send(self._sock, message)
        except OSError:
            os._exit(0)

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Send ``state`` and wait until the parent has committed it."""
        self._acknowledged.clear()
        self.send(Message("checkpoint", {"state": dict(state)}))
        while not self._acknowledged.wait(0.5):
            if self.cancelled.is_set():
                raise TaskCancelled("the task was cancelled")

    def _read(self) -> None:
        try:
            while True:
                self._take(wire.receive(self._sock, self._bytes_max))
        except (EOFError, OSError, wire.WireError):
            os._exit(0)

    def _take(self, message: Message) -> None:
        if message.type == "cancel":
            self.cancelled.set()
        elif message.type == "checkpointed":
            self._acknowledged.set()
        else:
            self.cancelled.clear()
            self._jobs.put(message)


class ChildRun:
    """:class:`retouch.engines.base.Run`, spoken over the line."""

    def __init__(
        self,
        line: Line,
        *,
        deadline: float,
        resume_state: Mapping[str, Any] | None,
        mask: NDArray[np.uint8] | None,
        previews: int,
    ) -> None:
        self._line = line
        self._previews = previews
        self._percent = 0.0
        self._said_at = float("-inf")
        self.deadline = deadline
        self.resume_state = resume_state
        self.mask = mask

    @property
    def cancelled(self) -> bool:
        """See Run."""
        return self._line.cancelled.is_set()

    def progress(self, percent: float) -> None:
        """See Run. At most ten a second are sent; the last one always is."""
        percent = min(100.0, float(percent))
        now = time.monotonic()
        if percent <= self._percent or (now - self._said_at < _PROGRESS_EVERY_S and percent < 100):  # noqa: PLR2004 - percent
            return
        self._percent, self._said_at = percent, now
        self._line.send(Message("progress", {"percent": percent}))

    def preview(self, image: Pixels) -> None:
        """See Run. As many as the request asks for, as small WebP."""
        if self._previews == 0:
            return
        from retouch.images.encode import encode, thumbnail  # noqa: PLC0415 - loaded long ago, before the sandbox

        self._previews -= 1
        self._line.send(Message("preview", blobs=(encode(thumbnail(image, _PREVIEW_SIDE), "webp", 75),)))

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """See Run."""
        if len(repr(state)) > _CHECKPOINT_MAX:
            raise EngineFailed("the engine's checkpoint is larger than 64 KiB")
        self._line.checkpoint(state)
