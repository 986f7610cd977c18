"""Runs the API under uvicorn, with the deadlines and counts of the request's head that uvicorn lacks."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from retouch import telemetry
from retouch.api.app import create_app
from retouch.api.protocol import GuardedProtocol, HeadLimits
from retouch.api.services import open_services
from retouch.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from retouch.settings import Settings

_KEEP_ALIVE_S = 75  # over the 60 s after which most proxies drop an idle connection to us
_BACKLOG = 2048
_log = telemetry.logger(__name__)


async def serve(
    settings: Settings,
    url: str,
    *,
    ready: Callable[[], None] | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or cancellation; answers under way are finished first.

    ``url`` is the migrated database, ``ready`` is called once requests are taken, ``listener`` is a bound
    socket to use instead of the settings' address.

    Raises:
        SetupError: the address cannot be listened on.
    """
    async with open_services(settings, url) as services:
        bound = listener or listen(settings)
        config = uvicorn.Config(
            create_app(settings, services=services),
            http=functools.partial(GuardedProtocol, limits=HeadLimits.of(settings)),  # type: ignore[arg-type]  # any factory will do
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",  # this module says itself when it listens
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, int(settings.shutdown_grace_s)),
            backlog=_BACKLOG,
        )
        await _run(_Server(config, ready, services.watch.stop), bound)


def listen(settings: Settings) -> socket.socket:
    """A socket bound to the settings' host and port.

    Raises:
        SetupError: the port is taken, or the host is not one of this machine's addresses.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SetupError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
            "choose another --port, or stop what listens there",
        ) from error


class _Server(uvicorn.Server):
    """Uvicorn's server: it says when it is ready and when it is to stop, and ends quietly on a signal."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None] | None, stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self._ready is not None:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT. Uvicorn raises them once more at the end; a clean stop is no death."""
        loop = asyncio.get_running_loop()
        caught = []
        for number in (signal.SIGTERM, signal.SIGINT):
            # Outside the main thread nobody can catch signals: whoever runs us there cancels instead.
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(number, self.stop)
                caught.append(number)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """Take no more requests, finish those under way; asked twice, finish none."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._stopping()


async def _run(server: _Server, listener: socket.socket) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    host, port = listener.getsockname()[:2]
    _log.info("listening", host=host, port=port)
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.stop()
        await serving
        raise
