"""``retouch run``: the whole service on one machine."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retouch import telemetry
from retouch.cli.common import DataDir, err, open_database, out
from retouch.cli.supervisor import Program, Supervisor
from retouch.errors import SetupError
from retouch.keyring import Keyring
from retouch.settings import Settings, load_settings

if TYPE_CHECKING:
    from retouch.tasks.keys import NewKey

_KEY_FILE = "first-key"


def run(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one. [default: 8000]")] = None,
    data_dir: DataDir = None,
) -> None:
    """Start the bundled database, the API and the workers, and keep them running.

    Examples:

        retouch run

        retouch run --port 9000 --data-dir /srv/retouch
    """
    from retouch.database.pool import database_url  # noqa: PLC0415 - --help must not load the driver
    from retouch.weights.store import WeightsStore  # noqa: PLC0415 - the same

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    telemetry.configure_logging(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = settings.model_copy(update={"port": _free_port(settings)})
    missing = WeightsStore(settings.weights_dir).missing()
    if missing:
        raise SetupError(f"model files are missing: {', '.join(missing)}", "get them with: retouch models pull")
    with database_url(settings) as url:
        asyncio.run(_run(settings, url))


async def _run(settings: Settings, url: str) -> None:
    from retouch.tasks.keys import KeyStore  # noqa: PLC0415 - loads the driver

    async with open_database(settings, url) as database:
        first = await KeyStore(database.pool, Keyring.open(settings)).ensure_first_key()
    environment = {"RETOUCH_DATABASE_URL": url, "RETOUCH_DATA_DIR": str(settings.data_dir)}
    programs = (
        Program("api", ("api", "--host", settings.host, "--port", str(settings.port)), environment),
        Program("worker", ("worker",), environment),
    )
    supervisor = Supervisor(programs, stop_timeout_s=settings.shutdown_grace_s + 10)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    await supervisor.run(ready=lambda: _welcome(settings, first), tend=_tend(settings))
    log = telemetry.logger(__name__)
    log.info("stopped")


def _tend(settings: Settings) -> Callable[[], None]:
    ...


def _free_port(settings: Settings) -> int:
    """The port of the settings, checked early: an error here is one line, later it is a restart loop."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SetupError(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
                "choose another port: retouch run --port 9000, or make run PORT=9000",
            ) from error
        port: int = probe.getsockname()[1]
    return port


def _welcome(settings: Settings, first: NewKey | None) -> None:
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    key = _show_first_key(settings, first) if first else "$RETOUCH_KEY"
    out.print(f"\n[bold]Retouch is ready at {base}[/bold]   (API docs: {base}/docs)\n")
    out.print("Edit a picture of your own:\n")
    out.print(
        f"  printf '{{\"prompt\":\"Change the background to a starry sky, keep the main subject\","
        f"\"image_urls\":[\"data:image/png;base64,%s\"]}}' \"$(base64 < photo.png | tr -d '\\n')\" |\n"
        f"  curl {base}/v1/images/edits -H 'Authorization: Bearer {key}' \\\n"
        f"    -H 'Content-Type: application/json' -d @-\n\n"
        f"  curl {base}/v1/tasks/TASK_ID -H 'Authorization: Bearer {key}'\n",
        markup=False,
    )
    sys.stdout.flush()
