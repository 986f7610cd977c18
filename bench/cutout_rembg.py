"""rembg's side of bench/cutout.py: one cut-out per line read. Runs in rembg's own environment."""

from __future__ import annotations

import json
import sys
import time

import onnxruntime
from PIL import Image
from rembg import remove
from rembg.sessions.u2net import U2netSession


class GivenFile(U2netSession):  # type: ignore[misc]  # rembg is not in the environment that is type-checked
    """rembg's own session on the file that we name, so that nothing is downloaded."""

    @classmethod
    def download_models(cls, *_: object, **__: object) -> str:
        """The path of the model."""
        return sys.argv[1]


def main() -> None:
    """Serve lines until the pipe closes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(sys.argv[3])
    session = GivenFile("u2net", options, providers=["CPUExecutionProvider"])
    with Image.open(sys.argv[2]) as opened:
        picture = opened.convert("RGB")
    for _ in sys.stdin:
        began = time.perf_counter()
        session.predict(picture)
        net = time.perf_counter() - began
        began = time.perf_counter()
        remove(picture, session=session)
        print(json.dumps({"net": net, "whole": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main()
