"""What an operation of the builtin engine is: a function from a canvas to a canvas, with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from retouch.errors import WeightsMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.engines.base import Pixels
    from retouch.engines.builtin.enlarging import Enlarger
    from retouch.engines.builtin.faces import Face
    from retouch.engines.builtin.landmarks import Landmarks
    from retouch.engines.builtin.ocr import TextLine
    from retouch.engines.builtin.styles.reference import Nets

Matte: TypeAlias = "NDArray[np.float32]"  # (H, W) float32, 0..1, 1 = subject

# A picture that is asked for n times must come out n times different even where nothing is drawn by
# chance: picture 0 is the exact answer, the others turn the strength by these factors, in turn.
_VARIATIONS = (1.0, 0.85, 1.15, 0.7, 1.3, 0.78, 1.22, 0.92, 1.08, 0.62)


@dataclass(frozen=True, slots=True)
class Canvas:
    """The picture between two operations: (H, W, 3) uint8 sRGB, and its straight alpha if it has one."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None

    @property
    def pixels(self) -> Pixels:
        """(H, W, 3), or (H, W, 4) where there is alpha."""
        return self.rgb if self.alpha is None else np.dstack([self.rgb, self.alpha])


def no_detector(rgb: NDArray[np.uint8]) -> tuple[Face, ...]:  # noqa: ARG001 - stands in for one
    """Stands where faces cannot be looked for: their net is a download of its own, and not everybody's."""
    raise WeightsMissing("The model faces is not on this machine; run: retouch models pull faces")


def no_landmarks(rgb: NDArray[np.uint8]) -> tuple[Landmarks, ...]:  # noqa: ARG001 - stands in for a net
    """Stands where eyes and lips cannot be told from skin: that net is a download of its own, too."""
    raise WeightsMissing(
        "The model face-landmarks is not on this machine; run: retouch models pull faces face-landmarks"
    )


def no_reader(rgb: NDArray[np.uint8]) -> tuple[TextLine, ...]:  # noqa: ARG001 - stands in for one
    """Stands where no text can be read: its two nets are a download of their own."""
    raise WeightsMissing(
        "The models ocr-det and ocr-rec are not on this machine; run: retouch models pull ocr-det"
    )


def no_enlarger(factor: int) -> Enlarger:
    """Stands where nothing can be enlarged: those nets are a download of their own as well."""
    raise WeightsMissing(
        f"The model span-x{factor} is not on this machine; run: retouch models pull span-x{factor}"
    )


def no_style_nets() -> Nets:
    """Stands where nothing can be painted in the style of another picture: its nets are a download apart."""
    raise WeightsMissing(
        "The models style-predict and style-transform are not on this machine; run: retouch models pull "
        "style-predict style-transform"
    )


@dataclass(slots=True)
class Context:
    """What an operation may use besides its canvas and arguments.

    ``seed`` is this picture's own, ``variation`` its index among the n asked for. ``matte`` gives the
    subject of a picture (computed once per picture and kept). ``progress`` takes 0..1 of this operation
    and raises TaskCancelled when nobody waits any more: call it between heavy steps. ``faces`` finds the
    faces of a picture, ``portraits`` the points of each, ``enlarger`` gives the net for a factor,
    ``texts`` the lines of text in a picture, ``style_nets`` what paints in another's style; all five may
    raise WeightsMissing. A result has at most ``pixels_max`` pixels. ``mask``, (H, W) of the canvas, is
    the request's: 255 = may be edited; None where there is none, or where an earlier operation has moved
    what it was drawn on.
    """

    seed: int
    variation: int
    matte: Callable[[NDArray[np.uint8]], Matte]
    progress: Callable[[float], None]
    preview: Callable[[Canvas], None]
    others: Sequence[Pixels] = ()  # the request's further pictures
    warnings: list[str] = field(default_factory=list)
    faces: Callable[[NDArray[np.uint8]], tuple[Face, ...]] = no_detector
    texts: Callable[[NDArray[np.uint8]], tuple[TextLine, ...]] = no_reader
    portraits: Callable[[NDArray[np.uint8]], tuple[Landmarks, ...]] = no_landmarks
    enlarger: Callable[[int], Enlarger] = no_enlarger
    pixels_max: int = 24_000_000
    style_nets: Callable[[], Nets] = no_style_nets
    mask: NDArray[np.uint8] | None = None

    def rng(self, salt: int = 0) -> np.random.Generator:
        """A generator of this picture's own; ``salt`` separates the operation's independent draws."""
        return np.random.default_rng((self.seed, salt))

    def part(self, start: float, end: float) -> Callable[[float], None]:
        """``progress`` for a step that is the part from ``start`` to ``end`` of this operation."""
        return lambda done: self.progress(start + (end - start) * done)

    def vary(self, strength: float) -> float:
        """``strength`` as it is for picture 0, turned a little for each further one."""
        return strength * _VARIATIONS[self.variation % len(_VARIATIONS)]


class OperationFunction(Protocol):
    """One operation. Raises TaskError for arguments or pictures that it cannot serve."""

    def __call__(self, canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
        """Give the edited canvas; the one given is left as it is."""
