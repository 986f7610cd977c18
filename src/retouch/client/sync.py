"""The client for ordinary code. Its methods are those of the asynchronous one, without await."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from types import TracebackType
from typing import Self, TypeAlias, TypeVar, Unpack

import httpx2

from retouch.client import wire
from retouch.client.errors import ConnectionLost
from retouch.client.orders import Options, Order
from retouch.client.pictures import Picture, Pictures, load
from retouch.client.steps import Answer, Ask, Call, Flow, Listen, Open, Pause, Reply, Step, Tell
from retouch.client.talk import RETRIES, TIMEOUT_S, Talk
from retouch.client.values import Balance, EditResult, Event, Model, Plan, Task, TaskPage, Upload

T = TypeVar("T")
OnProgress: TypeAlias = Callable[[Event], object]
_Tasks: TypeAlias = list[Task | None]  # the class has a method called list


class Client:
    """Edits pictures on a Retouch server.

        with Client("http://127.0.0.1:8000", key) as client:
            result = client.edit("photo.jpg", "Change the background to a starry sky")
            result.pictures[0].save("starry.png")

    ``url`` and ``key`` may stand in RETOUCH_URL and RETOUCH_API_KEY. ``language`` is that of failures (en zh
    ko ja es fr de pt ru ar hi), ``timeout`` the most seconds of one call with all its tries, ``retries`` how
    often a request that met a passing fault is sent again. ``http``: a client of your own, for a proxy or a
    certificate; it must not carry credentials. May be used by several threads. Raises what errors.py draws.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        language: str | None = None,
        timeout: float = TIMEOUT_S,
        retries: int = RETRIES,
        http: httpx2.Client | None = None,
    ) -> None:
        self._server = wire.Server.of(url, key)
        self._talk = Talk.of(language, timeout, retries)
        self._http = http or httpx2.Client(
            trust_env=not self._server.is_loopback, max_redirects=wire.REDIRECTS_MAX
        )

    def __repr__(self) -> str:
        return f"Client({self._server.base!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def edit(
        self,
        image: Pictures,
        prompt: str,
        *,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        **options: Unpack[Options],
    ) -> EditResult:
        """Edit a picture: submit, wait, download.

        ``image``: a path, bytes, a Pillow image or a URL; or a list of them, of which the first is edited.
        ``prompt``: what to do, in any language. ``timeout``: seconds for everything together.
        ``on_progress`` is called with every Event. The options are those of orders.Options.
        """
        return self._run(self._talk.edit(Order.of(image, prompt, options), timeout), on_progress)

    def submit(self, image: Pictures, prompt: str, **options: Unpack[Options]) -> str:
        """Submit an edit; the id of its task. Arguments as in :meth:`edit`."""
        return self._run(self._talk.submit(Order.of(image, prompt, options)))

    def get(self, task_id: str) -> Task:
        """The task as it stands."""
        return self._run(self._talk.get(task_id))

    def wait(
        self, task_id: str, *, timeout: float | None = None, on_progress: OnProgress | None = None
    ) -> Task:
        """The task once it has ended, whichever way. Raises TimedOut after ``timeout`` seconds."""
        return self._run(self._talk.follow(task_id, timeout), on_progress)

    def events(self, task_id: str, *, timeout: float | None = None) -> Generator[Event, None, Task]:
        """What happens to the task, from its beginning; the last event has the ended task."""
        return _walk(self._talk.follow(task_id, timeout), _Wire(self._http, self._server))

    def download(self, task: Task) -> EditResult:
        """The pictures of a completed task. Raises TaskFailed or TaskCancelled where there are none."""
        return self._run(self._talk.download(task))

    def cancel(self, task_id: str) -> Task:
        """Cancel a task. Raises Conflict where it has ended already."""
        return self._run(self._talk.cancel(task_id))

    def delete(self, task_id: str) -> bool:
        """Delete a task with its pictures; whether there was one."""
        return self._run(self._talk.delete(task_id))

    def list(self, *, status: str | None = None, limit: int = 20, cursor: str | None = None) -> TaskPage:
        """The account's tasks, newest first; give ``next_cursor`` as ``cursor`` to go on."""
        return self._run(self._talk.list(status, limit, cursor))

    def batch(self, task_ids: Iterable[str]) -> _Tasks:
        """Many tasks, in the order asked for; None where there is none."""
        return self._run(self._talk.batch(task_ids))

    def upload(self, picture: Picture) -> Upload:
        """Keep a picture on the server, for several edits; its ``url`` goes wherever a picture does."""
        return self._run(self._talk.upload(load(picture)))

    def plan(self, prompt: str, *, model: str | None = None) -> Plan:
        """What an instruction would do; nothing is submitted."""
        return self._run(self._talk.plan(prompt, model))

    def models(self) -> tuple[Model, ...]:
        """The models that the key may use."""
        return self._run(self._talk.models())

    def balance(self) -> Balance:
        """What the key may still spend."""
        return self._run(self._talk.balance())

    def _run(self, flow: Flow[T], on_event: OnProgress | None = None) -> T:
        steps = _walk(flow, _Wire(self._http, self._server))
        try:
            while True:
                event = next(steps)
                if on_event is not None:
                    on_event(event)
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            steps.close()


def _walk(flow: Flow[T], hands: _Wire) -> Generator[Event, None, T]:
    """Carry out the steps of ``flow``; its events come out, and its value at the end."""
    answer: Answer = None
    fault: ConnectionLost | None = None
    try:
        while True:
            step: Step = flow.send(answer) if fault is None else flow.throw(fault)
            answer = fault = None
            if isinstance(step, Tell):
                yield step.event
                continue
            try:
                answer = hands.do(step)
            except ConnectionLost as lost:
                fault = lost
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        flow.close()
        hands.hang_up()


class _Wire:
    """Carries out steps; keeps at most one stream open."""

    def __init__(self, http: httpx2.Client, server: wire.Server) -> None:
        self._http = http
        self._server = server
        self._stream: httpx2.Response | None = None
        self._lines: Iterator[str] = iter(())

    def do(self, step: Ask | Open | Listen | Pause) -> Answer:
        """The answer to a step. Raises ConnectionLost."""
        try:
            match step:
                case Ask(call):
                    response = self._send(call, stream=False)
                    return wire.reply(response, response.content)
                case Open(call):
                    return self._open(call)
                case Listen():
                    return next(self._lines, None)
                case Pause(seconds):
                    time.sleep(seconds)
                    return None
        except wire.Lost as error:
            fault = wire.lost(error)
        raise fault  # out here it does not drag the library's error along, whose request has the key

    def hang_up(self) -> None:
        """Close the stream that is open, if one is."""
        stream, self._stream = self._stream, None
        self._lines = iter(())
        if stream is not None:
            stream.close()

    def _open(self, call: Call) -> Reply:
        self.hang_up()
        response = self._stream = self._send(call, stream=True)
        if not wire.is_stream(response):
            response.read()
            return wire.reply(response, response.content)
        self._lines = response.iter_lines()
        return wire.reply(response, b"")

    def _send(self, call: Call, *, stream: bool) -> httpx2.Response:
        request = self._server.request(self._http, call)
        return self._http.send(request, stream=stream, auth=None, follow_redirects=not call.keyed)
