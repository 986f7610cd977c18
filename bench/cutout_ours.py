"""Our side of bench/cutout.py: one cut-out per line read."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from retouch.engines.builtin.matting import U2NetMatting
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations import background_remove


def main() -> None:
    """Serve lines until the pipe closes."""
    weights, picture, threads = sys.argv[1:]
    cv2.setNumThreads(int(threads))
    matting = U2NetMatting(Path(weights), None, int(threads))
    with Image.open(picture) as opened:
        rgb = np.asarray(opened.convert("RGB"))
    for _ in sys.stdin:
        began = time.perf_counter()
        matting.coarse(rgb)
        net = time.perf_counter() - began
        began = time.perf_counter()
        context = Context(0, 0, matting.matte, lambda _: None, lambda _: None)
        background_remove.apply(Canvas(rgb), {}, context)
        print(json.dumps({"net": net, "whole": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main()
