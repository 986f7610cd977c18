"""Connections to the database: where it is, and a pool that lives through its restart."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from retouch.database.embedded import embedded_server
from retouch.errors import InvalidRequest, ServiceUnavailable, SetupError

if TYPE_CHECKING:
    from retouch.settings import Settings

Connection: TypeAlias = AsyncConnection[DictRow]

WAIT_S = 5.0  # for a connection: longer, and a client would rather hear 503
# The server ends what takes too long; over that, it is the server itself that is silent (frozen, cut off).
_STATEMENT_TIMEOUT_MS = 8_000
ANSWER_S = 10.0
# The pool doubles its pauses without end, but begins anew for the next request after giving up.
_RECONNECT_S = 4.0


@contextlib.contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The URL of the settings, else of the bundled server, which runs as long as somebody is in here."""
    if settings.database_url is not None:
        yield _checked(settings.database_url.get_secret_value())
        return
    with embedded_server(settings) as url:
        yield url


def _checked(url: str) -> str:
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The driver quotes the whole text in its message, and a password is in it.
        raise SetupError(
            "RETOUCH_DATABASE_URL is no PostgreSQL address", "write postgresql://user:password@host/database"
        ) from None
    return url


class _Impatient(AsyncConnection[DictRow]):
    """A connection that is hung up when the server leaves one statement without an answer for ``ANSWER_S``.

    Not cancelled: a cancellation would ask the same silent server for leave, and wait for that.
    """

    async def wait(self, *args: Any, **kwargs: Any) -> Any:
        """What every statement waits in; OperationalError where the server is silent."""
        timer = asyncio.get_running_loop().call_later(ANSWER_S, self._hang_up)
        try:
            return await super().wait(*args, **kwargs)
        finally:
            timer.cancel()

    def _hang_up(self) -> None:
        if self.closed:
            return
        # The driver keeps its socket, and wakes up to its end.
        with socket.socket(fileno=os.dup(self.fileno())) as wire, contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)


class Pool(AsyncConnectionPool[Connection]):
    """Connections in autocommit mode with dict rows. A database that is away is ServiceUnavailable."""

    @contextlib.asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ASYNC109 - the library's signature
        """Lend a connection.

        Raises:
            ServiceUnavailable: the database is away, restarting or full, or leaves a statement unanswered.
            InvalidRequest: a value has characters that PostgreSQL cannot keep (a zero byte, half a surrogate
                pair). Better refused here than an error 500 wherever a door forgets to look.
        """
        try:
            async with super().connection(timeout) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise ServiceUnavailable(
                "the database does not answer; try again soon", headers={"Retry-After": "2"}
            ) from error
        except (psycopg.DataError, UnicodeEncodeError) as error:
            raise InvalidRequest("a text holds characters that cannot be stored") from error


async def open_pool(url: str, settings: Settings) -> Pool:
    """An open pool. Dead connections are replaced before anybody gets one.

    Raises:
        ServiceUnavailable: no connection within a few seconds.
    """

    async def configure(connection: Connection) -> None:
        await connection.execute(
            "SELECT set_config('retouch.notify', %s, false), set_config('statement_timeout', %s, false)",
            ["on" if settings.queue_notify else "off", str(_STATEMENT_TIMEOUT_MS)],
        )

    pool = Pool(
        url,
        connection_class=_Impatient,
        kwargs={"autocommit": True, "row_factory": dict_row, "connect_timeout": 5},
        min_size=min(2, settings.database_pool),
        max_size=settings.database_pool,
        timeout=WAIT_S,
        configure=configure,
        check=_check,
        reconnect_timeout=_RECONNECT_S,
        open=False,
    )
    try:
        await pool.open(wait=True, timeout=2 * WAIT_S)
    except psycopg.OperationalError as error:
        await pool.close()
        raise ServiceUnavailable("the database does not answer", headers={"Retry-After": "2"}) from error
    return pool


async def _check(connection: Connection) -> None:
    """Ask the server only when something lies on the socket: an idle live connection has nothing to read."""
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if poller.poll(0):
        await AsyncConnectionPool.check_connection(connection)
