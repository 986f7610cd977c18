"""The delivering side of a worker, alone in a process that a campaign can kill: URL, data folder, port."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from retouch.database.pool import open_pool
from retouch.keyring import Keyring
from retouch.settings import Settings
from retouch.tasks.queue import TicketQueue
from retouch.tasks.store import TaskStore
from retouch.webhooks.service import deliver_forever


async def main(url: str, data_dir: str, port: str) -> None:
    """Deliver until killed."""
    settings = Settings(
        data_dir=Path(data_dir),
        public_url="https://pictures.example",
        fetch_allow=(f"127.0.0.1/32:{port}",),
        reconcile_s=0.1,
        webhook_timeout_s=1.0,
        webhook_slots_per_host=16,
        webhook_retry_s=(0.01,) * 100,
    )
    async with await open_pool(url, settings) as pool:
        store = TaskStore(pool, await TicketQueue.open(url, settings), settings)
        await deliver_forever(store, Keyring.open(settings), settings, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
