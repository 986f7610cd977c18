"""Usage: every task that ended is accounted for once, for its own account, by day, model and key."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.scenarios.world import STARRY, Server, Work, connect, problem
from tests.support_tasks import FAILURE
from typer.testing import CliRunner

from retouch.api import wire
from retouch.cli.main import app
from retouch.database.pool import Pool
from retouch.settings import Settings
from retouch.storage import ObjectStore
from retouch.tasks.keys import KeyStore
from retouch.tasks.retention import sweep


async def make_some(server: Server, token: str, work: Work) -> None:
    """One completed with two pictures, one failed, one cancelled."""
    async with connect(server, token) as client:
        made = [await client.post("/v1/images/edits", json=STARRY | {"n": 2}) for _ in range(3)]
        done, failing, leaving = [answer.json()["data"][0]["task_id"] for answer in made]
        await work.complete(done, pictures=2)
        await work.fail(failing, FAILURE)
        await client.post(f"/v1/tasks/{leaving}/cancel")


async def test_an_account_sees_its_own_usage_and_an_admin_all(
    server: Server, keys: KeyStore, work: Work, pool: Pool
) -> None:
    mine, boss = await keys.create("k", account="mine"), await keys.create("boss", admin=True)
    await make_some(server, mine.token, work)
    await make_some(server, boss.token, work)
    today = datetime.now(UTC).date()
    async with connect(server, mine.token) as client:
        usage = wire.UsageAnswer.model_validate((await client.get("/v1/usage")).json()).data
        assert (usage.to, usage.account) == (today.isoformat(), "mine")
        (row,) = usage.rows
        assert (row.group, row.tasks, row.completed, row.failed, row.cancelled, row.pictures) == (
            *(today.isoformat(), 3, 1, 1, 1, 2),
        )
        assert row.failures == {"engine_failed": 1}
        assert row.latency_s.p50 is not None
        assert row.latency_s.p50 == row.latency_s.p99
        assert usage.total == row.model_copy(update={"group": "total"})
        by_key = (await client.get("/v1/usage?group_by=key")).json()["data"]["rows"]
        assert [row["group"] for row in by_key] == [mine.id]
        for other in ("all", "default"):
            problem(await client.get("/v1/usage", params={"account": other}), 403, "permission_error")
    async with connect(server, boss.token) as admin:
        everybody = (await admin.get("/v1/usage?group_by=key&account=all")).json()["data"]
        assert {row["group"] for row in everybody["rows"]} == {mine.id, boss.id}
        assert everybody["total"]["tasks"] == 6
        theirs = (await admin.get("/v1/usage?group_by=model&account=mine")).json()["data"]
        assert [row["group"] for row in theirs["rows"]] == [STARRY["model"]]

        async with pool.connection() as connection:
            await connection.execute("UPDATE usage SET ended_at = ended_at - interval '1 day'")
        yesterday = (today - timedelta(days=1)).isoformat()
        days = (await admin.get("/v1/usage")).json()["data"]["rows"]
        assert [row["group"] for row in days] == [yesterday]
        empty = (await admin.get("/v1/usage", params={"from": today.isoformat()})).json()["data"]
        assert (empty["rows"], empty["total"]["tasks"], empty["total"]["cost"]) == ([], 0, 0)
        assert empty["total"]["latency_s"] == {"p50": None, "p95": None, "p99": None}
        for wrong in (
            {"from": "yesterday"},
            {"from": "0"},
            {"to": "2026-11-24T00:00:00"},
            {"to": yesterday, "from": today.isoformat()},
            {"from": "2000-01-01"},
            {"group_by": "planet"},
        ):
            problem(await admin.get("/v1/usage", params=wrong), 400, "invalid_request_error")


async def test_usage_as_a_table(
    server: Server,
    keys: KeyStore,
    work: Work,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await keys.create("k")
    await make_some(server, made.token, work)
    async with connect(server, made.token) as client:
        answer = await client.get("/v1/usage", headers={"Accept": "text/csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        head, day, total = csv.reader(io.StringIO(answer.text))
        assert head[:4] == ["day", "tasks", "completed", "failed"]
        assert day[1:7] == total[1:7] == ["3", "1", "1", "1", "2", "0"]
        assert day[-1] == "engine_failed 1"
        assert (await client.get("/v1/usage?format=csv")).text == answer.text

    assert settings.database_url is not None
    monkeypatch.setenv("RETOUCH_DATABASE_URL", settings.database_url.get_secret_value())
    command = ["usage", "--json", "--data-dir", str(settings.data_dir)]
    shown = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert json.loads(shown.stdout)["total"]["pictures"] == 2


async def test_usage_outlives_its_tasks_and_goes_with_its_time(
    server: Server, keys: KeyStore, work: Work, settings: Settings, pool: Pool
) -> None:
    await make_some(server, (await keys.create("k")).token, work)

    async def kept() -> int:
        async with pool.connection() as connection:
            row = await (await connection.execute("SELECT count(*) AS n FROM usage")).fetchone()
            return int(row["n"]) if row else 0

    async with pool.connection() as connection:
        await connection.execute("DELETE FROM tasks")
        assert await kept() == 3
        await connection.execute("UPDATE usage SET ended_at = now() - interval '399 days'")
        assert (await sweep(work.store, ObjectStore.open(settings), settings)).usage == 0
        await connection.execute("UPDATE usage SET ended_at = now() - interval '401 days'")
        assert (await sweep(work.store, ObjectStore.open(settings), settings)).usage == 3
    assert await kept() == 0
