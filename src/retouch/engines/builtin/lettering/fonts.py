"""The fonts: Noto Sans in two weights, kept in memory, and which of its faces has which character.

The faces are those of ``data/fonts`` (SIL Open Font License 1.1), made by ``scripts/fonts.py``. All are read
at once: the pixel process can open no file later. FreeType opens one from memory when it is first needed.
"""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Final, Literal, TypeAlias

from PIL import ImageFont, features

from retouch.errors import InstructionNotSupported

Weight: TypeAlias = Literal[400, 700]

SIZE: Final = 256  # pixels an em, at which text is measured and most of it drawn, to be reduced
_ORDER: Final = (
    *("noto-sans-latin", "noto-sans-latin-ext", "noto-sans-vietnamese", "noto-sans-greek"),
    *("noto-sans-cyrillic", "noto-sans-cyrillic-ext", "noto-sans-arabic-arabic"),
    *("noto-sans-devanagari-devanagari", "noto-sans-sc", "noto-sans-jp", "noto-sans-kr"),
)
_SHAPED: Final = frozenset({"noto-sans-arabic-arabic", "noto-sans-devanagari-devanagari"})
_JOINERS: Final = "\u200c\u200d"  # they join or part letters, and are seen nowhere
_KANA: Final = range(0x3041, 0x3100)


@dataclass(frozen=True, eq=False)
class Face:
    """One file of a font. ``ends`` are its code points as first, last + 1, first, last + 1..."""

    name: str
    data: bytes = field(repr=False)
    ends: tuple[int, ...] = field(repr=False)

    def has(self, char: str) -> bool:
        """Whether it has a glyph for ``char``, or needs none."""
        return bool(bisect_right(self.ends, ord(char)) % 2) or char in _JOINERS

    @property
    def shaped(self) -> bool:
        """Whether its letters change with their neighbours."""
        return self.name in _SHAPED


@dataclass(frozen=True)
class Fonts:
    """All faces by weight, in the order in which they are asked for a character."""

    faces: Mapping[Weight, tuple[Face, ...]]
    shapes: bool  # libfribidi is on this machine: Pillow then shapes Arabic and Devanagari

    def weight_for(self, text: str, wanted: Weight) -> Weight:
        """``wanted``, or bold where ``text`` has rare characters: those are there in bold only."""
        return 700 if self._missing(text, wanted) else wanted

    def choose(self, text: str, weight: Weight, whole: str) -> tuple[Face, ...]:
        """A face for each character of ``text``, which is a part of ``whole``.

        Raises InstructionNotSupported for characters that no face has.
        """
        if missing := self._missing(text, weight):
            shown = ", ".join(f"{char} (U+{ord(char):04X})" for char in missing[:5])
            raise InstructionNotSupported(
                f"no font here has these characters: {shown}; Latin, Greek, Cyrillic, Arabic, Devanagari, "
                "Chinese, Japanese and Korean can be set"
            )
        chosen = _faces_of(text, self._ordered(whole, weight))
        if not self.shapes and any(face.shaped for face in chosen):
            raise InstructionNotSupported(
                "Arabic and Devanagari cannot be set on this machine: the library libfribidi is not installed"
            )
        return chosen

    def _missing(self, text: str, weight: Weight) -> list[str]:
        wanted = dict.fromkeys(char for char in text if char != "\n")
        return [char for char in wanted if not any(face.has(char) for face in self.faces[weight])]

    def _ordered(self, whole: str, weight: Weight) -> tuple[Face, ...]:
        """Characters that Chinese and Japanese write differently are Japanese beside Kana."""
        faces = self.faces[weight]
        if not any(ord(char) in _KANA for char in whole):
            return faces
        return tuple(sorted(faces, key=lambda face: face.name == "noto-sans-sc"))


def _faces_of(text: str, faces: Iterable[Face]) -> tuple[Face, ...]:
    """Marks, spaces and signs stay in the face of the letter before them, at the start that of the next."""
    faces = tuple(faces)
    chosen: list[Face] = []
    letter = next((char for char in text if unicodedata.category(char)[0] == "L"), "")
    last = next((face for face in faces if letter and face.has(letter)), faces[0])
    for char in text:
        if char == "\n":
            chosen.append(last)
            continue
        common = unicodedata.category(char)[0] in "MPZ" or char in _JOINERS
        if not (common and last.has(char)):
            last = next(face for face in faces if face.has(char))
        chosen.append(last)
    return tuple(chosen)


@lru_cache(maxsize=1)
def load() -> Fonts:
    """All fonts, read from the package's data on the first call (about 9 MB)."""
    folder = files("retouch.engines.builtin").joinpath("data", "fonts")
    rows = json.loads(folder.joinpath("coverage.json").read_text("utf-8"))
    faces: dict[Weight, tuple[Face, ...]] = {}
    weights: tuple[Weight, ...] = (400, 700)
    for weight in weights:
        names = [f"{name}-{weight}" for name in _ORDER]
        faces[weight] = tuple(
            Face(
                name.rpartition("-")[0],
                folder.joinpath(f"{name}.woff2").read_bytes(),
                tuple(end + at % 2 for at, end in enumerate(rows[name])),
            )
            for name in names
        )
    fonts = Fonts(faces, bool(features.check("raqm")))
    if fonts.shapes:
        opened(faces[700][0], SIZE).getlength(
            "a", direction="ltr"
        )  # Pillow loads the library at the first use
    return fonts


@lru_cache(maxsize=32)
def opened(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """``face`` at ``size`` pixels an em."""
    return ImageFont.truetype(BytesIO(face.data), size)
