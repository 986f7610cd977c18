"""API keys: 256 random bits, kept as a prefix to find them and an HMAC to prove them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from psycopg.types.json import Jsonb
from ulid import ULID

from retouch.errors import Conflict
from retouch.tasks.key_fields import DEFAULTS, differences
from retouch.tasks.key_rows import (
    CLI,
    Actor,
    KeyChange,
    KeyInfo,
    NewKey,
    Principal,
    key_info,
    principal_from_row,
)
from retouch.tasks.queries import queries
from retouch.tasks.quota import Balance

if TYPE_CHECKING:
    from retouch.database.pool import Connection, Pool
    from retouch.keyring import Keyring

__all__ = ["CACHE_S", "CLI", "Actor", "KeyChange", "KeyInfo", "KeyStore", "NewKey", "Principal"]

_SQL = queries("keys")
_ALPHABET = string.digits + string.ascii_letters
_PREFIX_CHARS = 10
_SECRET_CHARS = 43  # 43 * log2(62) = 256.04 bits
CACHE_S = 4.0  # a revoked or changed key is as it was no longer than this; one that expires, not a moment
_CACHE_MAX = 10_000
_ALL: Final = 1_000_000


_Keys: TypeAlias = list[KeyInfo]
_Changes: TypeAlias = list[KeyChange]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A token's owner, when (``time.monotonic``) that was known, and for how long it holds at most."""

    seen_at: float
    lives_s: float
    principal: Principal


