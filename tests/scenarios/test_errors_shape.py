"""Whatever goes wrong, a client gets one shape of error, with an id that it can quote, and no internals."""

from __future__ import annotations

import httpx2
import psycopg
import pytest
from tests.scenarios.world import STARRY, problem

from retouch.tasks.store import TaskStore

NEVER = "/v1/tasks/task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/images/edits/", "/v2/images/edits", "/%ff"])
async def test_a_path_that_leads_nowhere(client: httpx2.AsyncClient, path: str) -> None:
    problem(await client.get(path), 404, "not_found_error")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/images/edits", "POST"),
        ("GET", "/v1/tasks/batch", "POST"),
        ("OPTIONS", "/v1/tasks/batch", "POST"),
        ("DELETE", "/v1/tasks/batch", "POST"),
        ("POST", "/v1/files/results/task_A/1/0.png", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("PUT", "/v1/tasks", "GET"),
    ],
)
async def test_a_method_that_the_path_does_not_take(
    client: httpx2.AsyncClient, method: str, path: str, allow: str
) -> None:
    answer = await client.request(method, path)

    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allow


async def test_our_own_fault_says_nothing_of_the_inside(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2 in /etc/secret")

    monkeypatch.setattr(TaskStore, "get", broken)

    answer = await client.get(NEVER)

    problem(answer, 500, "server_error")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_a_clients_own_request_id_is_kept(client: httpx2.AsyncClient) -> None:
    answer = await client.get(NEVER, headers={"X-Request-Id": "order-17.b_2"})

    assert answer.headers["x-request-id"] == "order-17.b_2"
    assert problem(answer, 404, "not_found_error")["request_id"] == "order-17.b_2"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>", "é"])
async def test_an_unfit_request_id_is_replaced(client: httpx2.AsyncClient, given: str) -> None:
    answer = await client.get(NEVER, headers=[(b"X-Request-Id", given.encode("latin-1"))])

    assert answer.headers["x-request-id"].startswith("req_")


async def test_every_answer_has_a_request_id(client: httpx2.AsyncClient) -> None:
    answers = [await client.get("/healthz"), await client.post("/v1/images/edits", json=STARRY)]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


async def test_while_the_database_is_away_clients_are_told_to_come_back(
    client: httpx2.AsyncClient, database_server: str, database_url_fixture: str
) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url_fixture)["dbname"]
    with psycopg.connect(database_server, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

        submit = await client.post("/v1/images/edits", json=STARRY)
        ready = await client.get("/readyz")
        health = await client.get("/healthz")
        metrics = await client.get("/metrics")

        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())

    for answer in (submit, ready):
        problem(answer, 503, "service_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert health.status_code == 200, "the process lives"
    assert 'retouch_tasks{status="pending"} NaN' in metrics.text
    again = await client.post("/v1/images/edits", json=STARRY)
    assert again.status_code == 200, "the pool finds its way back by itself"
