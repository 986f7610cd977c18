"""Reading a line of text: the PP-OCR recogniser, which reads Latin letters, Chinese and Japanese.

The net sees a line 48 pixels high and says for every 8 pixels which of its characters is there, or none (a
blank). Graves et al., "Connectionist Temporal Classification" (2006): the best path, with repetitions merged
and blanks left out. The characters stand in the model file itself, as ONNX metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.nets import CompiledNet, compile_net
from retouch.engines.builtin.text_detection import Corners
from retouch.errors import EngineFailed

_HEIGHT = 48
_NARROWEST, _WIDEST = 320, 3200  # px of a line before the net
_STEP = 64  # widths are rounded up to it: each new width costs the net a preparation
_STANDING = 1.5  # times as high as wide: a line that is written downwards
_METADATA = 14  # field of ONNX's ModelProto: metadata_props
_DELIMITED, _VARINT = 2, 0  # wire types of Protocol Buffers


@dataclass(frozen=True, slots=True)
class Words:
    """What a line says, where each character begins (0..1 of the line), and how sure the net is (0..1)."""

    text: str
    places: tuple[float, ...]
    score: float


class TextRecogniser:
    """One net and its characters, loaded once."""

    def __init__(self, model: Path, cache_dir: Path | None, threads: int) -> None:
        self._net: CompiledNet = compile_net(model, cache_dir=cache_dir, threads=threads)
        listed = metadata(model.read_bytes()).get("character", "").split("\n")
        if len(listed) < 2:
            raise EngineFailed(f"the model file {model.name} does not say which characters it reads")
        self._characters = ("", *listed, " ")

    def read(self, strip: NDArray[np.uint8]) -> Words:
        """What a line says, (h, w, 3) uint8 sRGB."""
        tensor = prepared(strip)
        shown = min(max(1, round(strip.shape[1] * _HEIGHT / strip.shape[0])), _WIDEST)
        return decoded(self._net(tensor)[0], self._characters, tensor.shape[3] / shown)


def decoded(steps: Plane, characters: Sequence[str], room: float) -> Words:
    """The best path through ``steps`` (t, n), 0..1, which cover ``room`` times the width of the line."""
    best, score = steps.argmax(-1), steps.max(-1)
    new = np.flatnonzero(np.concatenate([[True], best[1:] != best[:-1]]) & (best > 0))
    if not len(new):
        return Words("", (), 0.0)
    places = tuple(min(float(at + 0.5) / len(steps) * room, 1.0) for at in new)
    text = "".join(characters[best[at]] if best[at] < len(characters) else "\ufffd" for at in new)
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    return Words(text[first:last], places[first:last], float(score[new].mean()))


def prepared(strip: NDArray[np.uint8]) -> Plane:
    """The net's input (1, 3, 48, w), BGR, -1..1, black-grey beyond the end of the line."""
    height, width = strip.shape[:2]
    wide = min(max(1, round(width * _HEIGHT / height)), _WIDEST)
    method = cv2.INTER_AREA if height > _HEIGHT else cv2.INTER_CUBIC
    shown = f32(cv2.resize(strip, (wide, _HEIGHT), interpolation=method))[..., ::-1]
    room = max(_NARROWEST, -(-wide // _STEP) * _STEP)
    tensor = np.zeros((1, 3, _HEIGHT, room), np.float32)
    tensor[0, :, :, :wide] = (shown / f32(127.5) - f32(1)).transpose(2, 0, 1)
    return tensor


def straightened(rgb: NDArray[np.uint8], corners: Corners) -> NDArray[np.uint8]:
    """The line within ``corners`` as an upright picture; one written downwards is laid on its side."""
    across = max(np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[2] - corners[3])), 1.0)
    down = max(np.hypot(*(corners[3] - corners[0])), np.hypot(*(corners[2] - corners[1])), 1.0)
    size = int(np.ceil(across)), int(np.ceil(down))
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    turn = cv2.getPerspectiveTransform(f32(corners), target)
    strip = cv2.warpPerspective(rgb, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.rot90(strip) if down > _STANDING * across else strip, np.uint8)


def metadata(model: bytes) -> dict[str, str]:
    """The metadata of an ONNX file; OpenVINO does not hand it on.

    Protocol Buffers wire format: a message is a row of (field number, wire type, value). Raises EngineFailed
    for bytes that are none.
    """
    found: dict[str, str] = {}
    try:
        for number, value in _fields(memoryview(model)):
            if number == _METADATA:
                pair = {key: bytes(part).decode() for key, part in _fields(value)}
                found[pair.get(1, "")] = pair.get(2, "")
    except (IndexError, UnicodeDecodeError, ValueError) as broken:
        raise EngineFailed("the model file is no ONNX file") from broken
    return found


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each length-delimited field; numbers are passed over."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == _DELIMITED:
            length, at = _varint(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif key & 7 == _VARINT:
            _, at = _varint(message, at)
        else:
            raise ValueError("a wire type that ONNX does not use here")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
