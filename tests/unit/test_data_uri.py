"""Data URIs, magic bytes, and references to stored objects: everything before a pixel is opened."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.errors import (
    ImageUnreadable,
    ImageUnsupported,
    SourceExpired,
    SourceTooLarge,
    StorageUnavailable,
)
from retouch.fetch.policy import Fetched
from retouch.fetch.source import (
    decode_data_uri,
    read_source,
    require_picture,
    sniff,
    sniff_refused,
    upload_key,
)
from retouch.fetch.urls import UrlRefused
from retouch.task import Source, SourceKind

PHOTOS = Path(__file__).parents[1] / "data" / "photos"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8


def ftyp(major: bytes, *compatible: bytes, size: int | None = None) -> bytes:
    """An ISO media file's first box, and some bytes after it."""
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return ((len(body) + 4) if size is None else size).to_bytes(4) + body + b"mdatxxxx"


@given(st.binary(min_size=1, max_size=200))
def test_what_went_in_comes_out(data: bytes) -> None:
    text = "data:image/png;base64," + base64.b64encode(data).decode()
    assert decode_data_uri(text, len(data)) == data
    with pytest.raises(SourceTooLarge, match=f"{len(data) - 1} bytes"):
        decode_data_uri(text, len(data) - 1)


@pytest.mark.parametrize(
    "head", ["data:image/png;base64", "DATA:IMAGE/JPEG;BASE64", "data:image/svg+xml;charset=utf-8;base64"]
)
def test_heads_of_a_data_uri(head: str) -> None:
    assert decode_data_uri(head + ",AAAA", 3) == b"\0\0\0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "data:",
        "data:,hello",
        "data:image/png,hello",
        "data:image/png;base64",
        "data:text/html;base64,AAAA",
        "data:image/;base64,AAAA",
        "data:;base64,AAAA",
        "data:image/png ;base64,AAAA",
        "data:image/png;base64;x=y,AAAA",
        " data:image/png;base64,AAAA",
        "data:image/png;x=" + "y" * 300 + ";base64,AAAA",
        "https://example.com/a,b",
    ],
)
def test_a_malformed_head_is_refused(text: str) -> None:
    with pytest.raises(UrlRefused, match="must read"):
        decode_data_uri(text, 100)


@pytest.mark.parametrize(
    "payload",
    ["A", "AA", "AAA", "AA=", "AAA=AAAA", "====", "AA==AA==", "AAAA\n", "AA AA", " AAAA", "AA-_", "AAAA%3D",
     "data:image/png;base64,AAAA", "AAAAÄ", "AAA٣", "AAAA="],
)  # fmt: skip
def test_base64_is_strict(payload: str) -> None:
    with pytest.raises(UrlRefused, match="not valid base64"):
        decode_data_uri("data:image/png;base64," + payload, 100)


def test_an_empty_data_uri_is_refused() -> None:
    with pytest.raises(UrlRefused, match="empty"):
        decode_data_uri("data:image/png;base64,", 100)


def test_a_large_data_uri_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("binascii.a2b_base64", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(SourceTooLarge):
        decode_data_uri("data:image/png;base64," + "A" * 1000, 749)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF87a", "gif"),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (ftyp(b"avif", b"mif1"), "avif"),
        (ftyp(b"avis"), "avif"),
        (ftyp(b"mif1", b"miaf", b"avif"), "avif"),
        (ftyp(b"heic", b"mif1"), "heic"),
        (ftyp(b"mif1"), "heic"),
        (ftyp(b"isom", b"heic"), "heic"),
        (ftyp(b"isom", b"mp42"), None),
        (ftyp(b"isom", b"heic", size=16), None),  # a brand behind the end of the box is none
        (ftyp(b"isom", *[b"mp42"] * 300, b"heic"), None),
        (b"\0\0\0\x18ftyp", None),
        (b"\x89PNG\r\n\x1a", None),
        (b"\xff\xd8", None),
        (b"GIF88a", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_magic_bytes(data: bytes, name: str | None) -> None:
    assert sniff(data) == name
    assert sniff_refused(data) is None


@pytest.mark.parametrize("photo", sorted(PHOTOS.glob("*.[jp][pn]g")), ids=lambda p: p.name)
def test_real_photos_are_known(photo: Path) -> None:
    assert sniff(photo.read_bytes()) == {".png": "png", ".jpg": "jpeg"}[photo.suffix]
    assert require_picture(photo.read_bytes())


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- x --><SVG>", "svg"),
        (b"<!DOCTYPE svg><svg>", "svg"),
        (b"<!-- made by hand --><svg>", "svg"),
        ("<svg>".encode("utf-16-le"), "svg"),
        (b"%PDF-1.7\n", "pdf"),
        (b"junk%PDF-1.4", "pdf"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "eps"),
        (b"\xc5\xd0\xd3\xc6\x1e\0\0\0", "eps"),
        (b"II*\0\x08\0\0\0", "tiff"),
        (b"MM\0*\0\0\0\x08", "tiff"),
        (b"II+\0", "tiff"),
        (b"MM\0+", "tiff"),
    ],
)
def test_formats_that_are_never_opened_are_named(data: bytes, name: str) -> None:
    assert sniff_refused(data) == name
    assert sniff(data) is None
    with pytest.raises(ImageUnsupported, match=name.upper()):
        require_picture(data)


