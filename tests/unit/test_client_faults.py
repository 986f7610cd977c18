"""The Python client on a bad day: servers that hang up, answer nonsense, redirect, or cut a stream.

Each story is told to both clients; the server is a function.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

import retouch
from retouch.client import following, retrying

KEY = "rt_canary_5f1c"
BASE = "https://pictures.example.com"
ID = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"
PNG = b"\x89PNG\r\n\x1a\n rest"
SUBMITTED = {"code": 200, "data": [{"status": "submitted", "task_id": ID}]}


def task(status: str = "completed", **fields: Any) -> dict[str, Any]:
    urls = [{"url": ["https://cdn.example.net/x.png?signature=s"], "expires_at": 1, "seed": 7}]
    result = {"result": {"images": urls}} if status == "completed" else {}
    return {"id": ID, "status": status, "progress": 100, **result, **fields}


def error(status: int, message: str = "no", **headers: str) -> httpx2.Response:
    body = {"error": {"code": status, "message": message, "type": "t", "request_id": "req_1"}}
    return httpx2.Response(status, json=body, headers=headers)


def stream(*lines: str) -> httpx2.Response:
    return httpx2.Response(200, text="".join(lines), headers={"Content-Type": "text/event-stream"})


def event(number: int, kind: str, data: dict[str, Any]) -> str:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"


@dataclass
class Script:
    """Answers requests one after the other, and keeps them."""

    answers: list[httpx2.Response | Exception]
    seen: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """The next answer."""
        self.seen.append(request)
        answer = self.answers[len(self.seen) - 1]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def later(self, request: httpx2.Request) -> httpx2.Response:
        """The same for asyncio."""
        return self(request)


class Both:
    """One call, made by either client."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, answers: list[Any], name: str, *arguments: Any, **options: Any) -> tuple[Any, Script]:
        """What the method gives or raises (returned), and what the server saw."""
        script = Script(answers)
        settings = {name: options.pop(name) for name in ("retries", "timeout") if name in options}
        try:
            return self._call(script, settings, name, arguments, options), script
        except retouch.ClientError as raised:
            return raised, script

    def _call(self, script: Script, settings: Any, name: str, arguments: Any, options: Any) -> Any:
        if self.kind == "sync":
            http = httpx2.Client(transport=httpx2.MockTransport(script))
            with retouch.Client(BASE, KEY, http=http, **settings) as client:
                made = getattr(client, name)(*arguments, **options)
                return list(made) if isinstance(made, Iterator) else made

        async def call() -> Any:
            http = httpx2.AsyncClient(transport=httpx2.MockTransport(script.later))
            async with retouch.AsyncClient(BASE, KEY, http=http, **settings) as client:
                made = getattr(client, name)(*arguments, **options)
                return await made if inspect.isawaitable(made) else [each async for each in made]

        return asyncio.run(call())


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Both:
    monkeypatch.setattr(retrying, "_FIRST_S", 0.001)
    monkeypatch.setattr(following, "_BETWEEN_POLLS_S", 0.001)
    return Both(request.param)


def test_a_submit_is_sent_again_under_the_same_key(call: Both) -> None:
    faults = [
        httpx2.ConnectError("refused"),
        error(503, **{"Retry-After": "0"}),
        error(409, "idempotency_in_progress", **{"Retry-After": "0"}),
        httpx2.ReadError("cut"),
    ]

    task_id, script = call([*faults, httpx2.Response(200, json=SUBMITTED)], "submit", PNG, "sepia")
    _, other = call([httpx2.Response(200, json=SUBMITTED)], "submit", PNG, "sepia")

    assert task_id == ID
    keys = {request.headers["idempotency-key"] for request in script.seen}
    assert len(script.seen) == 5
    assert len(keys) == 1
    assert other.seen[0].headers["idempotency-key"] not in keys


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(402), retouch.QuotaExceeded),
        (error(403), retouch.PermissionDenied),
        (error(500), retouch.ServerError),
        (error(504, **{"x-should-retry": "false"}), retouch.ServerError),
        (error(429, **{"Retry-After": "3600"}), retouch.RateLimited),
        (error(409, "idempotency_key_reused"), retouch.Conflict),
        (httpx2.Response(418, text="<html>"), retouch.InvalidRequest),
        (httpx2.Response(200, text="<html>a login page</html>"), retouch.ServerError),
        (httpx2.Response(200, json={"code": 200, "data": []}), retouch.ServerError),
    ],
)
def test_what_would_not_pass_is_not_tried_again(
    call: Both, answer: httpx2.Response, kind: type[retouch.ClientError]
) -> None:
    raised, script = call([answer], "submit", PNG, "sepia")

    assert type(raised) is kind
    assert len(script.seen) == 1


def test_tries_end(call: Both) -> None:
    raised, script = call([httpx2.ConnectError("refused")] * 9, "models", retries=2)

    assert isinstance(raised, retouch.ConnectionLost)
    assert "refused" in str(raised)
    assert len(script.seen) == 3


def test_a_server_that_asks_for_more_patience_than_there_is_is_not_waited_for(call: Both) -> None:
    raised, script = call([error(429, **{"Retry-After": "30"})], "submit", PNG, "sepia", timeout=5)

    assert isinstance(raised, retouch.RateLimited)
    assert raised.retry_after == 30
    assert len(script.seen) == 1


