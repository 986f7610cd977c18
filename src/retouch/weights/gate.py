"""The content gate's model file, seen from the parent: named for the child, and required at the start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retouch.errors import SetupError
from retouch.weights.store import WeightsStore

if TYPE_CHECKING:
    from retouch.settings import Settings


def gate_model(settings: Settings) -> Path | None:
    """The file that judges, whether it is there or not; None where the gate is off."""
    if settings.gate == "off":
        return None
    store = WeightsStore(settings.weights_dir)
    return store.directory.absolute() / store.rows[settings.gate].file


def require_gate(settings: Settings) -> None:
    """Refuse to start with a gate that could not judge.

    Raises:
        SetupError: the gate is on, and its model is missing or not the file that the manifest means.
    """
    if settings.gate == "off":
        return
    store = WeightsStore(settings.weights_dir)
    pull = f"retouch models pull {settings.gate}"
    if not store.has(settings.gate):
        raise SetupError(f"the content gate is on, and its model {settings.gate} is not here", pull)
    if not store.verify(settings.gate):
        raise SetupError(
            f"the content gate is on, and its model {settings.gate} is not what the manifest says",
            f"delete {gate_model(settings)}, then: {pull}",
        )
