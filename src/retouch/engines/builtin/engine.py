"""The builtin engine: carries a Plan out on pixels, on a CPU, offline.

This module is imported wherever capabilities are read, so it loads no library of pixels itself: the
operations come in with :meth:`BuiltinEngine.warm`, in the child.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from retouch.engines.base import Capabilities, Edited, EditResult, EngineEnvironment
from retouch.engines.routing import unhonoured
from retouch.errors import DeadlineExceeded, InstructionNotSupported, TaskCancelled, WeightsMissing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retouch.engines.base import Pixels, Run
    from retouch.engines.builtin.enlarging import Enlarger
    from retouch.engines.builtin.faces import Face, FaceDetector
    from retouch.engines.builtin.landmarks import LandmarkNet, Landmarks
    from retouch.engines.builtin.matting import U2NetMatting
    from retouch.engines.builtin.ocr import TextLine, TextReader
    from retouch.engines.builtin.operation import Canvas, Context, Matte, OperationFunction
    from retouch.engines.builtin.span import SpanNet
    from retouch.engines.builtin.styles.reference import Nets
    from retouch.engines.builtin.stylizing import StyleNets
    from retouch.engines.planner.plan import Plan
    from retouch.task import EditRequest

Seen = TypeVar("Seen")

_MOVING = frozenset({"geometry"})  # afterwards the mask lies over something else, even at the same size
_SEAMLESS = frozenset({"remove"})  # what they change joins what is about it


class BuiltinEngine:
    """Understands what the planner understands; the same request gives the same pixels."""

    name = "builtin"
    capabilities = Capabilities(
        where="cpu",
        max_images=10,
        max_n=10,
        mask="composite",
        supports=frozenset({"seed", "n", "second_image"}),
        needs_plan=True,
        progress=True,
        cancel=True,
        licence="Apache-2.0",
        commercial_use=True,
        weights=("u2net",),
    )

    def __init__(self, environment: EngineEnvironment) -> None:
        self._environment = environment
        self._operations: Mapping[str, OperationFunction] = {}
        self._matting: U2NetMatting | None = None
        self._detector: FaceDetector | None = None
        self._landmarks: LandmarkNet | None = None
        self._reader: TextReader | None = None
        self._enlargers: dict[int, SpanNet] = {}
        self._style_nets: StyleNets | None = None

    def warm(self) -> None:
        """Import the operations and compile the nets; both need files. Only the matte's must be there."""
        from retouch.engines.builtin.faces import FaceDetector  # noqa: PLC0415 - only in the child
        from retouch.engines.builtin.installed import install  # noqa: PLC0415 - the same
        from retouch.engines.builtin.landmarks import LandmarkNet  # noqa: PLC0415 - the same
        from retouch.engines.builtin.lettering.fonts import load as load_fonts  # noqa: PLC0415 - the same
        from retouch.engines.builtin.matting import U2NetMatting  # noqa: PLC0415 - the same
        from retouch.engines.builtin.ocr import TextReader  # noqa: PLC0415 - the same
        from retouch.engines.builtin.operations import OPERATIONS  # noqa: PLC0415 - the same
        from retouch.engines.builtin.stylizing import StyleNets  # noqa: PLC0415 - the same

        install(self._environment.scenes_dir, self._environment.report)
        self._operations = OPERATIONS
        load_fonts()
        place = self._environment.cache_dir, self._environment.threads
        weights = self._environment.weights
        self._matting = U2NetMatting(weights("u2net"), *place)
        with suppress(WeightsMissing):  # said again, to whoever asks for faces
            self._detector = FaceDetector(weights("faces"), *place)
            self._landmarks = LandmarkNet(weights("face-landmarks"), *place)
        with suppress(WeightsMissing):  # the same
            self._style_nets = StyleNets(weights("style-predict"), weights("style-transform"), *place)
        with suppress(WeightsMissing):  # the same
            self._reader = TextReader(weights("ocr-det"), weights("ocr-rec"), *place)
        self._warm_enlargers()

    def _warm_enlargers(self) -> None:
        from retouch.engines.builtin.span import SpanNet  # noqa: PLC0415 - only in the child

        for factor in (2, 4):
            with suppress(WeightsMissing):  # said again, to whoever asks for it
                model = self._environment.weights(f"span-x{factor}")
                self._enlargers[factor] = SpanNet(model, factor, self._environment.threads)

    def edit(
        self, request: EditRequest, plan: Plan, images: Sequence[Pixels], run: Run
    ) -> EditResult[Pixels]:
        """See :class:`retouch.engines.base.LocalEngine`."""
        started = time.perf_counter()
        faces = _remembered(self._faces)
        portraits = _remembered(lambda rgb: self._portraits(rgb, faces(rgb)))
        seen = _remembered(self._matte), faces, portraits
        own = _remembered(self._texts), self._enlarger, self._environment.max_pixels
        work = _Work(request, plan, images, run, *seen, *own, self._styling, list(plan.warnings))
        pictures = tuple(
            Edited(self._picture(work, index).pixels, request.seed + index) for index in range(request.n)
        )
        return EditResult(
            pictures=pictures,
            applied={"n": request.n, "seed": request.seed},
            ignored=unhonoured(request, self.capabilities, plan),
            warnings=tuple(dict.fromkeys(work.warnings)),
            timings={"builtin": time.perf_counter() - started},
            seamless=all(operation.kind in _SEAMLESS for operation in plan.operations),
        )

    def _picture(self, work: _Work, index: int) -> Canvas:
        canvas = _canvas(work.images[0])
        for position, operation in enumerate(work.plan.operations):
            apply = self._operation(operation.kind)
            canvas = apply(canvas, operation.arguments, work.context(index, position, canvas))
            work.show(canvas)
        work.report(index + 1, 0)
        return canvas

    def _operation(self, kind: str) -> OperationFunction:
        try:
            return self._operations[kind]
        except KeyError:
            raise InstructionNotSupported(f"The operation {kind!r} is not one of this engine's.") from None

    def _matte(self, rgb: NDArray[np.uint8]) -> Matte:
        if self._matting is None:
            raise RuntimeError("edit() before warm()")
        return self._matting.matte(rgb)

    def _faces(self, rgb: NDArray[np.uint8]) -> tuple[Face, ...]:
        from retouch.engines.builtin.operation import no_detector  # noqa: PLC0415 - needs numpy

        return no_detector(rgb) if self._detector is None else self._detector.detect(rgb)

    def _portraits(self, rgb: NDArray[np.uint8], faces: tuple[Face, ...]) -> tuple[Landmarks, ...]:
        from retouch.engines.builtin.operation import no_landmarks  # noqa: PLC0415 - needs numpy

        if self._landmarks is None:
            return no_landmarks(rgb)
        fitted = (self._landmarks.fit(rgb, face) for face in faces)
        return tuple(each for each in fitted if each is not None)

    def _texts(self, rgb: NDArray[np.uint8]) -> tuple[TextLine, ...]:
        from retouch.engines.builtin.operation import no_reader  # noqa: PLC0415 - needs numpy

        return no_reader(rgb) if self._reader is None else self._reader.read(rgb)

    def _enlarger(self, factor: int) -> Enlarger:
        from retouch.engines.builtin.operation import no_enlarger  # noqa: PLC0415 - needs numpy

        return self._enlargers.get(factor) or no_enlarger(factor)

    def _styling(self) -> Nets:
        from retouch.engines.builtin.operation import no_style_nets  # noqa: PLC0415 - needs numpy

        return no_style_nets() if self._style_nets is None else self._style_nets


