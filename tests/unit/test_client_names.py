"""The Python client's names, its light import, what it takes as a picture, and where it finds its server."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import retouch
import retouch.client
from retouch.client.orders import Order
from retouch.client.pictures import Blob, load, load_all
from retouch.settings import load_settings

PNG = b"\x89PNG\r\n\x1a\n"


def test_every_public_name_is_there_and_no_other() -> None:
    assert retouch.__all__ == retouch.client.__all__
    for name in retouch.__all__:
        assert getattr(retouch, name) is getattr(retouch.client, name)
    assert set(retouch.__all__) <= set(dir(retouch))
    with pytest.raises(AttributeError, match="no attribute 'Clint'"):
        _ = retouch.Clint


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    def methods(kind: type) -> dict[str, dict[str, object]]:
        found = {name: member for name, member in vars(kind).items() if not name.startswith("_")}
        return {name: {**inspect.signature(member).parameters} for name, member in found.items()}

    assert methods(retouch.Client) == methods(retouch.AsyncClient)
    assert len(methods(retouch.Client)) >= 14


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import retouch", ("httpx2", "retouch.client", "pydantic", "asyncio")),
        ("from retouch import Client", ("PIL", "cv2", "numpy", "fastapi", "pydantic", "retouch.settings")),
    ],
)
def test_an_import_loads_no_more_than_it_needs(code: str, absent: tuple[str, ...]) -> None:
    code = f"import sys; {code}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://x.example", "https://x.example"),
        ("https://x.example/", "https://x.example"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000"),
        ("https://x.example/retouch/v1", "https://x.example/retouch"),
    ],
)
def test_a_base_url_is_taken_with_and_without_its_end(url: str, base: str) -> None:
    assert repr(retouch.Client(url, "k")) == f"Client('{base}')"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("x.example", "k"),
        ("ftp://x.example", "k"),
        ("https://user:pass@x.example", "k"),
        ("https://x.example?a=1", "k"),
        ("https://x.example:port", "k"),
        ("https://[x", "k"),
        ("https://x.example", "a\nb"),
        ("https://x.example", "schlüssel"),
    ],
)
def test_a_server_or_key_that_cannot_be_is_said_before_anything_is_sent(url: str, key: str) -> None:
    with pytest.raises(retouch.ConfigurationError) as refused:
        retouch.Client(url, key)
    assert "pass" not in refused.value.message.replace("password", "")
    assert key not in refused.value.message or key == "k"


def test_server_and_key_come_from_the_environment_which_the_service_does_not_mind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RETOUCH_URL", raising=False)
    monkeypatch.delenv("RETOUCH_API_KEY", raising=False)
    with pytest.raises(retouch.ConfigurationError, match="RETOUCH_URL"):
        retouch.Client()
    monkeypatch.setenv("RETOUCH_URL", "http://127.0.0.1:9")
    with pytest.raises(retouch.ConfigurationError, match="RETOUCH_API_KEY"):
        retouch.AsyncClient()
    monkeypatch.setenv("RETOUCH_API_KEY", "rt_x")
    assert repr(retouch.Client()) == "Client('http://127.0.0.1:9')"
    load_settings(data_dir=tmp_path)


def test_pictures_as_callers_have_them(tmp_path: Path) -> None:
    file = tmp_path / "a b.png"
    file.write_bytes(PNG)
    assert load("https://x/y.png") == "https://x/y.png"
    assert load(str(file)) == load(file) == Blob(PNG, "a b.png")
    image = load(Image.new("RGB", (2, 2)))
    assert isinstance(image, Blob)
    assert image.data_uri.startswith("data:image/png;base64,iVBOR")
    assert load_all([PNG, file]) == (Blob(PNG), Blob(PNG, "a b.png"))


@pytest.mark.parametrize("picture", ["/no/such/file.png", "/dev/zero", "a\0b", 7, [], None])
def test_what_is_no_picture_is_said_at_once(picture: object) -> None:
    with pytest.raises(retouch.ConfigurationError):
        load_all(picture)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"GIF89a", "gif"),
        (b"\0\0\0\x1cftypavif", "avif"),
        (b"\0\0\0\x1cftypheic", "heic"),
        (b"%PDF-1.7", "octet-stream"),
    ],
)
def test_the_kind_of_a_picture_is_told_by_its_bytes(data: bytes, kind: str) -> None:
    assert Blob(data).media_type == f"image/{kind}"


def test_a_mistyped_option_is_not_dropped() -> None:
    with pytest.raises(TypeError, match="sede"):
        Order.of(PNG, "sepia", {"sede": 7})  # type: ignore[typeddict-unknown-key]  # on purpose
    with pytest.raises(retouch.ConfigurationError, match="instruction"):
        Order.of(PNG, PNG, {})
