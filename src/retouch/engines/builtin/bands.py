"""Work on a picture in bands of rows: a step finds in the cache what the last one left, and every core helps.

A float picture of a megapixel is 12 MB, and a dozen steps over the whole of it wait for memory a dozen times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import cv2

Piece = TypeVar("Piece")

_PIXELS = 1 << 16  # of a band: a handful of float planes of it fit a core's own cache
_THICK = 8  # rows at least
_here = threading.local()


def each_band(work: Callable[[slice], None], height: int, width: int) -> None:
    """Call ``work`` with every band of rows of a picture.

    ``work`` writes its own rows and nothing else, so the outcome does not depend on the number of threads.
    """
    rows = max(_THICK, _PIXELS // max(width, 1))
    side_by_side(work, [slice(top, min(top + rows, height)) for top in range(0, height, rows)])


def side_by_side(work: Callable[[Piece], None], pieces: Sequence[Piece]) -> None:
    """Call ``work`` with every piece, on as many threads as OpenCV may use; what it raises is raised here.

    Within a piece there are no further threads: it may call what calls this.
    """
    threads = min(cv2.getNumThreads(), len(pieces))
    if threads < 2 or getattr(_here, "inside", False):
        for piece in pieces:
            work(piece)
        return
    for _ in _pool(threads).map(work, pieces):
        pass


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "bands", initializer=_enter)


def _enter() -> None:
    _here.inside = True
