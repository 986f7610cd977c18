"""The whole extension API of an engine, on one page.

An engine turns a request, its plan and pictures into edited pictures. Two kinds exist, and they differ
only in where they stand at the trust border (docs/explanation/trust-border.md):

* a :class:`LocalEngine` works on decoded pixels inside the sandboxed child process: no network, no
  credentials, plain blocking code;
* a :class:`RemoteEngine` calls somebody's API from the worker process: it has credentials and a network,
  sees only encoded bytes, and never decodes one.

Register one under the entry point group ``retouch.engines``; ``retouch.testing`` has the conformance suite
that every engine must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retouch.engines.planner.plan import Plan
    from retouch.task import EditRequest, Ignored

# (H, W, 3) or (H, W, 4) uint8, sRGB, alpha straight (not premultiplied).
Pixels: TypeAlias = "NDArray[np.uint8]"

PARAMETERS = frozenset(
    {"seed", "n", "size", "steps", "guidance", "strength", "negative_prompt", "second_image", "background"}
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do: static, and readable without importing any of the engine's libraries."""

    where: Literal["cpu", "gpu", "remote"]
    max_images: int  # pictures looked at; the others end in ``ignored``
    max_n: int  # pictures made in one call
    mask: Literal["native", "composite", "none"]
    supports: frozenset[str]  # of PARAMETERS
    needs_plan: bool  # True: only instructions that the planner understood can be carried out
    progress: bool
    cancel: bool
    licence: str  # SPDX expression of code and weights together
    commercial_use: bool
    weights: tuple[str, ...] = ()  # rows of weights/manifest.toml that must be on the machine

    def __post_init__(self) -> None:
        """Refuse a misspelt parameter: it would silently count as unsupported."""
        if unknown := self.supports - PARAMETERS:
            msg = f"unknown parameters in supports: {sorted(unknown)}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A picture as bytes. ``width`` and ``height`` are 0 where nobody has looked yet."""

    data: bytes
    content_type: str
    width: int = 0
    height: int = 0


ImageT = TypeVar("ImageT")


@dataclass(frozen=True, slots=True)
class Edited(Generic[ImageT]):
    """One edited picture and the seed that makes it again."""

    image: ImageT
    seed: int


@dataclass(frozen=True, slots=True)
class EditResult(Generic[ImageT]):
    """What an engine gives back. Every parameter it was given is in ``applied`` or in ``ignored``."""

    pictures: tuple[Edited[ImageT], ...]
    applied: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    warnings: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)  # seconds by name
    seamless: bool = False  # what was edited joins what the mask protects: no feather is laid over it


class Run(Protocol):
    """The engine's line to the task it works for, while it works."""

    @property
    def cancelled(self) -> bool:
        """True once nobody wants the result. Look at least every 500 ms and raise TaskCancelled."""

    @property
    def deadline(self) -> float:
        """``time.monotonic()`` value after which the attempt is stopped from outside."""

    @property
    def resume_state(self) -> Mapping[str, Any] | None:
        """What an earlier attempt of the same task handed to :meth:`checkpoint`."""

    @property
    def mask(self) -> NDArray[np.uint8] | None:
        """(H, W) of ``images[0]``, 255 = may be edited. What lies outside is put back afterwards anyway."""

    def progress(self, percent: float) -> None:
        """Say how much is done, 0..100. A value below an earlier one is dropped. Never blocks."""

    def preview(self, image: Pixels) -> None:
        """Show an intermediate picture. May be dropped; never blocks for long."""

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Commit ``state`` (JSON, at most 64 KiB). Returns when a takeover would see it."""


def _unheard(line: str) -> None:
    """Where nobody listens, as in a test."""


@dataclass(frozen=True, slots=True)
class EngineEnvironment:
    """What a local engine is made with: its class is called with this as the only argument.

    ``weights`` gives the file of a row of weights/manifest.toml and raises WeightsMissing where it is not
    on this machine; ``cache_dir`` may keep compiled nets (None: keep none). No picture that comes in has
    more than ``max_pixels`` pixels, and none that goes out may. ``scenes_dir`` is the owner's folder of
    backgrounds, if there is one. ``report`` takes a line about what is left out while warming: it goes to
    the log and into ``retouch doctor``.
    """

    weights: Callable[[str], Path]
    threads: int
    cache_dir: Path | None = None
    max_pixels: int = 24_000_000
    scenes_dir: Path | None = None
    report: Callable[[str], None] = _unheard


class LocalEngine(Protocol):
    """An engine that works on pixels, in the child. ``name`` and ``capabilities`` are class attributes."""

    name: str
    capabilities: Capabilities

    def warm(self) -> None:
        """Import, load and compile all that ``edit`` needs: afterwards no file can be opened."""

    def edit(
        self, request: EditRequest, plan: Plan, images: Sequence[Pixels], run: Run
    ) -> EditResult[Pixels]:
        """Edit ``images[0]`` into ``request.n`` pictures; picture i has seed ``request.seed + i``.

        Gives pictures of the size of ``images[0]`` unless the request asks otherwise. Same request, same
        pixels. Raises a TaskError; anything else counts as a bug and fails the task as ``engine_failed``.
        """


class RemoteRun(Protocol):
    """:class:`Run` for an engine that awaits: a checkpoint is committed when its await returns."""

    @property
    def deadline(self) -> float:
        """As in :class:`Run`. Cancel arrives as ``asyncio.CancelledError``."""

    @property
    def resume_state(self) -> Mapping[str, Any] | None:
        """As in :class:`Run`."""

    def progress(self, percent: float) -> None:
        """As in :class:`Run`."""

    async def preview(self, image: EncodedImage) -> None:
        """As in :class:`Run`; the child decodes the bytes before anybody sees them."""

    async def checkpoint(self, state: Mapping[str, Any]) -> None:
        """As in :class:`Run`. Commit an upstream's job id before polling it: nobody pays twice."""


class RemoteEngine(Protocol):
    """An engine that calls an API, in the worker."""

    name: str
    capabilities: Capabilities

    async def edit(
        self, request: EditRequest, plan: Plan, images: Sequence[EncodedImage], run: RemoteRun
    ) -> EditResult[EncodedImage]:
        """As :meth:`LocalEngine.edit`, bytes in and bytes out. The answer is decoded as untrusted."""


Engine: TypeAlias = "LocalEngine | RemoteEngine"
