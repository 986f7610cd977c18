"""What the child does for one task: decode, edit, encode. Pixels stay here between the steps."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retouch.engines.base import EditResult
from retouch.engines.planner.plan import Plan
from retouch.errors import EngineFailed, OutOfMemory, TaskError
from retouch.images.composite import keep_outside
from retouch.images.decode import FLATTENED, Decoded, decode, decode_mask, flatten
from retouch.images.encode import encode, resize
from retouch.task import EditRequest
from retouch.worker.child.run import ChildRun, Line
from retouch.worker.child.values import EditSummary, ImageInfo, Prepared
from retouch.worker.child.wire import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.base import LocalEngine, Pixels
    from retouch.engines.gate import ContentGate

_CV_NO_MEMORY: Final = -4  # cv::Error::StsNoMem
_MASK_LOST: Final = "The mask was not applied: the edit changed the size of the picture."
_RGBA: Final = 4  # channels
_FRAMES: Final = 6


@dataclass(slots=True)
class Desk:
    """The pixels of one session."""

    images: list[Decoded] = field(default_factory=list)
    mask: NDArray[np.uint8] | None = None
    results: list[Pixels] = field(default_factory=list)
    seamless: bool = False  # of the results: see EditResult


class Worker:
    """Answers messages, one at a time, until the process ends.

    ``engines`` holds for each name the warm engine, or the TaskError that kept it from warming. ``gate``
    judges every picture that comes in or goes out; where it could not be made it is that error, and no
    picture passes. None: the owner wants no gate.
    """

    def __init__(
        self,
        line: Line,
        engines: Mapping[str, LocalEngine | TaskError],
        max_pixels: int,
        gate: ContentGate | TaskError | None = None,
    ) -> None:
        self._line = line
        self._engines = engines
        self._max_pixels = max_pixels
        self._gate = gate
        self._desk = Desk()
        self._steps: Mapping[str, Callable[[Message], Message]] = {
            "prepare": self._prepare,
            "edit": self._edit,
            "finish": self._finish,
            "inputs": self._inputs,
            "clear": self._clear,
        }

    def serve(self) -> None:
        """Work until the parent ends the process."""
        while True:
            self._line.send(self._answer(self._line.next_job()))

    def _answer(self, message: Message) -> Message:
        try:
            return self._steps[message.type](message)
        except TaskError as error:
            return _failure(error)
        except MemoryError:
            return _failure(OutOfMemory("The picture needs more memory than a task may use."))
        except Exception as error:  # noqa: BLE001 - somebody else's engine; the child outlives its bugs
            if getattr(error, "code", None) == _CV_NO_MEMORY:
                return _failure(OutOfMemory("The picture needs more memory than a task may use."))
            report(error)
            return _failure(EngineFailed("The engine failed on this picture."))

    def _prepare(self, message: Message) -> Message:
        *blobs, last = message.blobs
        has_mask = bool(message.fields["mask"])
        pictures = blobs if has_mask else [*blobs, last]
        images = [decode(blob, self._max_pixels) for blob in pictures]
        self._judge(image.pixels for image in images)
        height, width = images[0].pixels.shape[:2]
        warnings = dict.fromkeys(warning for image in images for warning in image.warnings)
        mask = decode_mask(last, self._max_pixels, (width, height)) if has_mask else None
        if mask is not None:
            warnings |= dict.fromkeys(mask.warnings)
        self._desk = Desk(images, mask.pixels if mask else None)
        prepared = Prepared(width, height, tuple(map(_info, images)), tuple(warnings))
        return Message("done", prepared.to_json())

    def _edit(self, message: Message) -> Message:
        fields = message.fields
        run = ChildRun(
            self._line,
            deadline=time.monotonic() + fields["timeout_s"],
            resume_state=fields["resume_state"],
            mask=self._desk.mask,
            previews=0 if self._gate else fields["previews"],  # a preview would go out unjudged
        )
        images = [_guarded(image.pixels) for image in self._desk.images]
        request, plan = EditRequest.from_json(fields["request"]), Plan.from_json(fields["plan"])
        result = self._engine(fields["engine"]).edit(request, plan, images, run)
        self._desk.results = [self._checked(each.image) for each in result.pictures]
        self._desk.seamless = result.seamless
        return Message("done", _summary(result).to_json())

    def _finish(self, message: Message) -> Message:
        answers = [decode(blob, self._max_pixels) for blob in message.blobs]
        warnings = dict.fromkeys(warning for answer in answers for warning in answer.warnings)
        size = message.fields["size"]
        results = [self._fitted(answer.pixels, size) for answer in answers] or self._desk.results
        finished = [self._masked(pixels) for pixels in results]
        self._judge(finished)
        if any(self._outgrew_mask(pixels) for pixels in results):
            warnings[_MASK_LOST] = None
        flat = message.fields["opaque"] or message.fields["format"] == "jpeg"
        if flat and any(pixels.shape[2] == _RGBA for pixels in finished):
            finished = [flatten(pixels) for pixels in finished]
            warnings[FLATTENED] = None
        return self._encoded(message, finished, tuple(warnings))

    def _inputs(self, message: Message) -> Message:
        return self._encoded(message, [image.pixels for image in self._desk.images], ())

    def _clear(self, _message: Message) -> Message:
        self._desk = Desk()
        return Message("done")

    def _encoded(self, message: Message, pictures: Sequence[Pixels], warnings: tuple[str, ...]) -> Message:
        output_format, compression = message.fields["format"], message.fields["compression"]
        blobs = tuple(encode(pixels, output_format, compression) for pixels in pictures)
        sizes = [[pixels.shape[1], pixels.shape[0]] for pixels in pictures]
        return Message("done", {"sizes": sizes, "warnings": warnings}, blobs)

    def _judge(self, pictures: Iterable[Pixels]) -> None:
        """Raise ContentRefused for a picture that the owner's gate does not let through."""
        if isinstance(self._gate, TaskError):
            raise self._gate
        if self._gate is not None:
            for pixels in pictures:
                self._gate.judge(pixels)

    def _engine(self, name: str) -> LocalEngine:
        engine = self._engines.get(name)
        if engine is None:
            raise EngineFailed(f"The engine {name!r} is not loaded here.")
        if isinstance(engine, TaskError):
            raise engine
        return engine

    def _fitted(self, pixels: Pixels, size: Sequence[int] | None) -> Pixels:
        """At ``size`` (width, height), else at that of the picture that was edited."""
        if size is None:
            height, width = self._desk.images[0].pixels.shape[:2]
            size = (width, height)
        return resize(pixels, *size)

    def _masked(self, pixels: Pixels) -> Pixels:
        """Outside the mask the input comes back untouched, whatever the engine made of it."""
        mask = self._desk.mask
        if mask is None or self._outgrew_mask(pixels):
            return pixels
        before = self._desk.images[0].pixels
        return keep_outside(before, pixels, mask, feather=not self._desk.seamless)

    def _outgrew_mask(self, pixels: Pixels) -> bool:
        return self._desk.mask is not None and pixels.shape[:2] != self._desk.mask.shape

    def _checked(self, pixels: Pixels) -> Pixels:
        is_picture = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] in (3, 4)  # noqa: PLR2004 - (H, W, C)
        if not is_picture:
            raise EngineFailed("The engine gave something that is not a picture.")
        return pixels


