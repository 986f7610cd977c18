"""Fixtures of all rooms: one bundled PostgreSQL per test process, a fresh migrated database per test."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from retouch.database.embedded import Supervisor
from retouch.database.migrate import migrate
from retouch.database.pool import Pool, open_pool
from retouch.keyring import Keyring
from retouch.settings import Settings
from retouch.tasks.keys import KeyStore
from retouch.tasks.queue import TicketQueue
from retouch.tasks.store import TaskStore

_TEMPLATE = "retouch_template"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bundled server with one database, migrated, to be copied. Nothing in it needs to survive a crash."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("server") / "data")
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    supervisor = Supervisor(settings, fast)
    try:
        with supervisor as server:
            _execute(server.url, f"CREATE DATABASE {_TEMPLATE}")
            asyncio.run(migrate(_named(server.url, _TEMPLATE)))
            _execute(_named(server.url, _TEMPLATE), "INSERT INTO accounts (id) VALUES ('default')")
            yield server.url
    finally:
        forget_cluster(supervisor)


@pytest.fixture
def database_url_fixture(database_server: str) -> Iterator[str]:
    """The URL of a database of this test alone, with the schema and the account ``default``."""
    name = f"test_{next(_numbers)}"
    _execute(database_server, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
    yield _named(database_server, name)
    _execute(database_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(tmp_path: Path, database_url_fixture: str) -> Settings:
    """Settings with the defaults of the house, this test's database and a data folder of its own."""
    return Settings(
        data_dir=tmp_path / "data",
        weights_dir=tmp_path / "weights",
        database_url=SecretStr(database_url_fixture),
    )


@pytest_asyncio.fixture
async def pool(database_url_fixture: str, settings: Settings) -> AsyncIterator[Pool]:
    """An open pool on this test's database."""
    async with await open_pool(database_url_fixture, settings) as opened:
        yield opened


@pytest_asyncio.fixture
async def queue(database_url_fixture: str, settings: Settings) -> AsyncIterator[TicketQueue]:
    """The tickets of this test's database."""
    opened = await TicketQueue.open(database_url_fixture, settings)
    yield opened
    await opened.close()


@pytest.fixture
def store(pool: Pool, queue: TicketQueue, settings: Settings) -> TaskStore:
    """The tasks of this test's database."""
    return TaskStore(pool, queue, settings)


@pytest.fixture
def keys(pool: Pool, settings: Settings) -> KeyStore:
    """The API keys of this test's database."""
    return KeyStore(pool, Keyring.open(settings))


def forget_cluster(supervisor: Supervisor) -> None:
    """Remove what a server of root leaves outside its data folder."""
    place = supervisor.place
    for folder in (place.cluster, place.socket_dir):
        shutil.rmtree(folder, ignore_errors=True)
    for file in place.cluster.parent.glob(f"{place.cluster.name}.*"):
        file.unlink()


def _named(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?")


def _execute(url: str, command: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(command.encode())
