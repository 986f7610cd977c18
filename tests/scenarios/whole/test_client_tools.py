"""What is built on the Python client, against the whole service: the client, the command, the assistant.

The assistant is the Model Context Protocol's own client, which starts ``retouch mcp`` as its user would.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import mcp
import pytest
from mcp.client.stdio import StdioServerParameters
from PIL import Image
from tests.scenarios.whole.client import Client, photo

import retouch
from retouch.testing import pictures
from retouch.testing.service import Service

CYBERPUNK = "Convert the image to cyberpunk style"
COMMAND = [sys.executable, "-m", "retouch.cli.main"]


def assistant(service: Service, root: Path, **environment: str) -> StdioServerParameters:
    """How an assistant starts it; its home is where everything is open but the root."""
    variables = {"RETOUCH_URL": service.url, "RETOUCH_API_KEY": service.key, **environment}
    return StdioServerParameters(
        command=sys.executable, args=[*COMMAND[1:], "mcp", "--root", str(root)], env=variables, cwd=str(root)
    )


def words(result: Any) -> str:
    """What an assistant reads first of an answer, whatever kinds of content there could be."""
    return str(result.content[0].text)


def text_of(result: Any) -> Any:
    return json.loads(words(result))


def test_the_readmes_five_lines(service: Service, tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(photo("chelsea.png"))
    seen: list[retouch.Event] = []

    with retouch.Client(service.url, service.key) as client:
        result = client.edit(source, CYBERPUNK, n=2, seed=21, on_progress=seen.append)
        file = result.pictures[0].save(tmp_path / "neon.png")

    assert [picture.seed for picture in result.pictures] == [21, 22]
    assert len({picture.data for picture in result.pictures}) == 2
    with Image.open(file) as opened:
        assert opened.size == (451, 300)
    assert seen[-1].kind == "completed"
    progress = [event.progress for event in seen if event.progress is not None]
    assert progress == sorted(progress)


def test_a_pillow_image_and_a_failure_in_ones_own_language(service: Service) -> None:
    with (
        retouch.Client(service.url, service.key, language="de") as client,
        pytest.raises(retouch.TaskFailed, match="Anweisung") as failed,
    ):
        client.edit(pictures.photo(), "Give her a dragon to ride on")
    assert failed.value.code == "instruction_not_supported"


def test_the_command_lets_a_server_work(service: Service, tmp_path: Path) -> None:
    source, target = tmp_path / "photo.png", tmp_path / "out" / "grey.webp"
    source.write_bytes(pictures.saved(pictures.photo()))
    words = ["edit", str(source), "Make it black and white", "-o", str(target), "--n", "2", "--seed", "3"]
    environment = {**os.environ, "RETOUCH_API_KEY": service.key}

    done = subprocess.run(
        [*COMMAND, *words, "--server", service.url, "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    report = json.loads(done.stdout)

    assert [(image["file"], image["seed"]) for image in report["images"]] == [
        (str(target.with_stem("grey-1")), 3),
        (str(target.with_stem("grey-2")), 4),
    ]
    with Image.open(report["images"][0]["file"]) as opened:
        assert opened.format == "WEBP"


@pytest.mark.parametrize(
    ("wish", "key", "expected"),
    [
        ("sepia", "rt_wrong", (2, "RETOUCH_API_KEY")),
        ("Give her a dragon to ride on", None, (1, "dragon")),
    ],
)
def test_what_the_server_refuses_is_one_clear_line(
    service: Service, tmp_path: Path, wish: str, key: str | None, expected: tuple[int, str]
) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(pictures.saved(pictures.photo()))
    words = ["edit", str(source), wish, "-o", str(tmp_path / "x.png"), "--server", service.url]

    done = subprocess.run(
        [*COMMAND, *words, "--key", key or service.key], capture_output=True, text=True, check=False
    )

    status, says = expected
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def heeding_interrupts() -> None:
    """What a shell starts in the background ignores SIGINT, and so would what we start from there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_whoever_interrupts_the_command_cancels_the_task(
    service: Service, client: Client, tmp_path: Path
) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(photo("astronaut.png"))
    words = ["edit", str(source), "Turn it into an oil painting", "-o", str(tmp_path / "x.png"), "--n", "10"]
    running = subprocess.Popen(
        [*COMMAND, *words, "--server", service.url, "--key", service.key],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeding_interrupts,  # noqa: PLW1509 - no thread of ours holds a lock that it would want
    )
    while not (tasks := client.http.get("/v1/tasks", params={"status": "processing"}).json()["data"]):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)

    assert running.returncode != 0
    assert f"{tasks[0]['id']} is cancelled" in said
    assert client.task(tasks[0]["id"])["status"] == "cancelled"


