"""Loading a neural net on the CPU. Nothing here fetches a file or opens a connection."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.errors import EngineFailed, WeightsMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CompiledNet:
    """A net, ready to run.

    Calls from several threads are not safe: the pixel process works on one picture at a time.
    """

    name: str
    infer: Callable[[list[NDArray[np.float32]]], Any]

    def __call__(self, *tensors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run on float32 tensors in the net's layout, one an input; gives a copy of its first output."""
        return self._run(tensors, 1)[0]

    def outputs(self, tensor: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], ...]:
        """Copies of the first ``count`` outputs of a net with one input."""
        return self._run([tensor], count)

    def _run(self, tensors: Sequence[NDArray[np.float32]], count: int) -> tuple[NDArray[np.float32], ...]:
        try:
            answer = self.infer(list(tensors))
            return tuple(np.array(answer[index], np.float32) for index in range(count))
        except RuntimeError as failure:
            raise EngineFailed(f"the net {self.name} could not be run") from failure


def _openvino() -> Any:
    """The ``openvino`` package, kept from phoning its maker.

    Importing it sends an event through ``openvino_telemetry`` (unless a consent file in the home folder
    says no). A ``None`` in ``sys.modules`` makes Python answer that import with ModuleNotFoundError, and
    OpenVINO falls back to its own stub, which sends nothing: no socket code is even loaded.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # the documented way to block
    import openvino  # noqa: PLC0415  # only after the line above, and only where a net is really needed

    return openvino


def compile_net(
    path: Path,
    *,
    cache_dir: Path | None,
    threads: int,
    shapes: Mapping[int, Sequence[int]] | None = None,
    exact: bool = False,
) -> CompiledNet:
    """Read an ONNX or TensorFlow Lite file and compile it for one picture at a time on ``threads`` cores.

    The CPU plugin computes in bf16 where the processor has it (twice as fast, and the mattes do not
    differ to the eye); ``exact`` keeps it at float32. ``shapes`` gives inputs, by number, another shape than
    the file has; -1 is a side of any length. ``cache_dir`` keeps the compiled net for the next start (1.8 s
    -> 0.3 s).

    Raises:
        WeightsMissing: there is no such file.
        EngineFailed: the file is not a net that can be compiled.
    """
    if not path.is_file():
        raise WeightsMissing(f"the model file {path.name} is not on this machine; run: retouch models pull")
    openvino = _openvino()
    core = openvino.Core()
    if cache_dir is not None:
        core.set_property({"CACHE_DIR": str(cache_dir)})
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    if exact:
        options["INFERENCE_PRECISION_HINT"] = "f32"
    try:
        return CompiledNet(path.stem, core.compile_model(_shaped(core, path, shapes), "CPU", options))
    except RuntimeError as failure:
        raise EngineFailed(f"the model file {path.name} cannot be compiled") from failure


def _shaped(core: Any, path: Path, shapes: Mapping[int, Sequence[int]] | None) -> Any:
    if not shapes:
        return str(path)
    model = core.read_model(str(path))
    model.reshape({place: list(shape) for place, shape in shapes.items()})
    return model
