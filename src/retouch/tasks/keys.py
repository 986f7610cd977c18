"""API keys: 256 random bits, kept as a prefix to find them and an HMAC to prove them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ulid import ULID

from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Connection, Pool
    from retouch.keyring import Keyring

_SQL = queries("keys")
_ALPHABET = string.digits + string.ascii_letters
_PREFIX_CHARS = 10
_SECRET_CHARS = 43  # 43 * log2(62) = 256.04 bits
CACHE_S = 4.0  # a revoked key works no longer than this
_CACHE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends a request."""

    account_id: str
    key_id: str
    admin: bool


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the only time that its token is known."""

    id: str
    name: str
    account_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key."""

    id: str
    account_id: str
    name: str
    prefix: str
    admin: bool
    created_at: datetime
    revoked_at: datetime | None


class KeyStore:
    """Makes, checks, lists and revokes keys. ServiceUnavailable while the database is away."""

    def __init__(self, pool: Pool, keyring: Keyring) -> None:
        self._pool = pool
        self._pepper = keyring.derive("api-keys")
        self._cache: dict[bytes, tuple[float, Principal]] = {}

    async def create(self, name: str, *, account: str = "default", admin: bool = False) -> NewKey:
        """Make a key; its account is made with it if it does not exist."""
        async with self._pool.connection() as connection, connection.transaction():
            return await self._create(connection, name, account, admin=admin)

    async def ensure_first_key(self) -> NewKey | None:
        """Make an admin key if there has never been a key; None otherwise. Of many at once, one makes it."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock_first"])
            row = await (await connection.execute(_SQL["any"])).fetchone()
            if row is not None:
                return None
            return await self._create(connection, "first", "default", admin=True)

    async def authenticate(self, token: str) -> Principal | None:
        """Who this token is, or None. A revocation is noticed within :data:`CACHE_S` seconds."""
        digest = self._digest(token)
        known = self._cache.get(digest)
        if known is not None and time.monotonic() - known[0] < CACHE_S:
            return known[1]
        self._cache.pop(digest, None)
        principal = await self._look_up(token, digest)
        if principal is not None:
            if len(self._cache) >= _CACHE_MAX:
                self._cache.clear()
            self._cache[digest] = (time.monotonic(), principal)
        return principal

    async def list(self) -> list[KeyInfo]:
        """All keys, oldest first, revoked ones too."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["list"])).fetchall()
        return [KeyInfo(**row) for row in rows]

    async def revoke(self, which: str) -> bool:
        """Revoke by id, prefix or name; False if no living key is called that."""
        async with self._pool.connection() as connection:
            revoked = (await connection.execute(_SQL["revoke"], {"which": which})).rowcount
        self._cache.clear()
        return revoked > 0

    async def _create(self, connection: Connection, name: str, account: str, *, admin: bool) -> NewKey:
        prefix, secret = _random(_PREFIX_CHARS), _random(_SECRET_CHARS)
        token = f"rt_{prefix}_{secret}"
        key = NewKey(f"key_{ULID()}", name, account, token)
        await connection.execute(_SQL["ensure_account"], {"account_id": account})
        values: dict[str, Any] = {"id": key.id, "account_id": account, "name": name, "prefix": prefix}
        await connection.execute(_SQL["create"], values | {"digest": self._digest(token), "admin": admin})
        return key

    async def _look_up(self, token: str, digest: bytes) -> Principal | None:
        head, prefix, _ = (*token.split("_"), "", "", "")[:3]
        if head != "rt" or len(prefix) != _PREFIX_CHARS or not (prefix.isascii() and prefix.isalnum()):
            return None
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_SQL["find"], {"prefix": prefix})).fetchone()
        # compare_digest also when no key has this prefix: the two look the same from outside.
        proven = hmac.compare_digest(digest, row["digest"] if row else bytes(len(digest)))
        return Principal(row["account_id"], row["id"], row["admin"]) if row and proven else None

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._pepper, token.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _random(chars: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(chars))
