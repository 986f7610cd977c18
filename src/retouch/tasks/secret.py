"""The database remembers which secret it was used with: another one would make every key and URL invalid."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from retouch.errors import SetupError
from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.keyring import Keyring

_SQL = queries("secret")


async def check_secret(pool: Pool, keyring: Keyring) -> None:
    """Record the fingerprint of the secret on the first start, compare it on every other.

    Raises:
        SetupError: this database belongs to another secret.
        ServiceUnavailable: the database is away.
    """
    async with pool.connection() as connection:
        await connection.execute(_SQL["remember"], {"fingerprint": keyring.fingerprint})
        row = await (await connection.execute(_SQL["recall"])).fetchone()
    if row is None or not hmac.compare_digest(row["value"], keyring.fingerprint):
        raise SetupError(
            "this database was used with another secret: its API keys and picture URLs would be invalid",
            "set RETOUCH_SECRET to the right one, or restore the secret file from a backup",
        )
