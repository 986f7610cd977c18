"""Why a task failed, in the reader's language. English is the engine's own sentence; others are general."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from retouch.errors import InstructionNotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.task import Failure

LANGUAGES = ("zh", "en", "ko", "ja", "es", "fr", "de", "pt", "ru", "ar", "hi")
_QUOTED = re.compile("\u201c[^\u201d]*\u201d")


def say(failure: Failure, language: str) -> str:
    """The failure's message; English for languages and codes without a translation.

    ``language`` is a tag as ``zh-CN`` or ``pt_BR``, of which the first part counts (RFC 5646), in any case.
    What was not understood of an instruction is quoted in every language.
    """
    primary = re.split("[-_]", language, maxsplit=1)[0].lower()
    sentence = table().get(failure.code, {}).get(primary)
    if sentence is None:
        return failure.message
    quoted = _QUOTED.findall(failure.message) if failure.code == InstructionNotSupported.code else []
    return " ".join([sentence, *quoted])


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Code to language to sentence."""
    text = resources.files("retouch.api").joinpath("messages.toml").read_text("utf-8")
    return tomllib.loads(text)
