"""The command line as a user meets it: documents on stdout, words on stderr, a useful exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.support_credentials import read
from typer.testing import CliRunner

from retouch.cli.main import app
from retouch.testing import pictures

runner = CliRunner()


@pytest.fixture(autouse=True)
def _a_data_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOUCH_DATA_DIR", str(tmp_path / "data"))


def retouch(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retouch.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=stdin)


def test_every_command_has_help_with_an_example() -> None:
    for command in ("run", "api", "worker", "edit", "plan", "doctor"):
        shown = runner.invoke(app, [command, "--help"])
        assert shown.exit_code == 0
        assert "Example" in shown.stdout


def test_a_plan_is_one_json_document() -> None:
    made = runner.invoke(app, ["plan", "Convert the image to cyberpunk style", "--json"])
    assert json.loads(made.stdout) == {
        "language": "en",
        "operations": [{"kind": "style", "style": "cyberpunk"}],
        "confidence": json.loads(made.stdout)["confidence"],
        "unsupported": [],
    }


def test_lines_in_are_lines_out() -> None:
    made = runner.invoke(app, ["plan", "-"], input="背景虚化\n\nadd a dragon\n")
    plans = [json.loads(line) for line in made.stdout.splitlines()]
    assert [[step["kind"] for step in plan["operations"]] for plan in plans] == [["background.blur"], []]
    assert plans[1]["unsupported"]


def test_a_refused_plan_quotes_what_was_not_understood() -> None:
    made = runner.invoke(app, ["plan", "add a dragon"])
    assert made.exit_code == 0
    assert "dragon" in made.output


def test_names_that_look_like_markup_are_text(tmp_path: Path) -> None:
    done = retouch("edit", str(tmp_path / "nope[/x].png"), "sepia", "-o", "x.png")
    assert "nope[/x].png" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_what_is_no_file_is_not_read() -> None:
    done = retouch("edit", "/dev/zero", "sepia", "-o", "x.png", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "image_unreadable"


def test_a_picture_that_was_not_given_is_missed_before_any_is_opened(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.saved(pictures.ball(40, 30)))
    asked = "Use the third picture as the background"
    done = retouch("edit", str(photo), asked, "--image", str(photo), "-o", "x.png", "--json")
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "instruction_not_supported"
    assert "picture 3, and the request has only 2" in error["message"]


def test_a_data_folder_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = retouch("keys", "list", "--data-dir", str(file))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_mistyped_database_url_is_not_quoted() -> None:
    environment = {**os.environ, "RETOUCH_DATABASE_URL": "mysql://u:SECRETPW@h/x"}
    command = [sys.executable, "-m", "retouch.cli.main", "keys", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert "RETOUCH_DATABASE_URL" in done.stderr
    assert "SECRETPW" not in done.stderr


def test_models_are_listed_as_json() -> None:
    rows = json.loads(runner.invoke(app, ["models", "list", "--json"]).stdout)
    assert {row["name"] for row in rows} >= {"u2net"}


def test_the_model_here_is_sound() -> None:
    assert "sound" in runner.invoke(app, ["models", "verify", "u2net"]).stdout


def test_an_edit_writes_as_many_pictures_as_asked(tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(pictures.saved(pictures.ball()))
    target = tmp_path / "out" / "sky.webp"
    wish = ("edit", str(source), "Change the background to an aurora", "-o", str(target))
    done = retouch(*wish, "--n", "2", "--seed", "3", "--json")
    report = json.loads(done.stdout)
    assert report["status"] == "completed"
    assert [image["seed"] for image in report["images"]] == [3, 4]
    for image in report["images"]:
        with Image.open(image["file"]) as opened:
            assert (opened.format, opened.size) == ("WEBP", (160, 120))
        assert read(Path(image["file"]).read_bytes(), "image/webp").state == "Valid"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("edit", "no-such-file.png", "sepia", "-o", "x.png"), "no-such-file.png"),
        (("edit", "README.md", "sepia", "-o", "x.txt"), ".png"),
        (("run", "--host", "0.0.0.0"), "public_url"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: tuple[str, ...], says: str) -> None:
    done = retouch(*arguments)
    assert done.returncode in {1, 2}
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_without_its_library_the_assistant_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['mcp'] = None; from retouch.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "mcp"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'retouch[mcp]'" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_an_edit_by_a_server_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.saved(pictures.ball(40, 30)))
    words = (
        "edit",
        str(photo),
        "sepia",
        "-o",
        str(tmp_path / "x.png"),
        "--server",
        "https://user:pw@x.example",
    )
    done = retouch(*words, "--key", "rt_x")
    assert done.returncode == 2
    assert "has no user, password" in done.stderr
    assert "pw" not in done.stderr.replace("password", "")


def test_a_failed_edit_is_a_json_document_too(tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(b"this is no picture")
    done = retouch("edit", str(source), "sepia", "-o", str(tmp_path / "x.png"), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "image_unreadable"
