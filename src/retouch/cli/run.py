"""``retouch run``: the whole service on one machine."""

from __future__ import annotations

import asyncio
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from retouch import telemetry
from retouch.cli.common import DataDir, open_database, out
from retouch.cli.supervisor import Program, Supervisor, say_ready
from retouch.engines import registry
from retouch.errors import SetupError
from retouch.keyring import Keyring
from retouch.settings import Settings, load_settings

if TYPE_CHECKING:
    from retouch.tasks.keys import NewKey

_KEY_FILE = "first-key"
_CURL = """Paste this where photo.png lies:

  KEY="{key}"
  printf '{{"prompt": "Change the background to a starry sky, keep the main subject",
    "image_urls": ["data:image/png;base64,%s"]}}' "$(base64 < photo.png | tr -d '\\n')" |
  curl {base}/v1/images/edits -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d @-

  curl {base}/v1/tasks/TASK_ID -H "Authorization: Bearer $KEY"
"""


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
    from retouch.database.embedded import Supervisor as Server  # noqa: PLC0415 - --help must not load the driver
    from retouch.database.pool import database_url  # noqa: PLC0415 - the same
    from retouch.weights.gate import require_gate  # noqa: PLC0415 - the same

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    telemetry.configure_logging(settings.log_level, settings.log_format)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = settings.model_copy(update={"port": _free_port(settings)})
    _require_weights(settings)
    require_gate(settings)
    _require_signer(settings)
    _require_vocabulary(settings)
    if settings.database_url is not None:
        with database_url(settings) as url:
            asyncio.run(_run(settings, url, lambda: None))
        return

    with Server(settings) as server:
        asyncio.run(_run(settings, server.url, server.ensure_running))


async def _run(settings: Settings, url: str, tend: Callable[[], object]) -> None:
    from retouch.tasks.keys import KeyStore  # noqa: PLC0415 - loads the driver
    from retouch.tasks.secret import check_secret  # noqa: PLC0415 - the same

    keyring = Keyring.open(settings)
    async with open_database(settings, url) as database:
        await check_secret(database.pool, keyring)
        first = await KeyStore(database.pool, keyring).ensure_first_key()
    environment = {"RETOUCH_DATABASE_URL": url, "RETOUCH_DATA_DIR": str(settings.data_dir)}
    programs = (
        Program("api", ("api", "--host", settings.host, "--port", str(settings.port)), environment),
        Program("worker", ("worker",), environment),
    )
    supervisor = Supervisor(programs, stop_timeout_s=settings.shutdown_grace_s + 10)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    await supervisor.run(ready=lambda: _welcome(settings, first), tend=tend)
    telemetry.logger(__name__).info("stopped")


def _require_weights(settings: Settings) -> None:
    """A missing model file is one clear line now, instead of a failure of every task later."""
    from retouch.weights.store import WeightsStore  # noqa: PLC0415 - only needed here

    weights = WeightsStore(settings.weights_dir)
    engines = {engine for route in settings.models.values() for engine in route.engines}
    needed = {name for engine in engines for name in registry.capabilities(engine).weights}
    if missing := sorted(name for name in needed if not weights.has(name)):
        raise SetupError(
            f"model files are missing: {', '.join(missing)}", "get them with: retouch models pull"
        )


def _require_signer(settings: Settings) -> None:
    """The same for a certificate that cannot sign: the worker alone would be started again and again."""
    from retouch.credentials.signer import Signer  # noqa: PLC0415 - only needed here

    Signer.open(settings)


def _require_vocabulary(settings: Settings) -> None:
    """The same for two packages that bring one name."""
    from retouch.engines.planner import learn  # noqa: PLC0415 - only needed here

    learn(settings.scenes_dir)


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
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.public_url or f"http://{host}:{settings.port}"
    out.print(f"\n[bold]Retouch is ready at {escape(base)}[/bold]   (docs: {escape(base)}/docs)\n")
    out.print(_CURL.format(base=base, key=_key_in_curl(settings, first)), markup=False)
    sys.stdout.flush()
    say_ready()


def _key_in_curl(settings: Settings, first: NewKey | None) -> str:
    """Show the first key once: on a terminal as it is, elsewhere (logs!) only where its file lies."""
    file = settings.data_dir / _KEY_FILE
    if first is None:
        return f"$(cat {shlex.quote(str(file))})" if file.exists() else "$RETOUCH_KEY"
    if sys.stdout.isatty():
        out.print(f"Your first API key, shown only now:  [bold]{first.token}[/bold]\n")
        return first.token
    file.write_text("", encoding="ascii")
    file.chmod(0o600)
    file.write_text(first.token + "\n", encoding="ascii")
    out.print(f"Your first API key lies in {file}, readable by you alone.\n", markup=False)
    return f"$(cat {shlex.quote(str(file))})"
