"""Puts the delivery of webhooks together, inside a worker process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from retouch.errors import SetupError
from retouch.fetch.client import Fetcher
from retouch.fetch.policy import FetchPolicy
from retouch.links import Links
from retouch.tasks.deliveries import DeliveryStore
from retouch.tasks.queue import WEBHOOKS
from retouch.tasks.webhook_secrets import WebhookSecrets
from retouch.webhooks.deliver import Deliverer, remind_forever

if TYPE_CHECKING:
    from retouch.keyring import Keyring
    from retouch.settings import Settings
    from retouch.tasks.store import TaskStore


async def deliver_forever(
    store: TaskStore, keyring: Keyring, settings: Settings, stop: asyncio.Event
) -> None:
    """Deliver what is due until ``stop``; then finish what is on its way, or give it back.

    Raises:
        SetupError: public_url is not set.
    """
    if settings.public_url is None:
        raise SetupError("webhooks need the address of this server", "set RETOUCH_PUBLIC_URL")
    outbound = Fetcher(policy(settings))
    deliveries = DeliveryStore(store.pool, settings)
    deliverer = Deliverer(
        deliveries=deliveries,
        tasks=store,
        secrets=WebhookSecrets(store.pool, keyring, settings),
        outbound=outbound,
        links=Links.open(settings, keyring),
        base=settings.public_url,
        settings=settings,
        stop=stop,
    )
    try:
        async with asyncio.TaskGroup() as group:
            slots = settings.webhook_slots
            group.create_task(store.queue.work(deliverer.look, slots=slots, stop=stop, line=WEBHOOKS))
            group.create_task(remind_forever(deliveries, settings, stop))
    finally:
        await outbound.aclose()


def policy(settings: Settings) -> FetchPolicy:
    """What a message may reach, and how long it may take: as for sources, but for the time."""
    most = settings.webhook_timeout_s
    connect = min(settings.fetch_connect_timeout_s, most)
    return replace(FetchPolicy.from_settings(settings), timeout_s=most, connect_timeout_s=connect)
