"""An owner's chat model reads what the planner refuses; without it everything is as it was."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from tests.scenarios.whole.client import Client, data_uri, pixels

from retouch.testing import pictures
from retouch.testing.service import forget_cluster, running_service

WISH = "Canary-wish: as Alice would see it from behind her looking-glass"
KEY = "canary-key-77e0"
FLIP = {
    "language": "en",
    "operations": [{"kind": "geometry", "action": "flip", "axis": "horizontal"}],
    "unsupported": [],
}


class _Chat(BaseHTTPRequestHandler):
    """Answers every question with a flip, if it came with the key."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        allowed = self.headers["Authorization"] == f"Bearer {KEY}" and self.path == "/v1/chat/completions"
        body = json.dumps({"choices": [{"message": {"content": json.dumps(FLIP)}}]}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output quiet."""


@pytest.fixture
def chat() -> Iterator[ThreadingHTTPServer]:
    """A chat endpoint on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Chat) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_refused_wish_is_read_by_the_chat_model_until_it_is_gone(
    tmp_path: Path, chat: ThreadingHTTPServer
) -> None:
    owner = {
        "RETOUCH_PLANNER_URL": f"http://127.0.0.1:{chat.server_port}/v1",
        "RETOUCH_PLANNER_MODEL": "a-model",
        "RETOUCH_PLANNER_API_KEY": KEY,
        "RETOUCH_LOG_LEVEL": "debug",
    }
    original = pictures.photo()
    picture = data_uri(pictures.saved(original))
    with running_service(tmp_path, owner) as service, Client(service.url, service.key) as client:
        done = client.ended(client.submit(WISH, picture))
        result = client.http.get(done["result"]["images"][0]["url"][0]).content
        chat.shutdown()
        chat.server_close()
        refused = client.ended(client.submit(WISH, picture))
        log = service.log.read_text(encoding="utf-8")
    forget_cluster(tmp_path / "data")

    assert np.array_equal(pixels(result), pixels(pictures.saved(original))[:, ::-1])
    assert any("chat model" in warning for warning in done["warnings"])
    assert refused["error"]["code"] == "instruction_not_supported"
    assert log.count("chat planner gave no plan") == 1
    assert "canary" not in log.lower()