def test_the_key_goes_to_the_api_and_nowhere_else(call: Both) -> None:
    """A result may lie on another host, and may be redirected: neither of them gets the key."""
    moved = httpx2.Response(302, headers={"Location": "https://elsewhere.example.org/x.png"})
    picture = httpx2.Response(200, content=PNG, headers={"Content-Type": "image/webp; q=1"})
    ended = retouch.client.parse.task(task())

    result, script = call([moved, picture], "download", ended)

    assert result.pictures[0].data == PNG
    assert result.pictures[0].media_type == "image/webp"
    assert [request.url.host for request in script.seen] == ["cdn.example.net", "elsewhere.example.org"]
    assert not any("authorization" in request.headers for request in script.seen)


def test_a_redirect_of_the_api_is_not_followed(call: Both) -> None:
    moved = httpx2.Response(307, headers={"Location": "https://evil.example.org/v1/models"})

    raised, script = call([moved], "models")

    assert isinstance(raised, retouch.ServerError)
    assert "redirect" in str(raised)
    assert [request.url.host for request in script.seen] == ["pictures.example.com"]


def test_the_key_is_in_no_error_and_no_repr(call: Both) -> None:
    for answers in ([httpx2.ConnectError("refused")], [error(500)], [httpx2.Response(200, text="?")]):
        raised, script = call(answers, "models", retries=0)
        assert script.seen[0].headers["authorization"] == f"Bearer {KEY}"
        shown = "".join(traceback.TracebackException.from_exception(raised, capture_locals=True).format())
        assert KEY not in shown
        # The library's error has the request, and that the key.
        assert not isinstance(raised.__context__, httpx2.HTTPError)
    for kind in (retouch.Client, retouch.AsyncClient):
        assert KEY not in repr(kind(BASE, KEY)) + repr(vars(kind(BASE, KEY)))


def test_a_cut_stream_goes_on_behind_the_last_whole_event(call: Both) -> None:
    first = event(3, "progress", {"status": "processing", "progress": 40, "attempt": 1})
    cut = "id: 4\nevent: progress\ndata: {"
    again = event(4, "progress", {"status": "processing", "progress": 60, "attempt": 1})
    answers = [
        stream("retry: 2000\n\n", ": waiting\n\n", first, cut),
        stream(again, event(5, "completed", task())),
    ]

    events, script = call(answers, "events", ID)

    assert [each.progress for each in events] == [40, 60, 100]
    assert events[-1].task.status == "completed"
    assert [request.headers.get("last-event-id") for request in script.seen] == [None, "3"]


def test_a_stream_that_was_seen_to_its_end_is_asked_for_the_task(call: Both) -> None:
    ended, script = call(
        [httpx2.Response(204), httpx2.Response(200, json={"code": 200, "data": task()})], "wait", ID
    )

    assert ended.status == "completed"
    assert script.seen[-1].url.path == f"/v1/tasks/{ID}"


@pytest.mark.parametrize(
    "refusal",
    [
        [error(404)],
        [error(503, **{"Retry-After": "5"})],
        [httpx2.Response(200, json={})],
        [httpx2.Response(200, text="data: x\n\n", headers={"Content-Type": "text/event-stream"})],
        [httpx2.ReadTimeout("a proxy keeps the events to itself")] * 3,
    ],
)
def test_where_no_events_come_through_polls_do(call: Both, refusal: list[Any]) -> None:
    told: list[retouch.Event] = []
    polls = [
        httpx2.Response(200, json={"code": 200, "data": task("processing", progress=30)}),
        error(503, **{"Retry-After": "0"}),
        httpx2.Response(200, json={"code": 200, "data": task()}),
    ]

    ended, script = call([*refusal, *polls], "wait", ID, on_progress=told.append)

    assert ended.status == "completed"
    assert [each.progress for each in told] == [30, 100]
    assert dict(script.seen[-1].url.params)["wait"] == "30"


def test_a_failure_after_the_submit_has_the_id_of_the_task(call: Both) -> None:
    failure = {"code": "target_not_found", "message": "no face", "type": "invalid_request_error"}
    answers = [
        httpx2.Response(200, json=SUBMITTED),
        stream(event(9, "failed", task("failed", error=failure))),
    ]
    raised, _ = call(answers, "edit", PNG, "blur the faces")
    assert (type(raised), raised.code, raised.task_id) == (retouch.TaskFailed, "target_not_found", ID)

    answers = [httpx2.Response(200, json=SUBMITTED), stream(event(9, "completed", task())), error(410)]
    raised, _ = call(answers, "edit", PNG, "sepia")
    assert (type(raised), raised.task_id) == (retouch.Expired, ID)


def test_a_deleted_task_that_is_gone_already_is_no_error(call: Both) -> None:
    assert call([httpx2.Response(200, json={})], "delete", ID)[0] is True
    assert call([error(404)], "delete", ID)[0] is False


def test_an_id_cannot_lead_to_another_route(call: Both) -> None:
    raised, script = call([], "get", "../keys")
    assert isinstance(raised, retouch.ConfigurationError)
    assert script.seen == []


def test_a_task_of_the_hosted_api_has_fewer_fields(call: Both) -> None:
    """Its page promises id, status, progress and result; that is enough."""
    bare = {
        "id": ID,
        "status": "completed",
        "progress": 100,
        "result": {"images": [{"url": ["https://x/y"]}]},
    }
    shown, _ = call([httpx2.Response(200, json={"code": 200, "data": bare})], "get", ID)
    assert shown.images == (retouch.ResultLink("https://x/y", None, None),)
    assert (shown.engine, shown.cost, shown.ignored) == (None, 0.0, ())