async def test_an_assistant_edits_a_file_and_sees_it(service: Service, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(photo("chelsea.png"))
    told: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        assert total == 100
        assert message
        told.append(progress)

    async with mcp.Client(assistant(service, tmp_path)) as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        plan = await session.call_tool("plan_edit", {"instruction": CYBERPUNK})
        asked = {"picture": "photo.png", "instruction": CYBERPUNK, "seed": 4, "output": "new/neon.webp"}
        made = await session.call_tool("edit_image", asked, progress_callback=on_progress)
        again = await session.call_tool("edit_image", asked)
        report = text_of(made)
        task = await session.call_tool("get_task", {"task_id": report["task_id"]})
        kept = await session.call_tool("get_task", {"task_id": report["task_id"], "output": "copy.webp"})

    assert tools.keys() == {"edit_image", "plan_edit", "get_task"}
    assert "context" not in tools["edit_image"].input_schema["properties"]
    assert [step["kind"] for step in text_of(plan)["operations"]] == ["style"]
    assert report["files"] == [str(tmp_path / "new" / "neon.webp")]
    with Image.open(tmp_path / "new" / "neon.webp") as opened:
        assert (opened.format, opened.size) == ("WEBP", (451, 300))
    (shown,) = [each for each in made.content if each.type == "image"]
    assert shown.mime_type == "image/webp"
    assert told == sorted(set(told))
    assert told[-1] == 100
    assert again.is_error
    assert "neon.webp" in words(again)
    assert text_of(task)["status"] == "completed"
    assert (tmp_path / "copy.webp").read_bytes() == (tmp_path / "new" / "neon.webp").read_bytes()
    assert not kept.is_error


async def test_an_assistant_stays_in_its_folder(service: Service, tmp_path: Path) -> None:
    """What an assistant reads may tell it to fetch a private key, or to write over a start-up file."""
    root = tmp_path / "open"
    root.mkdir()
    secret = tmp_path / "secret.png"
    secret.write_bytes(pictures.saved(pictures.photo()))
    (root / "link.png").symlink_to(secret)
    (root / "notes.txt").write_text("no picture", "utf-8")
    (root / "photo.png").write_bytes(pictures.saved(pictures.photo()))
    refused: dict[str, dict[str, Any]] = {
        "above": {"picture": "../secret.png"},
        "absolute": {"picture": str(secret)},
        "by a link": {"picture": "link.png"},
        "no picture": {"picture": "notes.txt"},
        "written above": {"picture": "photo.png", "output": "../x.png"},
        "written by a link": {"picture": "photo.png", "output": "link.png", "overwrite": True},
        "another scheme": {"picture": f"file://{secret}"},
        "zero byte": {"picture": "photo\0.png"},
        "overwritten": {"picture": "photo.png", "output": "photo.png"},
        "no format": {"picture": "photo.png", "output": "photo.txt"},
    }
    before = secret.read_bytes()

    async with mcp.Client(assistant(service, root)) as session:
        for name, arguments in refused.items():
            result = await session.call_tool("edit_image", {"instruction": "sepia", **arguments})
            assert result.is_error, name
            assert words(result) != "Error executing tool edit_image", name
        fine = await session.call_tool("edit_image", {"instruction": "sepia", "picture": "photo.png"})

    assert text_of(fine)["files"] == [str(root / "photo-edited.png")]
    assert secret.read_bytes() == before
    assert {path.name for path in secret.parent.rglob("*.png")} >= {"secret.png", "photo-edited.png"}
    assert not (secret.parent / "x.png").exists()


async def test_an_assistant_without_a_server_is_told_how_to_start_one(
    service: Service, tmp_path: Path
) -> None:
    async with mcp.Client(assistant(service, tmp_path, RETOUCH_URL="")) as session:
        nowhere = await session.call_tool("plan_edit", {"instruction": "sepia"})
    async with mcp.Client(assistant(service, tmp_path, RETOUCH_API_KEY="rt_wrong")) as session:
        stranger = await session.call_tool("plan_edit", {"instruction": "sepia"})

    assert nowhere.is_error
    assert "retouch run" in words(nowhere)
    assert "RETOUCH_URL" in words(nowhere)
    assert stranger.is_error
    assert "key" in words(stranger)
