"""``retouch api``: the HTTP side alone, against a database that runs elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from retouch import telemetry
from retouch.cli.common import DataDir, open_database
from retouch.cli.supervisor import end_with_parent, say_ready
from retouch.settings import Settings, load_settings


def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one. [default: 8000]")] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the HTTP API. Uses RETOUCH_DATABASE_URL, or the bundled database of the data folder.

    Example: RETOUCH_DATABASE_URL=postgresql://... retouch api --port 8000
    """
    end_with_parent()
    import uvloop  # noqa: PLC0415 - --help stays quick

    from retouch.database.pool import database_url  # noqa: PLC0415 - --help must not load the driver

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    telemetry.configure_logging(settings.log_level, settings.log_format)
    with database_url(settings) as url:
        uvloop.run(_serve(settings, url))


async def _serve(settings: Settings, url: str) -> None:
    from retouch.api.server import serve  # noqa: PLC0415 - loads the framework

    async with open_database(settings, url):
        pass  # migrated
    await serve(settings, url, ready=say_ready)
