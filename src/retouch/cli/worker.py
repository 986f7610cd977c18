"""``retouch worker``: the side that edits, alone, against a database that runs elsewhere."""

from __future__ import annotations

import asyncio
import signal

from retouch import telemetry
from retouch.cli.common import DataDir, open_database
from retouch.cli.supervisor import end_with_parent, say_ready
from retouch.settings import Settings, load_settings


def worker(data_dir: DataDir = None) -> None:
    """Take tasks and edit. Uses RETOUCH_DATABASE_URL, or the bundled database of the data folder.

    Example: RETOUCH_DATABASE_URL=postgresql://... retouch worker
    """
    end_with_parent()
    from retouch.database.pool import database_url  # noqa: PLC0415 - --help must not load the driver

    settings = load_settings(data_dir=data_dir)
    telemetry.configure_logging(settings.log_level, settings.log_format)
    with database_url(settings) as url:
        asyncio.run(_work(settings, url))


async def _work(settings: Settings, url: str) -> None:
    from retouch.worker.service import serve  # noqa: PLC0415 - loads the driver

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_database(settings, url) as database:
        await serve(settings, url, database.pool, stop=stop, ready=say_ready)
