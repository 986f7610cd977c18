"""Why a task failed, in the reader's language.

English is the engine's own sentence. Elsewhere a general sentence stands for it, with the particulars that
can be carried over: what was not understood, in quotes, and a limit, where the sentence names one.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from retouch.errors import InstructionNotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retouch.task import Failure

LANGUAGES = ("zh", "en", "ko", "ja", "es", "fr", "de", "pt", "ru", "ar", "hi")
_QUOTED = re.compile("\u201c([^\u201d]*)\u201d")
_MOST = re.compile(r"(?:at most|the limit is|larger than) ([\d.]*\d)", re.ASCII)
# Isolated (Unicode UAX #9), or a quotation turns the order of the Arabic words around it.
_ISOLATED = "\u201c\u2068{}\u2069\u201d"


def say(failure: Failure, language: str) -> str:
    """The failure's message; English for languages and codes without a translation.

    ``language`` is a tag as ``zh-CN`` or ``pt_BR``, of which the first part counts (RFC 5646), in any case.
    """
    primary = re.split("[-_]", language, maxsplit=1)[0].lower()
    sentence = table().get(failure.code, {}).get(primary)
    if sentence is None:
        return failure.message
    return " ".join([sentence, *_particulars(failure, primary)])


def _particulars(failure: Failure, language: str) -> Sequence[str]:
    """What of the engine's own sentence means the same in every language."""
    if failure.code == InstructionNotSupported.code:
        form = _ISOLATED if language == "ar" else "\u201c{}\u201d"
        return [form.format(quoted) for quoted in _QUOTED.findall(failure.message)]
    limit = _MOST.search(failure.message)
    sentence = table().get(f"{failure.code}.most", {}).get(language)
    return [sentence.format(most=limit[1])] if limit and sentence else []


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Code to language to sentence; ``<code>.most`` has the one that names the limit."""
    text = resources.files("retouch.api").joinpath("messages.toml").read_text("utf-8")
    return tomllib.loads(text)
