"""The client for asyncio. Its methods are those of the other one, with await."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Generic, Self, TypeAlias, TypeVar, Unpack

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


class AsyncClient:
    """Edits pictures on a Retouch server, beside other work on the event loop.

        async with AsyncClient("http://127.0.0.1:8000", key) as client:
            result = await client.edit("photo.jpg", "Change the background to a starry sky")

    Arguments, methods and errors are those of :class:`retouch.Client`. ``on_progress`` may be a coroutine
    function. Files are read, and pictures encoded, in a thread.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        language: str | None = None,
        timeout: float = TIMEOUT_S,
        retries: int = RETRIES,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        self._server = wire.Server.of(url, key)
        self._talk = Talk.of(language, timeout, retries)
        self._http = http or httpx2.AsyncClient(
            trust_env=not self._server.is_loopback, max_redirects=wire.REDIRECTS_MAX
        )

    def __repr__(self) -> str:
        return f"AsyncClient({self._server.base!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def edit(
        self,
        image: Pictures,
        prompt: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the task on the server, not of this coroutine
        on_progress: OnProgress | None = None,
        **options: Unpack[Options],
    ) -> EditResult:
        """Edit a picture: submit, wait, download."""
        order = await asyncio.to_thread(Order.of, image, prompt, options)
        return await self._run(self._talk.edit(order, timeout), on_progress)

    async def submit(self, image: Pictures, prompt: str, **options: Unpack[Options]) -> str:
        """Submit an edit; the id of its task."""
        order = await asyncio.to_thread(Order.of, image, prompt, options)
        return await self._run(self._talk.submit(order))

    async def get(self, task_id: str) -> Task:
        """The task as it stands."""
        return await self._run(self._talk.get(task_id))

    async def wait(
        self,
        task_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
        on_progress: OnProgress | None = None,
    ) -> Task:
        """The task once it has ended, whichever way. Raises TimedOut after ``timeout`` seconds."""
        return await self._run(self._talk.follow(task_id, timeout), on_progress)

    def events(self, task_id: str, *, timeout: float | None = None) -> AsyncGenerator[Event, None]:
        """What happens to the task, from its beginning; the last event has the ended task.

        Whoever stops listening before, calls ``aclose()``: that hangs up.
        """
        return _Walk(self._talk.follow(task_id, timeout), _Wire(self._http, self._server)).events()

    async def download(self, task: Task) -> EditResult:
        """The pictures of a completed task. Raises TaskFailed or TaskCancelled where there are none."""
        return await self._run(self._talk.download(task))

    async def cancel(self, task_id: str) -> Task:
        """Cancel a task. Raises Conflict where it has ended already."""
        return await self._run(self._talk.cancel(task_id))

    async def delete(self, task_id: str) -> bool:
        """Delete a task with its pictures; whether there was one."""
        return await self._run(self._talk.delete(task_id))

    async def list(
        self, *, status: str | None = None, limit: int = 20, cursor: str | None = None
    ) -> TaskPage:
        """The account's tasks, newest first; give ``next_cursor`` as ``cursor`` to go on."""
        return await self._run(self._talk.list(status, limit, cursor))

    async def batch(self, task_ids: Iterable[str]) -> _Tasks:
        """Many tasks, in the order asked for; None where there is none."""
        return await self._run(self._talk.batch(task_ids))

    async def upload(self, picture: Picture) -> Upload:
        """Keep a picture on the server, for several edits; its ``url`` goes wherever a picture does."""
        return await self._run(self._talk.upload(await asyncio.to_thread(load, picture)))

    async def plan(self, prompt: str, *, model: str | None = None) -> Plan:
        """What an instruction would do; nothing is submitted."""
        return await self._run(self._talk.plan(prompt, model))

    async def models(self) -> tuple[Model, ...]:
        """The models that the key may use."""
        return await self._run(self._talk.models())

    async def balance(self) -> Balance:
        """What the key may still spend."""
        return await self._run(self._talk.balance())

    async def _run(self, flow: Flow[T], on_event: OnProgress | None = None) -> T:
        walk = _Walk(flow, _Wire(self._http, self._server))
        events = walk.events()
        try:
            async for event in events:
                told = None if on_event is None else on_event(event)
                if inspect.isawaitable(told):
                    await told
        finally:
            await events.aclose()
        (value,) = walk.value
        return value


class _Walk(Generic[T]):
    """Carries out the steps of a flow; ``value`` is empty until it has ended, then holds what it returned."""

    def __init__(self, flow: Flow[T], hands: _Wire) -> None:
        self.value: list[T] = []
        self._flow = flow
        self._hands = hands

    async def events(self) -> AsyncGenerator[Event, None]:
        """The flow's events; when they are over, it has ended."""
        answer: Answer = None
        fault: ConnectionLost | None = None
        try:
            while True:
                step: Step = self._flow.send(answer) if fault is None else self._flow.throw(fault)
                answer = fault = None
                if isinstance(step, Tell):
                    yield step.event
                    continue
                try:
                    answer = await self._hands.do(step)
                except ConnectionLost as lost:
                    fault = lost
        except StopIteration as done:
            self.value.append(done.value)
        finally:
            self._flow.close()
            await self._hands.hang_up()


class _Wire:
    """Carries out steps; keeps at most one stream open."""

    def __init__(self, http: httpx2.AsyncClient, server: wire.Server) -> None:
        self._http = http
        self._server = server
        self._stream: httpx2.Response | None = None
        self._lines: AsyncIterator[str] | None = None

    async def do(self, step: Ask | Open | Listen | Pause) -> Answer:
        """The answer to a step. Raises ConnectionLost."""
        try:
            match step:
                case Ask(call):
                    response = await self._send(call, stream=False)
                    return wire.reply(response, response.content)
                case Open(call):
                    return await self._open(call)
                case Listen():
                    return None if self._lines is None else await anext(self._lines, None)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                    return None
        except wire.Lost as error:
            fault = wire.lost(error)
        raise fault  # out here it does not drag the library's error along, whose request has the key

    async def hang_up(self) -> None:
        """Close the stream that is open, if one is."""
        stream, self._stream, self._lines = self._stream, None, None
        if stream is not None:
            await stream.aclose()

    async def _open(self, call: Call) -> Reply:
        await self.hang_up()
        response = self._stream = await self._send(call, stream=True)
        if not wire.is_stream(response):
            return wire.reply(response, await response.aread())
        self._lines = response.aiter_lines()
        return wire.reply(response, b"")

    async def _send(self, call: Call, *, stream: bool) -> httpx2.Response:
        request = self._server.request(self._http, call)
        return await self._http.send(request, stream=stream, auth=None, follow_redirects=not call.keyed)
