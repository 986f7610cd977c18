"""Uploads: who posted which picture, and until when it is kept. The bytes are in the object store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from retouch.errors import Unauthenticated
from retouch.tasks.queries import queries

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.settings import Settings

_SQL = queries("uploads")


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded picture; its bytes are the object ``uploads/<id>``."""

    id: str
    account_id: str
    filename: str
    content_type: str
    bytes: int
    created_at: datetime
    expires_at: datetime

    @property
    def key(self) -> str:
        """Its key in the object store."""
        return f"uploads/{self.id}"


class UploadStore:
    """Rows of uploads. ServiceUnavailable while the database is away."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._ttl_s = settings.uploads_ttl_h * 3600

    async def add(self, id: str, account_id: str, filename: str, content_type: str, bytes: int) -> Upload:  # noqa: A002 - field names of the row
        """Record an upload whose object is already stored.

        Raises:
            Unauthenticated: the account has been deleted.
        """
        values = {"id": id, "account_id": account_id, "filename": filename, "content_type": content_type}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_SQL["add"], values | {"bytes": bytes, "ttl_s": self._ttl_s})
            row = await cursor.fetchone()
        if row is None:
            raise Unauthenticated("This API key is not valid.", headers={"WWW-Authenticate": "Bearer"})
        return Upload(**row)

    async def get(self, id: str, account_id: str | None) -> Upload | None:  # noqa: A002 - as above
        """An account's upload or None; no account means any. Look at ``expires_at``: it may have passed."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_SQL["get"], {"id": id, "account_id": account_id})
            row = await cursor.fetchone()
        return Upload(**row) if row else None
