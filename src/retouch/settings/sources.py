"""Where settings come from beside the environment: ``$RETOUCH_CONFIG``, else ``retouch.toml``."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from retouch.errors import SetupError


def default_data_dir() -> Path:
    """Where rows and pictures live unless told otherwise: the user's data folder."""
    return Path(platformdirs.user_data_dir("retouch", appauthor=False))


def default_weights_dir() -> Path:
    """Where model files live unless told otherwise: the user's cache, shared by all data directories."""
    return Path(platformdirs.user_cache_dir("retouch", appauthor=False)) / "weights"


class TomlFile(PydanticBaseSettingsSource):
    """``$RETOUCH_CONFIG``, else ``retouch.toml`` in the data directory that arguments or environment name."""

    def __init__(self, settings_cls: type[BaseSettings], arguments: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        named = os.environ.get("RETOUCH_CONFIG")
        data_dir = arguments.get("data_dir") or os.environ.get("RETOUCH_DATA_DIR") or default_data_dir()
        self._path = Path(named) if named else Path(data_dir) / "retouch.toml"
        self._required = bool(named)

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - library's signature
        """Not asked one by one: the call gives all."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """All that the file sets; SetupError where it is missing or no TOML."""
        try:
            return tomllib.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            if self._required:
                raise SetupError(
                    f"the settings file {self._path} does not exist", "correct RETOUCH_CONFIG"
                ) from None
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SetupError(f"{self._path} is not valid TOML: {error}", "correct the file") from error
