"""Puts one worker process together: children, loop, reconciler, retention, webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from retouch import telemetry
from retouch.credentials.signer import Signer
from retouch.engines.planner import learn
from retouch.fetch.client import Fetcher
from retouch.fetch.policy import FetchPolicy
from retouch.keyring import Keyring
from retouch.storage import ObjectStore
from retouch.tasks.queue import TicketQueue
from retouch.tasks.reconcile import reconcile_forever
from retouch.tasks.retention import sweep_forever
from retouch.tasks.secret import check_secret
from retouch.tasks.store import TaskStore
from retouch.webhooks.service import deliver_forever
from retouch.worker.child.pool import ChildPool
from retouch.worker.loop import Worker
from retouch.worker.steps import Tools

if TYPE_CHECKING:
    from retouch.database.pool import Pool
    from retouch.settings import Settings

log = telemetry.logger(__name__)


async def serve(
    settings: Settings,
    url: str,
    pool: Pool,
    *,
    stop: asyncio.Event,
    ready: Callable[[], None],
) -> None:
    """Work until ``stop``; then finish what is running within its grace time, or hand it back."""
    for line in learn(settings.scenes_dir):
        log.warning("left out", extension=line)
    keyring = await _webhook_keyring(settings, pool)
    signer = await asyncio.to_thread(Signer.open, settings)
    queue = await TicketQueue.open(url, settings)
    store = TaskStore(pool, queue, settings)
    objects = ObjectStore.open(settings)
    fetcher = Fetcher(FetchPolicy.from_settings(settings))
    children = ChildPool(settings)
    await children.start()
    worker = Worker(Tools(settings, store, objects, fetcher, signer), children)
    ready()
    log.info("worker ready", worker=worker.name, slots=settings.worker_slots)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.work(worker.handle, slots=settings.worker_slots, stop=stop))
            group.create_task(reconcile_forever(store, settings, stop))
            group.create_task(sweep_forever(store, objects, settings, stop))
            if keyring is not None:
                group.create_task(deliver_forever(store, keyring, settings, stop))
    finally:
        await children.stop()
        await fetcher.aclose()
        await queue.close()
        log.info("worker stopped", worker=worker.name)


async def _webhook_keyring(settings: Settings, pool: Pool) -> Keyring | None:
    """The secret to sign webhooks with; None where this worker does not know under which URL pictures are.

    Raises:
        SetupError: it is not the secret that the database is used with: nobody could verify a signature.
    """
    if settings.public_url is None:
        log.info("webhooks are left to others: public_url is not set")
        return None
    keyring = Keyring.open(settings)
    await check_secret(pool, keyring)
    return keyring
