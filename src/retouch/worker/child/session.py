"""One task's conversation with one child. Every step has a deadline; every way it can end is a TaskError."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from retouch.engines.base import EncodedImage
from retouch.errors import ChildCrashed, DeadlineExceeded, OutOfMemory, TaskCancelled, TaskError
from retouch.worker.child.handle import Child, Death
from retouch.worker.child.values import EditSummary, Prepared, error_from
from retouch.worker.child.wire import Message

if TYPE_CHECKING:
    from retouch.engines.planner.plan import Plan
    from retouch.task import EditRequest, OutputFormat

OnProgress = Callable[[float], None]
OnPreview = Callable[[bytes], None]
OnCheckpoint = Callable[[Mapping[str, Any]], Awaitable[None]]

T = TypeVar("T")

_STOP_S: Final = 0.8  # an engine that was told to stop gets this long before its child is killed
_PREVIEW_MAX: Final = 1 << 20


class Session:
    """A child for one task; its decoded pixels stay in the child from step to step.

    Made by :meth:`ChildPool.session`. Steps raise the TaskError that the child reported, ChildCrashed when it
    died, OutOfMemory when it outgrew its memory, DeadlineExceeded when the step took too long.
    """

    def __init__(self, child: Child, *, timeout_s: float) -> None:
        self._child = child
        self._timeout_s = timeout_s
        self._answer_due = False
        self._worn = False
        self._over = False
        self.warnings: tuple[str, ...] = ()  # of the last finish()

    async def prepare(self, blobs: Sequence[bytes], mask: bytes | None = None) -> Prepared:
        """Sniff and decode the pictures, ``blobs[0]`` being the one to edit, and the mask."""
        sent = (*blobs, mask) if mask is not None else tuple(blobs)
        message = Message("prepare", {"mask": mask is not None}, sent)
        return self._read(_prepared, await self._call(message, self._timeout_s))

    async def edit(
        self,
        engine: str,
        request: EditRequest,
        plan: Plan,
        *,
        timeout_s: float,
        on_progress: OnProgress = lambda _percent: None,
        on_preview: OnPreview | None = None,
        on_checkpoint: OnCheckpoint | None = None,
        resume_state: Mapping[str, Any] | None = None,
    ) -> EditSummary:
        """Run a local engine on the prepared pictures. The results stay in the child until :meth:`finish`.

        ``on_preview`` gets small WebP pictures, as many as the request asks for; ``on_progress`` gets
        percents that only grow.
        """
        fields = {
            "engine": engine,
            "request": request.to_json(),
            "plan": plan.to_json(),
            "timeout_s": timeout_s,
            "resume_state": resume_state,
            "previews": request.previews if on_preview is not None else 0,
        }

        async def on_message(message: Message) -> None:
            if message.type == "progress":
                on_progress(self._read(_percent, message))
            elif message.type == "preview" and on_preview:
                on_preview(self._read(_preview, message))
            elif message.type == "checkpoint":
                if on_checkpoint is not None:
                    await on_checkpoint(self._read(_state, message))
                await self._child.send(Message("checkpointed"))

        answer = await self._call(Message("edit", fields), timeout_s, on_message)
        return self._read(_edit_summary, answer)

    async def finish(
        self,
        output_format: OutputFormat,
        output_compression: int | None,
        answers: Sequence[bytes] | None = None,
        *,
        size: tuple[int, int] | None = None,
        opaque: bool = False,
    ) -> list[EncodedImage]:
        """Encode the results of :meth:`edit`, or ``answers``: an upstream's bytes, decoded as untrusted.

        Answers are resized to ``size`` (width, height), else to the input's; outside a mask the pixels of the
        input come back. ``opaque``: what is transparent is laid on white. What there is to say about the
        answers is in ``warnings`` afterwards.
        """
        fields = {"format": output_format, "compression": output_compression, "size": size, "opaque": opaque}
        message = await self._call(Message("finish", fields, tuple(answers or ())), self._timeout_s)
        self.warnings = self._read(_warnings, message)
        return self._read(lambda answer: _pictures(answer, output_format), message)

    async def encoded_inputs(self) -> list[EncodedImage]:
        """The prepared pictures as PNG without metadata, for engines that call an API."""
        message = await self._call(Message("inputs", {"format": "png", "compression": None}), self._timeout_s)
        return self._read(lambda answer: _pictures(answer, "png"), message)

    async def cancel(self) -> None:
        """Tell the engine to stop: the running step raises TaskCancelled, at the latest in a second."""
        await self._child.send(Message("cancel"))
        if self._answer_due:
            asyncio.get_running_loop().call_later(_STOP_S, self._kill_if_due, self._child)

    def kill(self) -> None:
        """End the child now; the step that runs raises ChildCrashed."""
        self._child.kill(ChildCrashed("The process that works on pixels was stopped."))

    async def release(self) -> bool:
        """Make the child ready for the next task: whether it may have one."""
        self._over = True
        if self._worn or not self._child.alive:
            return False
        try:
            async with asyncio.timeout(_STOP_S):
                if self._answer_due:
                    await self._child.send(Message("cancel"))
                    await self._answer(_unheard)
                await self._child.send(Message("clear"))
                await self._answer(_unheard)
        except (TimeoutError, TaskError):
            return False
        return True

    async def _call(
        self,
        message: Message,
        timeout_s: float,
        on_message: Callable[[Message], Awaitable[None]] | None = None,
    ) -> Message:
        if self._answer_due or self._over:
            raise RuntimeError("one step at a time, and none after the session")
        try:
            async with asyncio.timeout(timeout_s) as limit:
                self._answer_due = True
                await self._child.send(message)
                return await self._answer(on_message or _unheard)
        except TimeoutError:
            if not limit.expired():
                raise
            error = DeadlineExceeded(f"The edit took longer than {timeout_s:g} seconds.")
            self._child.kill(error)
            raise error from None

    async def _answer(self, on_message: Callable[[Message], Awaitable[None]]) -> Message:
        while True:
            message = await self._child.inbox.get()
            if isinstance(message, Death):
                self._answer_due = False
                raise message.error
            if message.type == "done":
                self._answer_due = False
                return message
            if message.type == "error":
                self._answer_due = False
                raise self._reported(message)
            await on_message(message)

    def _read(self, parse: Callable[[Message], T], message: Message) -> T:
        """What the child said, if it makes sense; a child that talks nonsense is no longer ours."""
        try:
            return parse(message)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            broken = ChildCrashed("The process that works on pixels stopped making sense.")
            self._child.kill(broken)
            raise broken from error

    def _reported(self, message: Message) -> TaskError:
        error = error_from(message.fields)
        # After MemoryError an address space is in pieces: the next task deserves a fresh one.
        self._worn = isinstance(error, OutOfMemory)
        return error

    def _kill_if_due(self, child: Child) -> None:
        if self._answer_due:
            child.kill(TaskCancelled("the task was cancelled"))


async def _unheard(_message: Message) -> None:
    """Nobody listens to what is said on the way."""


def _percent(message: Message) -> float:
    return min(100.0, max(0.0, float(message.fields["percent"])))


def _preview(message: Message) -> bytes:
    (data,) = message.blobs
    if len(data) > _PREVIEW_MAX:
        raise ValueError("a preview of that size")
    return data


def _state(message: Message) -> Mapping[str, Any]:
    return dict(message.fields["state"])


def _prepared(message: Message) -> Prepared:
    return Prepared.from_json(message.fields)


def _edit_summary(message: Message) -> EditSummary:
    return EditSummary.from_json(message.fields)


def _warnings(message: Message) -> tuple[str, ...]:
    return tuple(map(str, message.fields["warnings"]))


def _pictures(message: Message, output_format: OutputFormat) -> list[EncodedImage]:
    """The content type is the one asked for: what the child would like it to be is not listened to."""
    return [
        EncodedImage(data, f"image/{output_format}", int(width), int(height))
        for data, (width, height) in zip(message.blobs, message.fields["sizes"], strict=True)
    ]
