"""A result carries a manifest that the library's own reader finds whole, and its pixels are as they were."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import c2pa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tests.support_credentials import UNTRUSTED, read

from retouch.credentials.signer import CONTENT_TYPES, NotSigned, Signer
from retouch.engines.base import EncodedImage
from retouch.engines.planner.plan import Operation, Plan
from retouch.settings import Settings
from retouch.testing import pictures
from retouch.worker.signing import signed

STARRY = {"kind": "background.replace", "scene": "starry sky", "keep": "subject"}
WARM = {"kind": "tone", "warmth": 25}
FILES = {
    "image/png": pictures.saved(pictures.photo(mode="RGBA")),
    "image/jpeg": pictures.saved(pictures.photo(), "JPEG"),
    "image/webp": pictures.saved(pictures.photo(), "WEBP", lossless=True),
    "image/avif": pictures.saved(pictures.photo(), "AVIF"),
}
PNG = FILES["image/png"]


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    opened = Signer.open(Settings(data_dir=tmp_path_factory.mktemp("signer") / "data"))
    assert opened is not None
    return opened


def put(signer: Signer, data: bytes = PNG, content_type: str = "image/png") -> bytes:
    return signer.sign(data, content_type, operations=[STARRY, WARM], engine="builtin", title="task-0")


def pixels(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened)


def test_every_output_format_is_tried() -> None:
    assert set(FILES) == CONTENT_TYPES


@pytest.mark.parametrize("content_type", FILES)
def test_the_manifest_is_valid_and_says_what_was_done(signer: Signer, content_type: str) -> None:
    done = put(signer, FILES[content_type], content_type)
    shown = read(done, content_type)

    assert (shown.state, shown.failures) == ("Valid", UNTRUSTED)
    assert shown.manifest["title"] == "task-0"
    assert shown.manifest["claim_generator_info"][0]["name"] == "Retouch"
    assert [ingredient["relationship"] for ingredient in shown.manifest["ingredients"]] == ["parentOf"]
    replaced, warmed = shown.edits
    assert replaced["parameters"]["retouch"] == {"engine": "builtin", **STARRY}
    assert replaced["digitalSourceType"].endswith("/composite")
    assert (warmed["action"], warmed["parameters"]["retouch"]["warmth"]) == ("c2pa.adjustedColor", 25)
    assert "thumbnail" not in shown.store


@pytest.mark.parametrize("content_type", FILES)
def test_pixels_are_as_they_were_and_little_is_added(signer: Signer, content_type: str) -> None:
    data = FILES[content_type]
    done = put(signer, data, content_type)
    assert np.array_equal(pixels(done), pixels(data))
    assert 0 < len(done) - len(data) < 6_000


@given(position=st.integers(0, len(PNG) - 1), bit=st.integers(0, 7))
def test_any_changed_bit_of_the_picture_is_found_out(signer: Signer, position: int, bit: int) -> None:
    done = bytearray(put(signer))
    # The manifest is one chunk; what lies before and after it is the picture's own.
    start = done.index(b"caBX") - 4
    added = len(done) - len(PNG)
    done[position if position < start else position + added] ^= 1 << bit
    try:
        shown = read(bytes(done))
    except c2pa.C2paError:  # no longer a PNG
        return
    assert shown.state == "Invalid"


def test_a_claim_that_was_reworded_is_found_out(signer: Signer) -> None:
    shown = read(put(signer).replace(b"starry sky", b"sunny days"))
    assert shown.state == "Invalid"
    assert "assertion.hashedURI.mismatch" in shown.failures


def test_signing_again_replaces_the_manifest(signer: Signer) -> None:
    once = put(signer)
    twice = put(signer, once)
    assert abs(len(twice) - len(once)) < 64
    assert twice.count(b"caBX") == 1
    assert read(twice).state == "Valid"


def test_threads_share_a_signer(signer: Signer) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: put(signer), range(24)))
    assert {read(result).state for result in results} == {"Valid"}
    assert len({read(result).manifest["label"] for result in results}) == 24


# --- No connection ---------------------------------------------------------------------------------


@contextmanager
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address on loopback, and what is asked of it."""
    asked: list[bytes] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(100))
                connection.sendall(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa", asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def pointing_at(url: str) -> bytes:
    """A PNG whose XMP says that its manifest lies elsewhere."""
    told = PngInfo()
    told.add_itxt(
        "XML:com.adobe.xmp",
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dcterms="http://purl.org/dc/terms/" '
        f'dcterms:provenance="{url}"/></rdf:RDF></x:xmpmeta>',
    )
    return pictures.saved(pictures.photo(), pnginfo=told)


def test_signing_follows_no_address_in_the_picture(signer: Signer) -> None:
    with listener() as (url, asked):
        data = pointing_at(url)
        assert read(put(signer, data)).state == "Valid"
        # Nor would the library where it reads; and it does where nobody told it not to.
        for context, connections in ((signer._context, 0), (c2pa.Context(), 1)):
            with pytest.raises(c2pa.C2paError):
                c2pa.Reader("image/png", io.BytesIO(data), context=context)
            assert len(asked) == connections


# --- Off, and what cannot be signed ----------------------------------------------------------------

PLAN = Plan("en", (Operation("tone", {"warmth": 25}),), 1.0)


def test_off_leaves_the_very_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOUCH_CONTENT_CREDENTIALS", "off")
    settings = Settings(data_dir=tmp_path / "data")
    images = [EncodedImage(PNG, "image/png")]

    assert Signer.open(settings) is None
    assert signed(None, images, plan=PLAN, engine="builtin", title="t") == (images, ())
    assert not settings.data_dir.exists()


def test_pictures_of_one_edit_are_told_apart_by_title(signer: Signer) -> None:
    images = [EncodedImage(PNG, "image/png", 64, 48)] * 2
    done, warnings = signed(signer, images, plan=PLAN, engine="builtin", title="task")
    assert warnings == ()
    assert [read(image.data).manifest["title"] for image in done] == ["task-0", "task-1"]
    assert [(image.width, image.height) for image in done] == [(64, 48)] * 2


@pytest.mark.parametrize(
    "odd", [EncodedImage(b"no picture at all", "image/png"), EncodedImage(b"GIF89a", "image/gif")]
)
def test_a_picture_that_cannot_be_signed_goes_out_with_a_warning(signer: Signer, odd: EncodedImage) -> None:
    with pytest.raises(NotSigned):
        put(signer, odd.data, odd.content_type)
    (kept, good), warnings = signed(
        signer, [odd, EncodedImage(PNG, "image/png")], plan=PLAN, engine="builtin", title="t"
    )
    assert kept is odd
    assert len(warnings) == 1
    assert "content credentials" in warnings[0]
    assert read(good.data).state == "Valid"
