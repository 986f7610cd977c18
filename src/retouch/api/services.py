"""What the routes work with: opened once per process, closed in the opposite order."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.database.pool import Pool, open_pool
from retouch.engines.planner import learn
from retouch.keyring import Keyring
from retouch.links import Links
from retouch.storage import ObjectStore
from retouch.tasks.deliveries import DeliveryStore
from retouch.tasks.keys import KeyStore
from retouch.tasks.queue import TicketQueue
from retouch.tasks.store import TaskStore
from retouch.tasks.uploads import UploadStore
from retouch.tasks.watch import TaskWatch
from retouch.tasks.webhook_secrets import WebhookSecrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from retouch.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The stores and settings of one API process."""

    settings: Settings
    pool: Pool
    tasks: TaskStore
    watch: TaskWatch
    keys: KeyStore
    uploads: UploadStore
    deliveries: DeliveryStore
    webhook_secrets: WebhookSecrets
    objects: ObjectStore
    links: Links


@contextlib.asynccontextmanager
async def open_services(settings: Settings, url: str) -> AsyncIterator[Services]:
    """Services over the migrated database at ``url``.

    Raises:
        ServiceUnavailable: the database does not answer.
        SetupError: the secret or the object store cannot be opened, or an extension has a name that is taken.
    """
    learn(settings.scenes_dir)
    keyring = Keyring.open(settings)
    objects = ObjectStore.open(settings)
    async with contextlib.AsyncExitStack() as stack:
        queue = await TicketQueue.open(url, settings)
        stack.push_async_callback(queue.close)
        pool = await open_pool(url, settings)
        stack.push_async_callback(pool.close)
        watch = await stack.enter_async_context(TaskWatch.open(pool, url, settings))
        yield Services(
            settings=settings,
            pool=pool,
            tasks=TaskStore(pool, queue, settings),
            watch=watch,
            keys=KeyStore(pool, keyring),
            uploads=UploadStore(pool, settings),
            deliveries=DeliveryStore(pool, settings),
            webhook_secrets=WebhookSecrets(pool, keyring, settings),
            objects=objects,
            links=Links.open(settings, keyring),
        )


def services(request: Request) -> Services:
    """The services of the app that serves this request."""
    found: Services = request.app.state.services
    return found
