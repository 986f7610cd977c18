"""Fixtures of the HTTP scenarios: a real server on a loopback port over this test's database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeAlias

import httpx2
import pytest
import pytest_asyncio
from tests.scenarios.world import Server, Work, connect

from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.keys import KeyStore
from retouch.tasks.store import TaskStore

Start: TypeAlias = Callable[[Settings], Server]


@pytest.fixture
def start(database_url_fixture: str) -> Iterator[Start]:
    """Starts servers with settings of the test's choice; all end with the test."""
    running: list[Server] = []

    def begin(settings: Settings) -> Server:
        server = Server(settings, database_url_fixture)
        server.begin()
        running.append(server)
        return server

    yield begin
    for server in running:
        server.end()


@pytest.fixture
def server(start: Start, settings: Settings) -> Server:
    """A server with the defaults."""
    return start(settings)


@pytest_asyncio.fixture
async def token(keys: KeyStore) -> str:
    """An API key of the account ``default``."""
    return (await keys.create("test")).token


@pytest_asyncio.fixture
async def client(server: Server, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of ``server`` with a key."""
    async with connect(server, token) as opened:
        yield opened


@pytest.fixture
def work(store: TaskStore, settings: Settings) -> Work:
    """A worker's hands."""
    return Work(store, ObjectStore.open(settings))
