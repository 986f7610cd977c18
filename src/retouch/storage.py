"""Objects: pictures by key, in a local folder or a bucket, through one code path.

Keys are made by us (``results/<task>/<attempt>/<index>.png``), never taken from a client.
``put(mode="create")`` is the fence: of two writers of one key, one fails.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from retouch.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from retouch.settings import Settings


class ObjectMissing(KeyError):
    """No object has this key."""


class ObjectExists(Exception):
    """Another writer was first."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing says of one object."""

    key: str
    bytes: int
    modified: datetime


class ObjectStore:
    """Put, get, list and delete whole objects. Every fault of the store is StorageUnavailable, retryable."""

    def __init__(self, store: Any, local: Path | None = None) -> None:
        self._store = store
        self._local = local

    @classmethod
    def open(cls, settings: Settings) -> ObjectStore:
        """The store that the settings name; a local folder is made (0700) if it does not exist."""
        if settings.object_store_url is not None:
            return cls(from_url(settings.object_store_url))
        settings.objects_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(LocalStore(prefix=settings.objects_dir, automatic_cleanup=True), settings.objects_dir)

    async def put(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet.

        Raises:
            ObjectExists: another writer was first.
            StorageUnavailable: the store did not take it.
        """
        try:
            await obstore.put_async(self._store, key, data, mode="create")
        except AlreadyExistsError as error:
            raise ObjectExists(key) from error
        except (BaseError, OSError) as error:
            raise StorageUnavailable("the object store did not take a picture") from error

    async def get(self, key: str) -> bytes:
        """The whole object.

        Raises:
            ObjectMissing: no such key.
            StorageUnavailable: the store did not answer.
        """
        try:
            answer = await obstore.get_async(self._store, key)
            return bytes(await answer.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise ObjectMissing(key) from error
        except (BaseError, OSError) as error:
            raise StorageUnavailable("the object store did not give a picture") from error

    async def delete(self, *keys: str) -> None:
        """Delete what is there of these keys; a missing one is fine."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except (NotFoundError, FileNotFoundError):
                continue
            except (BaseError, OSError) as error:
                raise StorageUnavailable("the object store did not delete a picture") from error

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """All objects under ``prefix``."""
        try:
            async for page in obstore.list(self._store, prefix=prefix):
                for meta in page:
                    yield ObjectInfo(meta["path"], meta["size"], meta["last_modified"])
        except (BaseError, OSError) as error:
            raise StorageUnavailable("the object store did not list its pictures") from error

    def free_percent(self) -> float:
        """Free space of the disk under a local store, 0..100; a bucket always has room."""
        if self._local is None:
            return 100.0
        usage = shutil.disk_usage(self._local)
        return 100.0 * usage.free / usage.total
