"""The server's secret: one file or setting, from which every purpose derives a key of its own."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.errors import SetupError

if TYPE_CHECKING:
    from retouch.settings import Settings

_FILE = "secret"
_MIN_CHARS = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    """Derives keys by label. Its repr shows nothing."""

    _secret: bytes = field(repr=False)

    @classmethod
    def open(cls, settings: Settings) -> Keyring:
        """The secret of the settings, else of the data folder, made there (0600) on the first start."""
        if settings.secret is not None:
            return cls(settings.secret.get_secret_value().encode())
        return cls(_read_or_make(settings.data_dir / _FILE))

    def derive(self, label: str) -> bytes:
        """A 32-byte key for one purpose (HMAC-SHA-256 as a PRF, RFC 5869 expand with one block)."""
        return hmac.digest(self._secret, b"retouch " + label.encode() + b"\x01", hashlib.sha256)

    @property
    def fingerprint(self) -> str:
        """Tells two secrets apart without giving either away; kept in the database to catch a mix-up."""
        return self.derive("fingerprint").hex()[:16]


def _read_or_make(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            # A link, unlike a rename, loses to a process that was first: both then read the same secret.
            path.hardlink_to(fresh)
        fresh.unlink()
    secret = path.read_bytes().strip()
    if len(secret) < _MIN_CHARS:
        raise SetupError(f"{path} is too short to be a secret", "restore it from a backup")
    return secret
