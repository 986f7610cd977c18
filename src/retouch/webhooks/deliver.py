"""Delivers what is due: claim, sign, post, record. At least once, with one id per event."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from retouch.errors import ServiceUnavailable, SourceRefused, SourceUnreachable
from retouch.tasks.surely import surely
from retouch.telemetry import logger
from retouch.webhooks import message, sign
from retouch.webhooks.schedule import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.fetch.client import Posted
    from retouch.links import Links
    from retouch.settings import Settings
    from retouch.tasks.deliveries import Claim, DeliveryStore
    from retouch.tasks.store import TaskStore
    from retouch.tasks.webhook_secrets import WebhookSecrets

EVENT = "retouch-event"
_log = logger(__name__)


class Posts(Protocol):
    """What is asked of the outbound client; :class:`retouch.fetch.client.Fetcher` is one."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Post, or raise SourceRefused or SourceUnreachable."""
        ...


class Deliverer:
    """The handler of the webhooks' tickets. One instance a process."""

    def __init__(
        self,
        *,
        deliveries: DeliveryStore,
        tasks: TaskStore,
        secrets: WebhookSecrets,
        outbound: Posts,
        links: Links,
        base: str,
        settings: Settings,
        stop: asyncio.Event,
    ) -> None:
        self._deliveries = deliveries
        self._tasks = tasks
        self._secrets = secrets
        self._outbound = outbound
        self._links = links
        self._base = base
        self._settings = settings
        self._stop = stop

    async def look(self, _: str) -> None:
        """A ticket: deliver what is due until nothing is left that may be sent now."""
        try:
            while not self._stop.is_set():
                claim = await self._deliveries.claim()
                if claim is None:
                    return
                await self._deliver(claim)
        except ServiceUnavailable as error:
            _log.warning("webhooks wait: the database is away", error=error.message)

    async def _deliver(self, claim: Claim) -> None:
        try:
            body = await self._body(claim)
            if body is None:
                return  # the task was deleted, and the delivery with it
            await self._attempt(claim, body)
        except asyncio.CancelledError:
            with contextlib.suppress(ServiceUnavailable):  # then its lease runs out
                await self._deliveries.release(claim)
            raise

    async def _attempt(self, claim: Claim, body: bytes) -> None:
        secret = await self._secrets.ensure(claim.account_id)
        now = int(time.time())
        fields = sign.headers(secret.all, claim.id, now, body)
        fields |= {"content-type": "application/json", EVENT: claim.event}
        began = time.monotonic()
        posted = await self._post(claim, body, fields)
        took_ms = int((time.monotonic() - began) * 1000)
        verdict = judge(claim, posted, self._settings.webhook_retry_s, datetime.now(UTC), took_ms)
        # Repeating is harmless: the write is fenced. Past the lease the message goes out once more, same id.
        await surely(
            lambda: self._deliveries.settle(claim, verdict), within_s=self._settings.webhook_timeout_s
        )
        _log.info(
            "webhook attempt",
            delivery=claim.id,
            host=claim.host,
            attempt=claim.attempt,
            outcome=verdict.outcome,
            status=verdict.status,
            state=verdict.state.value,
        )

    async def _post(self, claim: Claim, body: bytes, fields: Mapping[str, str]) -> Posted | None:
        try:
            return await self._outbound.post(claim.url, body, fields)
        except (SourceUnreachable, SourceRefused) as error:
            _log.info("webhook not taken", delivery=claim.id, host=claim.host, cause=repr(error.__cause__))
            return None
        except Exception:  # noqa: BLE001 - a message that breaks our client must not be tried without end
            _log.exception("webhook not sent", delivery=claim.id, host=claim.host)
            return None

    async def _body(self, claim: Claim) -> bytes | None:
        if claim.task_id is None:
            return message.write(message.sample_task(claim), self._links, self._base)
        task = await self._tasks.get(claim.task_id, claim.account_id)
        return None if task is None else message.write(task, self._links, self._base)


async def remind_forever(deliveries: DeliveryStore, settings: Settings, stop: asyncio.Event) -> None:
    """Make tickets for what has become due, every ``reconcile_s`` until ``stop``."""
    while not stop.is_set():
        try:
            await deliveries.make_tickets()
        except ServiceUnavailable as error:
            _log.warning("cannot look for due webhooks", error=error.message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), settings.reconcile_s)
