"""What a user of the hosted API does: submit, poll, download."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

DATA = Path(__file__).resolve().parents[2] / "data"
CEILING_S = 120


class Client:
    """Talks to one service with one key."""

    def __init__(self, url: str, key: str) -> None:
        self.http = httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def submit(self, prompt: str, picture: str, **fields: Any) -> str:
        """Submit; the id of the task."""
        answer = self.http.post(
            "/v1/images/edits", json={"prompt": prompt, "image_urls": [picture], **fields}
        )
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"][0]
        assert data["status"] == "submitted"
        return str(data["task_id"])

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as it stands."""
        answer = self.http.get(f"/v1/tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()["data"]
        return shown

    def ended(self, task_id: str) -> dict[str, Any]:
        """The task once it has ended; its progress never went backwards on the way."""
        until, progress = time.monotonic() + CEILING_S, 0
        while time.monotonic() < until:
            task = self.task(task_id)
            assert task["progress"] >= progress
            progress = task["progress"]
            if task["status"] in {"completed", "failed", "cancelled"}:
                return task
            time.sleep(0.05)
        raise AssertionError(f"{task_id} did not end")

    def edit(self, prompt: str, picture: str, **fields: Any) -> list[bytes]:
        """Submit, wait, download: the files."""
        task = self.ended(self.submit(prompt, picture, **fields))
        assert task["status"] == "completed", task
        return [self.http.get(image["url"][0]).content for image in task["result"]["images"]]


def photo(name: str) -> bytes:
    """A photo of the tests."""
    return (DATA / "photos" / name).read_bytes()


def data_uri(data: bytes, kind: str = "png") -> str:
    """``data`` as a client sends it inline."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def pixels(data: bytes) -> NDArray[np.uint8]:
    """(H, W, C) uint8 of a file."""
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened)


def hand_mask(name: str) -> NDArray[np.bool_]:
    """(H, W) of a photo's subject, drawn by hand."""
    with Image.open(DATA / "masks" / f"{name}.png") as opened:
        return np.asarray(opened.convert("L")) > 127
