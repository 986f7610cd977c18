"""Finds engines by name. The built-ins come in by the same entry-point door as anybody else's.

An entry of the group ``retouch.engines`` names a class. Importing its module must be cheap and load none of
the engine's libraries: capabilities are read from the class, in processes that never run it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from retouch.errors import SetupError

if TYPE_CHECKING:
    from retouch.engines.base import Capabilities

GROUP = "retouch.engines"


def names() -> tuple[str, ...]:
    """All registered engines, sorted."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


@cache
def load(name: str) -> Any:
    """The engine class called ``name``; ``module:attribute`` names one that is not registered.

    Raises:
        SetupError: no such engine, or its module does not import.
    """
    for entry in entry_points(group=GROUP, name=name):
        return _loaded(name, entry.module, entry.attr)
    module, colon, attribute = name.partition(":")
    if colon:
        return _loaded(name, module, attribute)
    raise SetupError(f"there is no engine called {name!r}", f"use one of: {', '.join(names())}")


def capabilities(name: str) -> Capabilities:
    """What the engine can do, without making one."""
    found: Capabilities = load(name).capabilities
    return found


def _loaded(name: str, module: str, attribute: str) -> Any:
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SetupError(f"the engine {name!r} cannot be loaded: {error}", "reinstall its package") from error
