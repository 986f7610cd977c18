"""Keeps children ready: one per slot, replaced when one dies, wears out or is killed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from retouch.errors import ChildCrashed, SetupError
from retouch.telemetry import logger
from retouch.weights.gate import gate_model, require_gate
from retouch.worker.child.handle import Child, Death
from retouch.worker.child.session import Session
from retouch.worker.child.values import ChildSetup

if TYPE_CHECKING:
    from retouch.settings import Settings

_LOG = logger(__name__)
_START_S: Final = 120
_RETRY_S: Final = 5
_BYTES_MAX: Final = 1 << 30  # of one message: all inputs one way, all results the other


class ChildPool:
    """``settings.worker_slots`` sandboxed children, each for one task at a time.

    ``engines`` are the local engines that every child warms, by name or as ``module:attribute``.
    ``layers`` says after :meth:`start` which layers of the sandbox hold on this machine, ``left_out`` what
    the engines could not take in (an extension that does not load, a broken picture of the owner's), and
    ``gate_fault`` why the newest child has no content gate though it should.
    """

    def __init__(self, settings: Settings, *, engines: Sequence[str] = ("builtin",)) -> None:
        self.layers: Mapping[str, bool] = {}
        self.left_out: tuple[str, ...] = ()
        self.gate_fault = ""
        self._settings = settings
        self._setup = _child_setup(settings, tuple(engines))
        self._free: asyncio.Queue[Child] = asyncio.Queue()
        self._children: set[Child] = set()
        self._replacing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start all children; returns when each has closed its sandbox.

        Raises:
            SetupError: a child did not come up (its own words are in the log), or the content gate is on and
                its model is not there.
        """
        await asyncio.to_thread(require_gate, self._settings)
        # The first compiles the nets and leaves them in the cache, where the others find them.
        try:
            await self._add()
            await asyncio.gather(*(self._add() for _ in range(self._settings.worker_slots - 1)))
        except BaseException:
            await self.stop()
            raise
        _LOG.info("children ready", slots=len(self._children), layers=dict(self.layers))

    async def stop(self) -> None:
        """End all children, working or not."""
        for task in tuple(self._replacing):
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        await asyncio.gather(*(child.close() for child in self._children))
        self._children.clear()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A child of one's own; waits for a free one. It forgets all pixels afterwards."""
        child = await self._next_free()
        session = Session(child, timeout_s=self._settings.edit_timeout_s)
        guard = asyncio.create_task(child.watch_memory(self._settings.child_memory_bytes))
        try:
            yield session
        finally:
            guard.cancel()
            self._later(self._take_back(child, session))

    async def _next_free(self) -> Child:
        while True:
            child = await self._free.get()
            if child.alive:
                return child
            self._later(self._replace(child))

    async def _take_back(self, child: Child, session: Session) -> None:
        if await session.release():
            self._free.put_nowait(child)
        else:
            await self._replace(child)

    async def _replace(self, child: Child) -> None:
        """A new child for a lost one, however often it takes."""
        self._children.discard(child)
        await child.close()
        while True:
            try:
                await self._add()
            except SetupError as error:
                _LOG.error("child cannot be replaced", error=error.message)
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def _add(self) -> None:
        child = await Child.spawn(self._setup)
        self._children.add(child)
        try:
            async with asyncio.timeout(_START_S):
                first = await child.inbox.get()
        except TimeoutError:
            first = Death(ChildCrashed("it did not get ready in time"))
        if isinstance(first, Death) or first.type != "ready":
            self._children.discard(child)
            await child.close()
            raise SetupError(f"the pixel process does not start: {child.last_words}", "see the log for more")
        child.layers = dict(first.fields["layers"])
        self.layers = child.layers
        self._note(first.fields["left_out"])
        self.gate_fault = str(first.fields["gate_fault"])
        self._free.put_nowait(child)

    def _note(self, left_out: Sequence[str]) -> None:
        """Every child says the same: it is logged once."""
        for line in left_out:
            if line not in self.left_out:
                _LOG.warning("left out", extension=line)
        self.left_out = tuple(left_out)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)


def _child_setup(settings: Settings, engines: tuple[str, ...]) -> ChildSetup:
    return ChildSetup(
        engines=engines,
        weights_dir=str(settings.weights_dir.absolute()),
        cache_dir=str(settings.weights_dir.absolute() / "compiled"),
        scenes_dir=str(settings.scenes_dir.absolute()) if settings.scenes_dir else None,
        threads=settings.threads_per_child,
        max_pixels=settings.image_max_pixels,
        address_space_bytes=settings.child_address_space_bytes,
        user=settings.sandbox_user,
        bytes_max=_BYTES_MAX,
        parent=os.getpid(),
        gate_model=str(model) if (model := gate_model(settings)) else None,
        gate_threshold=settings.gate_threshold,
    )
