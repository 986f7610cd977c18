"""The child's life: leave the network, load everything, close the sandbox, then read the first job.

Started by :mod:`handle` as ``python -I -m retouch.worker.child.process FD``, with a clean environment and
one end of a socket pair as its only descriptor besides the standard ones.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from retouch.worker.child import sandbox, wire
from retouch.worker.child.values import ChildSetup
from retouch.worker.child.wire import Message

if TYPE_CHECKING:
    from retouch.engines.base import LocalEngine
    from retouch.engines.gate import ContentGate
    from retouch.errors import TaskError
    from retouch.worker.child.job import Worker
    from retouch.worker.child.run import Line

_SETUP_BYTES_MAX: Final = 0
# numpy imports these when they are first used, which would be too late.
_LAZY_MODULES: Final = ("numpy.fft", "numpy.linalg", "numpy.ma", "numpy.polynomial", "numpy.random")


def main(descriptor: int) -> None:
    """Never returns while the parent lives."""
    _leave_signals_to_the_parent()
    apart = sandbox.open_early(descriptor)
    _silence_openvino()
    # Left open when something goes wrong: a closed line is our end to the parent, and last words are lost.
    sock = socket.socket(fileno=descriptor)
    setup = _setup(wire.receive(sock, _SETUP_BYTES_MAX))
    left_out: list[str] = []
    engines = _load(setup, left_out)
    gate = _gate(setup)
    layers = sandbox.close(
        user=setup.user, address_space_bytes=setup.address_space_bytes, parent=setup.parent
    )
    fault = str(gate) if isinstance(gate, Exception) else ""
    layers |= {"network_namespace": apart}
    ready = {"layers": layers, "left_out": left_out, "gate_fault": fault}
    line = _line(sock, setup.bytes_max)
    line.send(Message("ready", ready))
    _worker(line, engines, gate, setup.max_pixels).serve()


def _line(sock: socket.socket, bytes_max: int) -> Line:
    from retouch.worker.child.run import Line  # noqa: PLC0415 - imported before the sandbox, by _load

    line = Line(sock, bytes_max)
    line.listen()
    return line


def _worker(
    line: Line,
    engines: dict[str, LocalEngine | TaskError],
    gate: ContentGate | TaskError | None,
    max_pixels: int,
) -> Worker:
    from retouch.worker.child.job import Worker  # noqa: PLC0415 - imported before the sandbox, by _load

    return Worker(line, engines, max_pixels, gate)


def _setup(message: Message) -> ChildSetup:
    values: dict[str, Any] = {each.name: message.fields[each.name] for each in fields(ChildSetup)}
    values["engines"] = tuple(values["engines"])
    return ChildSetup(**values)


def _leave_signals_to_the_parent() -> None:
    """A terminal's Ctrl-C and a service manager's stop reach all processes: the parent may want to finish."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _silence_openvino() -> None:
    """OpenVINO phones its maker when imported, unless its telemetry package cannot be found.

    ``None`` in ``sys.modules`` makes that import a ModuleNotFoundError, which OpenVINO expects.
    """
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # the documented way to block an import


def _load(setup: ChildSetup, left_out: list[str]) -> dict[str, LocalEngine | TaskError]:
    """Import, touch and compile all that a job can need: afterwards no file can be opened."""
    for lazy in _LAZY_MODULES:
        import_module(lazy)
    import cv2  # noqa: PLC0415 - heavy; nobody who only reads this module should pay

    import retouch.worker.child.job  # noqa: F401, PLC0415 - the same, and it pulls in all decoders
    from retouch.images.rehearsal import rehearse  # noqa: PLC0415 - the same

    cv2.setNumThreads(setup.threads)
    rehearse()
    return {name: _warm(name, setup, left_out.append) for name in setup.engines}


def _warm(name: str, setup: ChildSetup, report_left_out: Callable[[str], None]) -> LocalEngine | TaskError:
    """The engine, or why its tasks fail: a child without one engine still serves the others."""
    from retouch.engines.base import EngineEnvironment  # noqa: PLC0415 - after the early sandbox
    from retouch.engines.registry import load  # noqa: PLC0415 - the same
    from retouch.errors import EngineUnavailable, TaskError  # noqa: PLC0415 - the same
    from retouch.weights.store import WeightsStore  # noqa: PLC0415 - the same
    from retouch.worker.child.job import report  # noqa: PLC0415 - the same

    weights = WeightsStore(Path(setup.weights_dir))
    environment = EngineEnvironment(
        weights.path,
        setup.threads,
        _usable(setup.cache_dir),
        setup.max_pixels,
        scenes_dir=Path(setup.scenes_dir) if setup.scenes_dir else None,
        report=report_left_out,
    )
    try:
        engine: LocalEngine = load(name)(environment)
        engine.warm()
    except TaskError as error:
        return error
    except Exception as error:  # noqa: BLE001 - somebody else's engine; the child outlives its bugs
        report(error)
        return EngineUnavailable(f"The engine {name!r} could not be started.")
    return engine


def _gate(setup: ChildSetup) -> ContentGate | TaskError | None:
    """What judges pictures, or why every task must fail: with the gate on, none passes unjudged."""
    if setup.gate_model is None:
        return None
    from retouch.engines.gate import ContentGate  # noqa: PLC0415 - after the early sandbox
    from retouch.errors import EngineFailed, TaskError, WeightsMissing  # noqa: PLC0415 - the same
    from retouch.worker.child.job import report  # noqa: PLC0415 - the same

    model = Path(setup.gate_model)
    try:
        return ContentGate(model, setup.gate_threshold, _usable(setup.cache_dir), setup.threads)
    except WeightsMissing:
        return WeightsMissing("The content gate has no model on this machine; run: retouch models pull nsfw")
    except TaskError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever it is, the gate stays closed
        report(error)
        return EngineFailed("The content gate could not be started.")


def _usable(folder: str | None) -> Path | None:
    """A folder for compiled nets, if one can be had: OpenVINO fails on one that cannot be written."""
    if folder is None:
        return None
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except EOFError:
        os._exit(0)
