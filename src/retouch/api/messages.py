"""Why a task failed, in the reader's language. English is the engine's own sentence; others are general."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.task import Failure

LANGUAGES = ("zh", "en", "ko", "ja", "es", "fr", "de", "pt", "ru", "ar", "hi")


def say(failure: Failure, language: str) -> str:
    """The failure's message; English for languages and codes without a translation."""
    return table().get(failure.code, {}).get(language, failure.message)


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Code to language to sentence."""
    text = resources.files("retouch.api").joinpath("messages.toml").read_text("utf-8")
    return tomllib.loads(text)
