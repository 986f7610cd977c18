"""Every setting: its name, default and meaning. Environment ``RETOUCH_*`` over ``retouch.toml``.

The file is ``$RETOUCH_CONFIG``, else ``retouch.toml`` in the data directory; names there lack the
prefix. ``docs/reference/settings.md`` is generated from the descriptions; a test compares.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_settings.exceptions import SettingsError

from retouch.errors import SetupError
from retouch.settings.model import GIB, KIB, MIB, ModelRoute, Settings
from retouch.settings.sources import default_data_dir, default_weights_dir

__all__ = [
    "GIB",
    "KIB",
    "MIB",
    "ModelRoute",
    "Settings",
    "default_data_dir",
    "default_weights_dir",
    "load_settings",
]


def load_settings(**overrides: Any) -> Settings:
    """Settings from environment and file; ``overrides`` (from command-line options) win, None means unset.

    Raises:
        SetupError: naming each setting at fault, without its value (it may be a secret).
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()
        )
        raise SetupError(f"the settings cannot be used: {faults}", "see docs/reference/settings.md") from None
    except SettingsError as error:
        raise SetupError(f"the settings cannot be read: {error}", "see docs/reference/settings.md") from None
