"""The public address is refused at the start where clients could do nothing with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from retouch.cli import run
from retouch.cli.common import out
from retouch.errors import SetupError
from retouch.settings import load_settings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://pictures.example", "https://pictures.example"),
        ("https://pictures.example/retouch/", "https://pictures.example/retouch"),
        ("http://10.0.0.7:8080/", "http://10.0.0.7:8080"),
        ("http://[fd00::7]:8080", "http://[fd00::7]:8080"),
    ],
)
def test_a_base_is_taken_without_its_last_slash(
    given: str, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETOUCH_PUBLIC_URL", given)

    assert load_settings(data_dir=tmp_path, host="0.0.0.0").public_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "pictures.example",
        "ftp://pictures.example",
        "https://",
        "https:///path",
        "https://:8000",
        "https://user:secret@pictures.example",
        "https://pictures.example?x=1",
        "https://pictures.example/#top",
        "https://pictures.example:99999",
        "https://pictures.example:0",
        "https://-/",
        "https://a b",
        "https://pictures.example\nX-Evil: 1",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_base_is_refused_without_being_repeated(given: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"public_url: .*must be http") as refused:
        load_settings(data_dir=tmp_path, public_url=given)

    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("host", "public", "base"),
    [
        ("::1", None, "http://[::1]:8000"),
        ("127.0.0.1", None, "http://127.0.0.1:8000"),
        ("::", "http://[fd00::7]", "http://[fd00::7]"),
    ],
)
def test_the_welcome_shows_an_address_that_can_be_pasted(
    host: str, public: str | None, base: str, tmp_path: Path
) -> None:
    settings = load_settings(data_dir=tmp_path, host=host, public_url=public)

    with out.capture() as said:
        run._welcome(settings, None)

    assert f"Retouch is ready at {base}" in said.get()
    assert f"curl {base}/v1/images/edits" in said.get()
