"""Text from outside, made fit to be set: composed, of a sane length, without characters that are not seen."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from retouch.errors import InstructionNotSupported

LONGEST: Final = 300  # characters
_KEPT: Final = "\n\u200c\u200d"  # line ends, and the joiners that Persian and Hindi are written with
_SPACES: Final = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\t": " ", "\u00a0": " "})
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})


def worded(arguments: Mapping[str, Any], name: str, warnings: list[str]) -> str:
    """The argument ``name`` as text to be set, in NFC.

    Control characters and marks that override the direction of writing are left out, and a warning says so.

    Raises:
        InstructionNotSupported: it is no text, has nothing to be seen, or is longer than 300 characters.
    """
    value = arguments.get(name)
    if not isinstance(value, str):
        raise InstructionNotSupported(f"{name} is text, not {type(value).__name__}")
    if len(value) > 4 * LONGEST:
        raise InstructionNotSupported(f"{name} has at most {LONGEST} characters, not {len(value)}")
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").translate(_SPACES))
    seen = "".join(char for char in text if char in _KEPT or unicodedata.category(char) not in _UNSEEN)
    if seen != text:
        warnings.append(f"{name}: characters that cannot be seen were left out")
    lines = [" ".join(line.split()) for line in seen.strip().split("\n")]
    seen = "\n".join(lines)
    if not seen.strip("\u200c\u200d\n "):
        raise InstructionNotSupported(f"{name} is empty")
    if len(seen) > LONGEST:
        raise InstructionNotSupported(f"{name} has at most {LONGEST} characters, not {len(seen)}")
    return seen


def first_words(texts: Sequence[str], most: int = 5) -> str:
    """Texts quoted for a message: the first few, each cut short."""
    shown = ", ".join(f"“{text[:40]}”" for text in texts[:most])
    return shown + (" …" if len(texts) > most else "")