class KeyStore:
    """Makes, checks, lists, changes and revokes keys. ServiceUnavailable while the database is away."""

    def __init__(self, pool: Pool, keyring: Keyring) -> None:
        self._pool = pool
        self._pepper = keyring.derive("api-keys")
        self._cache: dict[bytes, _Seen] = {}

    async def create(
        self,
        name: str,
        *,
        account: str = "default",
        admin: bool = False,
        rules: Mapping[str, Any] | None = None,
        by: Actor = CLI,
    ) -> NewKey:
        """Make a key; its account is made with it if it does not exist. ``rules``: see key_fields.read."""
        columns = {**DEFAULTS, **(rules or {}), "name": name, "admin": admin}
        async with self._pool.connection() as connection, connection.transaction():
            return await self._create(connection, account, columns, by)

    async def ensure_first_key(self) -> NewKey | None:
        """Make an admin key if there has never been a key; None otherwise. Of many at once, one makes it."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock_first"])
            row = await (await connection.execute(_SQL["any"])).fetchone()
            if row is not None:
                return None
            columns = {**DEFAULTS, "name": "first", "admin": True}
            return await self._create(connection, "default", columns, Actor("first start"))

    async def authenticate(self, token: str) -> Principal | None:
        """Who this token is, or None. Changes are noticed within :data:`CACHE_S` s, an expiry at once."""
        digest = self._digest(token)
        known = self._cache.get(digest)
        if known is not None and time.monotonic() - known.seen_at < min(CACHE_S, known.lives_s):
            return known.principal
        self._cache.pop(digest, None)
        found = await self._look_up(token, digest)
        if found is None:
            return None
        if len(self._cache) >= _CACHE_MAX:
            self._cache.clear()
        self._cache[digest] = found
        return found.principal

    async def list(
        self,
        *,
        account: str | None = None,
        revoked: bool = True,
        limit: int = _ALL,
        before: str | None = None,
    ) -> _Keys:
        """Keys of one account or all, newest first; ``before`` is the id of the page before's last."""
        return await self._list(id=None, account_id=account, revoked=revoked, limit=limit, before=before)

    async def get(self, key_id: str) -> KeyInfo | None:
        """One key, or None; a revoked one, too."""
        found = await self._list(id=key_id, account_id=None, revoked=True, limit=1, before=None)
        return found[0] if found else None

    async def balance(self, key_id: str) -> Balance:
        """Where a key stands in its quota; without one, what it has cost so far."""
        key = await self.get(key_id)
        if key is not None and key.balance is not None:
            return key.balance
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_SQL["spent"], {"id": key_id})).fetchone()
        return Balance(None, row["spent"] if row else Decimal(0))

    async def named(self, which: str) -> tuple[str, ...]:
        """Ids of the living keys with this id, prefix or name."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["named"], {"which": which})).fetchall()
        return tuple(row["id"] for row in rows)

    async def change(
        self, key_id: str, columns: Mapping[str, Any], by: Actor = CLI, *, careful: bool = False
    ) -> bool:
        """Set some columns of a living key (see key_fields.read); False if there is none.

        Raises:
            Conflict: ``careful``, and nobody could manage keys any more.
        """
        return await self._alter(key_id, columns, by, careful=careful)

    async def revoke(self, which: str, by: Actor = CLI, *, careful: bool = False) -> bool:
        """Revoke by id, prefix or name; False if no living key is called that. ``careful``: as above."""
        done = [await self._alter(key_id, None, by, careful=careful) for key_id in await self.named(which)]
        return any(done)

    async def audit(
        self, *, key_id: str | None = None, limit: int = _ALL, before: int | None = None
    ) -> _Changes:
        """What was changed, newest first; ``before`` is the number of the page before's last line."""
        values = {"key_id": key_id, "limit": limit, "before": before}
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["audit"], values)).fetchall()
        return [KeyChange(**row) for row in rows]

    # --- how

    async def _alter(
        self, key_id: str, columns: Mapping[str, Any] | None, by: Actor, *, careful: bool
    ) -> bool:
        """Change, or revoke (None), and write it down, in one transaction."""
        async with self._pool.connection() as connection, connection.transaction():
            admins = await (await connection.execute(_SQL["lock_admins"])).fetchall() if careful else []
            row = await (await connection.execute(_SQL["lock"], {"id": key_id})).fetchone()
            if row is None:
                return False
            after = row | dict(columns or {})
            if careful and [admin["id"] for admin in admins] == [key_id]:
                _refuse_to_lock_out(after, revoked=columns is None)
            changes = differences(row, after)
            if columns is None:
                await connection.execute(_SQL["revoke"], {"id": key_id})
            elif changes:
                await connection.execute(_SQL["change"], after)
            if columns is None or changes:
                action = "revoked" if columns is None else "changed"
                await _record(connection, row, action, by, changes)
        self._cache.clear()
        return True

    async def _create(
        self, connection: Connection, account: str, columns: Mapping[str, Any], by: Actor
    ) -> NewKey:
        prefix, secret = _random(_PREFIX_CHARS), _random(_SECRET_CHARS)
        token = f"rt_{prefix}_{secret}"
        key = NewKey(f"key_{ULID()}", columns["name"], account, token)
        await connection.execute(_SQL["ensure_account"], {"account_id": account})
        row = {**columns, "id": key.id, "account_id": account, "prefix": prefix}
        await connection.execute(_SQL["create"], row | {"digest": self._digest(token)})
        await _record(connection, row, "created", by, differences(DEFAULTS, columns))
        return key

    async def _look_up(self, token: str, digest: bytes) -> _Seen | None:
        head, prefix, _ = (*token.split("_"), "", "", "")[:3]
        if head != "rt" or len(prefix) != _PREFIX_CHARS or not (prefix.isascii() and prefix.isalnum()):
            return None
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_SQL["find"], {"prefix": prefix})).fetchone()
        # compare_digest also when no key has this prefix: the two look the same from outside.
        proven = hmac.compare_digest(digest, row["digest"] if row else bytes(len(digest)))
        if row is None or not proven:
            return None
        lives_s = float("inf") if row["lives_s"] is None else row["lives_s"]
        return _Seen(time.monotonic(), lives_s, principal_from_row(row))

    async def _list(self, **values: Any) -> _Keys:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SQL["list"], values)).fetchall()
        return [key_info(row) for row in rows]

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._pepper, token.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _refuse_to_lock_out(after: Mapping[str, Any], *, revoked: bool) -> None:
    if revoked or after["disabled"] or not after["admin"]:
        raise Conflict(
            "This is the last admin key that works: without it nobody could manage keys over HTTP. "
            "Make another one first, or do it on the machine itself with retouch keys."
        )


async def _record(
    connection: Connection, key: Mapping[str, Any], action: str, by: Actor, changes: Mapping[str, Any]
) -> None:
    values = {"key_id": key["id"], "account_id": key["account_id"], "action": action, "actor": by.name}
    values |= {"request_id": by.request_id, "address": by.address, "changes": Jsonb(changes)}
    await connection.execute(_SQL["record"], values)


def _random(chars: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(chars))
