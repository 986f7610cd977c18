"""The server starts lean and ends gracefully.

It loads no library that works on pixels, says what is wrong with its address before it serves, and finishes
an answer under way when it is told to stop.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from tests.scenarios.world import Server, make_task

from retouch.api.server import listen
from retouch.errors import SetupError
from retouch.settings import Settings
from retouch.tasks.store import TaskStore

HEAVY = ("openvino", "cv2", "torch", "PIL", "numpy", "httpx2")


def test_importing_the_app_loads_nothing_heavy() -> None:
    code = f"import sys, retouch.api.app, retouch.api.server; print([m for m in {HEAVY} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_taken_port_is_said_before_anything_starts(settings: Settings) -> None:
    with listen(settings.model_copy(update={"port": 0})) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"cannot listen on 127.0.0.1:{port}"):
            listen(settings.model_copy(update={"port": port}))


async def listens(server: Server) -> bool:
    try:
        _, probe = await asyncio.open_connection("127.0.0.1", server.port)
    except ConnectionError:
        return False
    probe.close()
    return True


async def test_an_answer_under_way_is_finished(
    server: Server, token: str, store: TaskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await make_task(store)
    asked, go_on, unhurried = threading.Event(), threading.Event(), TaskStore.get

    async def slow(self: TaskStore, task_id: str, account_id: str | None = None) -> object:
        asked.set()
        await asyncio.to_thread(go_on.wait)
        return await unhurried(self, task_id, account_id)

    monkeypatch.setattr(TaskStore, "get", slow)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = f"GET /v1/tasks/{task.id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    await asyncio.to_thread(asked.wait, 30)

    ending = asyncio.create_task(asyncio.to_thread(server.end))
    while await listens(server):
        pass
    go_on.set()
    answer = await reader.read()
    await ending
    writer.close()

    assert answer.startswith(b"HTTP/1.1 200")
    assert task.id.encode() in answer