def report(error: BaseException) -> None:
    """Where it went wrong, for the log. Not the message: it may quote the task's content."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen")]
    trail = " < ".join(f"{Path(f.filename).stem}.{f.name}:{f.lineno}" for f in reversed(frames[-_FRAMES:]))
    is_late = isinstance(error, PermissionError | ImportError)
    hint = " (opened too late: Engine.warm must load it)" if is_late else ""
    sys.stderr.write(f"{type(error).__name__}{hint} in {trail}\n")
    sys.stderr.flush()


def _info(image: Decoded) -> ImageInfo:
    height, width, channels = image.pixels.shape
    return ImageInfo(width, height, image.format, alpha=channels == 4)  # noqa: PLR2004 - RGBA


def _guarded(pixels: Pixels) -> Pixels:
    """A view that an engine cannot write through: ``finish`` needs the input as it was."""
    view = pixels.view()
    view.flags.writeable = False
    return view


def _summary(result: EditResult[Any]) -> EditSummary:
    return EditSummary(
        seeds=tuple(each.seed for each in result.pictures),
        applied=dict(result.applied),
        ignored=result.ignored,
        warnings=result.warnings,
        timings=dict(result.timings),
    )


def _failure(error: TaskError) -> Message:
    return Message("error", {"code": error.code, "message": error.message})