@dataclass(frozen=True, slots=True)
class _Work:
    """One call of edit(): what all its pictures share."""

    request: EditRequest
    plan: Plan
    images: Sequence[Pixels]
    run: Run
    matte: Callable[[NDArray[np.uint8]], Matte]
    faces: Callable[[NDArray[np.uint8]], tuple[Face, ...]]
    portraits: Callable[[NDArray[np.uint8]], tuple[Landmarks, ...]]
    texts: Callable[[NDArray[np.uint8]], tuple[TextLine, ...]]
    enlarger: Callable[[int], Enlarger]
    pixels_max: int
    style_nets: Callable[[], Nets]
    warnings: list[str]

    def context(self, index: int, position: int, canvas: Canvas) -> Context:
        """What operation ``position`` of picture ``index`` may use, ``canvas`` being what it begins with."""
        from retouch.engines.builtin.operation import Context  # noqa: PLC0415 - needs numpy

        share = 1 / len(self.plan.operations)
        return Context(
            seed=self.request.seed + index,
            variation=index,
            matte=self.matte,
            progress=lambda part: self.report(index, (position + part) * share),
            preview=self.show,
            others=self.images[1:],
            warnings=self.warnings,
            faces=self.faces,
            portraits=self.portraits,
            texts=self.texts,
            enlarger=self.enlarger,
            pixels_max=self.pixels_max,
            style_nets=self.style_nets,
            mask=self._mask(position, canvas),
        )

    def _mask(self, position: int, canvas: Canvas) -> NDArray[np.uint8] | None:
        mask = self.run.mask
        moved = any(operation.kind in _MOVING for operation in self.plan.operations[:position])
        return None if mask is None or moved or mask.shape != canvas.rgb.shape[:2] else mask

    def show(self, canvas: Canvas) -> None:
        """Show an intermediate picture, where any is asked for: putting one together takes time."""
        if self.request.previews:
            self.run.preview(canvas.pixels)

    def report(self, index: int, part: float) -> None:
        """Say how far we are; stop when nobody waits any more."""
        if self.run.cancelled:
            raise TaskCancelled("the task was cancelled")
        if time.monotonic() > self.run.deadline:
            raise DeadlineExceeded("the edit took longer than its deadline")
        self.run.progress(100 * (index + part) / self.request.n)


def _canvas(image: Pixels) -> Canvas:
    from retouch.engines.builtin.operation import Canvas  # noqa: PLC0415 - needs numpy

    has_alpha = image.shape[2] == 4
    return Canvas(image[..., :3].copy(), image[..., 3].copy() if has_alpha else None)


def _remembered(look: Callable[[Any], Seen]) -> Callable[[Any], Seen]:
    """One look at each distinct picture: n results of one photo need it once."""
    kept: dict[bytes, Seen] = {}

    def give(rgb: Any) -> Seen:
        key = hashlib.blake2b(rgb.tobytes(), digest_size=16).digest()
        if key not in kept:
            kept[key] = look(rgb)
        return kept[key]

    return give
