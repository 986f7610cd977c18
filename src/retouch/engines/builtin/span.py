"""SPAN, a small net that enlarges two or four times, run by ncnn.

Wan et al., "Swift Parameter-free Attention Network for Efficient Super-Resolution" (2024). Its graph is a
``.param`` file beside the weights' ``.bin``. OpenVINO, which runs the other nets here, reads neither.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from retouch.engines.builtin.blur import Plane, f32
from retouch.errors import EngineFailed, WeightsMissing

_PROBE = 16  # px: enough to see what a net makes of a picture


class SpanNet:
    """One net in memory. Not for several threads at once."""

    def __init__(self, model: Path, factor: int, threads: int) -> None:
        """Load ``model`` (the ``.bin``) and run it once: its threads are started before the sandbox closes.

        Raises:
            WeightsMissing: a file of the two is not there.
            EngineFailed: they are no such net, or not one that enlarges ``factor`` times.
        """
        self.factor = factor
        graph = model.with_suffix(".param")
        for path in (graph, model):
            if not path.is_file():
                raise WeightsMissing(f"the model file {path.name} is not on this machine")
        self._ncnn = _ncnn()
        self._net = self._ncnn.Net()
        self._set(threads)
        if self._net.load_param(str(graph)) or self._net.load_model(str(model)):
            raise EngineFailed(f"the model file {model.name} cannot be read")
        if self(np.zeros((_PROBE, _PROBE, 3), np.float32)).shape != (_PROBE * factor, _PROBE * factor, 3):
            raise EngineFailed(f"the model file {model.name} does not enlarge {factor} times")

    def _set(self, threads: int) -> None:
        """Full floats: the net works on 0..255 inside, where halves have steps that the eye sees."""
        options = self._net.opt
        options.num_threads = threads
        options.use_vulkan_compute = False
        for name in ("use_fp16_storage", "use_fp16_packed", "use_fp16_arithmetic", "use_bf16_storage"):
            setattr(options, name, False)

    def __call__(self, rgb: Plane) -> Plane:
        """(H, W, 3) float32 sRGB 0..1 -> the same ``factor`` times larger; may reach over 0..1."""
        # ncnn neither copies what goes in nor what comes out: both have to outlive the call.
        tensor = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32)
        extractor = self._net.create_extractor()
        extractor.input(self._net.input_names()[0], self._ncnn.Mat(tensor))
        code, answer = extractor.extract(self._net.output_names()[0])
        if code != 0:
            raise EngineFailed("the net that enlarges could not be run")
        return f32(np.array(answer, np.float32, copy=True).transpose(1, 2, 0))


def _ncnn() -> Any:
    import ncnn  # noqa: PLC0415 - only where a net is really needed

    return ncnn
