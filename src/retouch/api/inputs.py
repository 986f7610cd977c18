"""Takes in the pictures of a submit: a URL stays a URL, bytes are stored before the row is made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from retouch import telemetry
from retouch.errors import (
    Gone,
    ImageUnreadable,
    ImageUnsupported,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    SourceTooLarge,
    StorageUnavailable,
)
from retouch.fetch.source import decode_data_uri, require_picture
from retouch.fetch.urls import check_source_url
from retouch.storage import ObjectMissing
from retouch.task import EditRequest, Source, SourceKind

if TYPE_CHECKING:
    from retouch.api.dialects.draft import Draft, Given
    from retouch.api.services import Services

_log = telemetry.logger(__name__)


class Intake:
    """The pictures of one submit, under ``inputs/<task_id>/``."""

    def __init__(self, services: Services, task_id: str, account_id: str) -> None:
        self._services = services
        self._prefix = f"inputs/{task_id}"
        self._account_id = account_id
        self._stored: list[str] = []

    async def take(self, draft: Draft) -> EditRequest:
        """The request with sources; raises a RequestError naming the field whose picture is refused."""
        sources = [
            await self._source(given, name, str(index))
            for index, (given, name) in enumerate(zip(draft.pictures, draft.names, strict=True))
        ]
        mask = await self._source(draft.mask, draft.mask_name, "mask") if draft.mask is not None else None
        return draft.filled(sources, mask)

    async def undo(self) -> None:
        """Delete what was stored for a submit that was refused. What stays behind, the orphan sweep takes."""
        try:
            await self._services.objects.delete(*self._stored)
        except StorageUnavailable as error:
            _log.warning("inputs of a refused submit stay behind", keys=self._stored, reason=str(error))

    async def _source(self, given: Given, name: str, index: str) -> Source:
        if isinstance(given, bytes):
            return await self._store(self._judged(given, name), index)
        return await self._named(given, name, index)

    async def _named(self, text: str, name: str, index: str) -> Source:
        if text[:5].lower() == "data:":
            data = await asyncio.to_thread(self._decoded, text, name)
            return await self._store(data, index)
        try:
            file = self._services.links.own(text)
        except (NotFound, Gone) as error:
            raise type(error)(f"{name}: {error.message}", param=name) from None
        if file is not None:
            return await self._own_file(file, name, index)
        try:
            check_source_url(text)
        except ValueError as error:
            raise InvalidRequest(f"{name}: {error}", param=name) from None
        return Source(SourceKind.URL, text)

    async def _own_file(self, file: str, name: str, index: str) -> Source:
        folder, _, rest = file.partition("/")
        stem = rest.rpartition(".")[0]
        if folder == "uploads":
            upload = await self._services.uploads.get(stem, self._account_id)
            if upload is None or upload.expires_at <= datetime.now(UTC):
                raise Gone(f"{name}: there is no such upload any more.", param=name)
            return Source(SourceKind.UPLOAD, stem)
        try:
            # A copy: the result may expire before this task's turn.
            return await self._store(await self._services.objects.get(file), index)
        except ObjectMissing:
            raise Gone(f"{name}: the result has expired.", param=name) from None

    async def _store(self, data: bytes, index: str) -> Source:
        key = f"{self._prefix}/{index}"
        self._stored.append(key)
        await self._services.objects.put(key, data)
        return Source(SourceKind.OBJECT, key)

    def _decoded(self, text: str, name: str) -> bytes:
        most = self._services.settings.image_max_bytes
        try:
            return self._judged(decode_data_uri(text, most), name)
        except SourceTooLarge:
            raise PayloadTooLarge(f"{name} is a picture of more than {most} bytes.", param=name) from None
        except ValueError as error:
            raise InvalidRequest(f"{name}: {error}", param=name) from None

    @staticmethod
    def _judged(data: bytes, name: str) -> bytes:
        """The bytes, if they begin as a picture does."""
        try:
            require_picture(data)
        except (ImageUnreadable, ImageUnsupported) as error:
            raise InvalidRequest(f"{name}: {error}", param=name) from None
        return data
