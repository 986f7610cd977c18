"""A picture from the disk is uploaded and gets a URL; whatever the form says of itself is not believed."""

from __future__ import annotations

import httpx2
import pytest
from tests.scenarios.conftest import Start
from tests.scenarios.world import PNG, connect, problem, unix_now

from retouch.api import wire
from retouch.settings import Settings
from retouch.storage import ObjectStore

BOUNDARY = {"Content-Type": "multipart/form-data; boundary=b"}


def form(*lines: bytes) -> bytes:
    return b"\r\n".join(lines)


async def test_an_upload_can_be_read_back(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/v1/uploads/images",
        data={"purpose": "edit"},
        files={"file": ("my cat.png", PNG, "application/x-anything")},
    )

    assert answer.status_code == 200
    upload = wire.UploadAnswer.model_validate(answer.json())
    assert upload.filename == "my cat.png"
    assert upload.content_type == "image/png", "by its bytes, not by what the form says"
    assert upload.bytes == len(PNG)
    assert abs(upload.created_at - unix_now()) < 60
    picture = await client.get(upload.url)
    assert picture.content == PNG
    assert picture.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("filename", "kept"),
    [
        ("../../etc/passwd", "....etcpasswd"),
        ('a"b\r\nc.png', None),
        ("猫.png", "猫.png"),
        ("cat\u202egnp.exe\u2066\u2069\x85.png", "catgnp.exe.png"),
        ("x" * 400, "x" * 255),
    ],
)
async def test_a_file_name_is_only_a_label(
    client: httpx2.AsyncClient, filename: str, kept: str | None
) -> None:
    answer = await client.post("/v1/uploads/images", files={"file": (filename, PNG, "image/png")})

    assert answer.status_code == 200
    name = answer.json()["filename"]
    assert kept is None or name == kept
    assert not set(name) & set('/\\"\r\n')


@pytest.mark.parametrize(
    ("data", "status", "kind"),
    [
        (b"", 400, "invalid_request_error"),
        (b"hello", 415, "unsupported_media_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_media_type"),
        (b"%PDF-1.7", 415, "unsupported_media_type"),
        (b"II*\0", 415, "unsupported_media_type"),
    ],
)
async def test_what_is_no_picture_is_refused(
    client: httpx2.AsyncClient, settings: Settings, data: bytes, status: int, kind: str
) -> None:
    answer = await client.post("/v1/uploads/images", files={"file": ("a.png", data, "image/png")})

    assert problem(answer, status, kind)["param"] == "file"
    assert [found async for found in ObjectStore.open(settings).list("uploads")] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        form(b"--b", b'Content-Disposition: form-data; name="file"; filename="a.png"', b"", PNG),
        form(b"--b", b'Content-Disposition: form-data; name="other"', b"", b"x", b"--b--", b""),
        form(b"--b", b"Content-Type: image/png", b"", PNG, b"--b--", b""),
        form(b"--b", b"X: " + b"y" * 9000, b"", PNG, b"--b--", b""),
        form(*([b"--b", b'Content-Disposition: form-data; name="a"', b"", b"x"] * 20), b"--b--", b""),
    ],
    ids=["empty", "nonsense", "cut off", "no file", "no name", "long header", "too many parts"],
)
async def test_a_broken_form_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/uploads/images", content=body, headers=BOUNDARY)

    problem(answer, 400, "invalid_request_error")


async def test_a_second_picture_is_not_dropped_silently(
    client: httpx2.AsyncClient, settings: Settings
) -> None:
    pictures = [("file", (name, PNG, "image/png")) for name in ("a.png", "b.png")]

    answer = await client.post("/v1/uploads/images", files=pictures)

    error = problem(answer, 400, "invalid_request_error")
    assert error["param"] == "file"
    assert "more than once" in error["message"]
    assert [found async for found in ObjectStore.open(settings).list("uploads")] == []


@pytest.mark.parametrize("content_type", ["image/png", "application/json", "multipart/mixed; boundary=b"])
async def test_a_body_that_is_no_form_is_refused(client: httpx2.AsyncClient, content_type: str) -> None:
    answer = await client.post("/v1/uploads/images", content=PNG, headers={"Content-Type": content_type})

    problem(answer, 415, "unsupported_media_type")


async def test_a_form_without_a_boundary_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/v1/uploads/images", content=PNG, headers={"Content-Type": "multipart/form-data"}
    )

    problem(answer, 400, "invalid_request_error")


async def test_a_picture_over_the_limit_is_told_the_limit(
    start: Start, settings: Settings, token: str
) -> None:
    small = start(settings.model_copy(update={"image_max_bytes": 1024}))

    async with connect(small, token) as client:
        answer = await client.post("/v1/uploads/images", files={"file": ("a.png", PNG + bytes(1024))})

    error = problem(answer, 413, "payload_too_large")
    assert error["param"] == "file"
    assert "1024" in error["message"]
