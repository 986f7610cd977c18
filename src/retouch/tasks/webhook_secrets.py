"""The secrets that webhooks are signed with, one per account.

A secret is derived from the server's own and a random salt, which alone is kept: a copy of the database, or a
backup without the secret file, signs nothing. Rotating is a new salt.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.keyring import Keyring
    from retouch.settings import Settings

_SQL = queries("webhook_secrets")
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """32 bytes; ``previous`` as long as the one before still signs, which is until ``previous_until``."""

    current: bytes = field(repr=False)
    made_at: datetime
    previous: bytes | None = field(default=None, repr=False)
    previous_until: datetime | None = None

    @property
    def all(self) -> tuple[bytes, ...]:
        """Those that sign, the newest first."""
        return (self.current,) if self.previous is None else (self.current, self.previous)


class WebhookSecrets:
    """Finds, makes and rotates secrets. ServiceUnavailable while the database is away."""

    def __init__(self, pool: Pool, keyring: Keyring, settings: Settings) -> None:
        self._pool = pool
        self._key = keyring.derive("webhook-secrets")
        self._overlap_s = settings.webhook_rotation_h * 3600

    async def find(self, account_id: str) -> SigningSecret | None:
        """The account's secret, or None where it has none yet."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_SQL["find"], {"account_id": account_id})).fetchone()
        if row is None:
            return None
        old = row["previous_salt"]
        return SigningSecret(
            current=self._derive(account_id, row["salt"]),
            made_at=row["made_at"],
            previous=None if old is None else self._derive(account_id, old),
            previous_until=None if old is None else row["previous_until"],
        )

    async def ensure(self, account_id: str) -> SigningSecret:
        """The account's secret, made now if it has none."""
        found = await self.find(account_id)
        return found or await self._change("make", account_id)

    async def rotate(self, account_id: str) -> SigningSecret:
        """A new secret; the one before signs, too, for ``webhook_rotation_h``."""
        return await self._change("rotate", account_id)

    async def _change(self, query: str, account_id: str) -> SigningSecret:
        values = {"account_id": account_id, "salt": secrets.token_bytes(_SALT_BYTES)}
        async with self._pool.connection() as connection:
            await connection.execute(_SQL[query], values | {"overlap_s": self._overlap_s})
        changed = await self.find(account_id)
        assert changed is not None  # noqa: S101 - written above; only a deleted account takes it away
        return changed

    def _derive(self, account_id: str, salt: bytes) -> bytes:
        return hmac.digest(self._key, salt + account_id.encode(), hashlib.sha256)