def test_a_picture_with_the_word_pdf_in_it_is_a_picture() -> None:
    assert sniff_refused(PNG + b"%PDF-") is None
    assert require_picture(PNG + b"%PDF-") == "png"


@pytest.mark.parametrize("data", [b"<?xml version='1.0'?><rss/>", b"<html><svg></svg></html>", b"hello"])
def test_text_is_no_picture(data: bytes) -> None:
    assert sniff_refused(data) is None
    with pytest.raises(ImageUnreadable, match="not a picture"):
        require_picture(data)


def test_nothing_is_no_picture() -> None:
    with pytest.raises(ImageUnreadable, match="empty"):
        require_picture(b"")


@given(st.binary(max_size=64))
def test_any_bytes_can_be_sniffed(data: bytes) -> None:
    assert not (sniff(data) and sniff_refused(data))


class Shelf:
    """An object store of one's own."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = objects

    async def get(self, key: str) -> bytes:
        """The object, if it is there."""
        if key == "broken":
            raise StorageUnavailable("away")
        return self.objects[key.replace("/", "_")]


class Web:
    """Answers every URL with the same picture."""

    async def get(self, url: str) -> Fetched:
        """A picture with its URL behind it."""
        return Fetched(PNG + url.encode(), "image/png", url)


async def test_a_source_is_read_from_where_it_lies() -> None:
    shelf = Shelf(inputs_a=PNG + b"object", uploads_up1=PNG + b"upload")
    url = Source(SourceKind.URL, "https://example.com/")
    assert await read_source(url, fetcher=Web(), objects=shelf) == PNG + b"https://example.com/"
    stored = Source(SourceKind.OBJECT, "inputs/a")
    assert await read_source(stored, fetcher=Web(), objects=shelf) == PNG + b"object"
    upload = Source(SourceKind.UPLOAD, "up1")
    assert await read_source(upload, fetcher=Web(), objects=shelf) == PNG + b"upload"


@pytest.mark.parametrize(
    "source", [Source(SourceKind.OBJECT, "inputs/gone"), Source(SourceKind.UPLOAD, "gone")]
)
async def test_what_is_no_longer_kept_has_expired(source: Source) -> None:
    with pytest.raises(SourceExpired):
        await read_source(source, fetcher=Web(), objects=Shelf())


async def test_a_store_that_is_away_is_not_an_expired_picture() -> None:
    with pytest.raises(StorageUnavailable):
        await read_source(Source(SourceKind.OBJECT, "broken"), fetcher=Web(), objects=Shelf())


async def test_a_stored_object_is_judged_by_its_bytes_too() -> None:
    with pytest.raises(ImageUnsupported):
        await read_source(
            Source(SourceKind.UPLOAD, "tiff"), fetcher=Web(), objects=Shelf(uploads_tiff=b"II*\0")
        )


@pytest.mark.parametrize("upload_id", ["", "..", "a/b", "../x", "a\\b", "a.b", "a%2fb", "a\0", "ä", "a\n"])
def test_an_upload_id_never_becomes_a_path(upload_id: str) -> None:
    with pytest.raises(SourceExpired):
        upload_key(upload_id)


def test_the_door_can_check_sources_without_the_http_client() -> None:
    """The API imports these two; it opens no connection, and should not carry the means to."""
    code = "import sys, retouch.fetch.source, retouch.fetch.urls; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "retouch.fetch.source" in done.stdout.split()
    assert not {"httpx2", "httpcore2", "PIL", "numpy"} & set(done.stdout.split())
