"""Migrations: once each, in order, side by side, never backwards."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from procrastinate import App, PsycopgConnector

from retouch.database.migrate import migrate, migrations
from retouch.database.pool import Pool, open_pool
from retouch.errors import ServiceUnavailable, SetupError
from retouch.settings import Settings


async def _applied(url: str) -> list[str]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        rows = await (await connection.execute("SELECT name FROM schema_migrations ORDER BY name")).fetchall()
    return [row[0] for row in rows]


async def test_processes_that_migrate_at_once_do_it_once(database_server: str) -> None:
    with psycopg.connect(database_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS fresh")
        connection.execute("CREATE DATABASE fresh")
    url = database_server.replace("/postgres?", "/fresh?")
    await asyncio.gather(*(migrate(url) for _ in range(4)))
    assert await _applied(url) == [m.name for m in migrations()]
    await migrate(url)
    assert await _applied(url) == [m.name for m in migrations()]


async def test_a_database_of_a_newer_version_is_left_alone(database_url_fixture: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url_fixture) as connection:
        await connection.execute("INSERT INTO schema_migrations VALUES ('9999_future')")
    with pytest.raises(SetupError, match="9999_future"):
        await migrate(database_url_fixture)


async def test_a_database_that_is_not_there_is_said_so() -> None:
    with pytest.raises(SetupError, match="cannot be reached"):
        await migrate("postgresql:///x?host=/nonexistent")


async def test_a_pool_on_no_database_is_unavailable(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retouch.database.pool.WAIT_S", 0.05)
    with pytest.raises(ServiceUnavailable):
        await open_pool("postgresql:///x?host=/nonexistent", settings)


async def test_a_connection_that_was_cut_while_idle_is_replaced_before_use(
    pool: Pool, database_url_fixture: str
) -> None:
    async with await psycopg.AsyncConnection.connect(database_url_fixture, autocommit=True) as killer:
        for _ in range(5):
            async with pool.connection() as connection:
                row = await (await connection.execute("SELECT pg_backend_pid() AS pid")).fetchone()
            assert row is not None
            await killer.execute("SELECT pg_terminate_backend(%s, 10000)", [row["pid"]])


async def test_our_ticket_is_the_one_that_the_library_would_make(
    pool: Pool, database_url_fixture: str
) -> None:
    """make_ticket writes the library's table: a new version of the library may want other columns."""
    app = App(connector=PsycopgConnector(conninfo=database_url_fixture))

    @app.task(name="edit", queue="edits")
    def edit(task_id: str) -> None:
        raise AssertionError(task_id)

    async with app.open_async():
        await edit.configure(queueing_lock="task_1").defer_async(task_id="task_1")
    async with pool.connection() as connection:
        await connection.execute("SELECT make_ticket('task_2', 0, 0)")
        cursor = await connection.execute("SELECT * FROM procrastinate_jobs ORDER BY id")
        theirs, ours = await cursor.fetchall()
        events = await (await connection.execute("SELECT type FROM procrastinate_events")).fetchall()
    own = {"id", "queueing_lock", "args", "lock"}
    assert {k: v for k, v in theirs.items() if k not in own} == {
        k: v for k, v in ours.items() if k not in own
    }
    assert ours["args"] == {"task_id": "task_2"}
    assert [event["type"] for event in events] == ["deferred", "deferred"]
