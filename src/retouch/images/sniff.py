"""What a file is, by its first bytes. No name, no declared type and no decoder is asked."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from retouch.errors import ImageUnreadable, ImageUnsupported

_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_SCANS_MAX: Final = 100
_ACCEPTED: Final = "PNG, JPEG, WebP, GIF, AVIF and HEIC"

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
# Known, and never opened: vector formats run programs or fetch, TIFF and the rest have a history of holes.
_REFUSED: Final = (
    (b"%PDF", "PDF"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"8BPS", "PSD"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
)


def sniff(data: bytes) -> str:
    """One of png, jpeg, webp, gif, avif, heic.

    Raises:
        ImageUnsupported: a known format that is never opened.
        ImageUnreadable: empty, or nothing known.
    """
    if not data:
        raise ImageUnreadable("The picture is empty (0 bytes).")
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _brand(data)
    for magic, name in _REFUSED:
        if data.startswith(magic):
            raise ImageUnsupported(f"{name} files are not opened; send one of {_ACCEPTED}.")
    if _is_markup(data):
        raise ImageUnsupported(f"This is markup (SVG or HTML), not a picture; send one of {_ACCEPTED}.")
    raise ImageUnreadable(f"This is not a picture; send one of {_ACCEPTED}.")


def header_size(data: bytes, kind: str) -> tuple[int, int] | None:
    """(width, height) as the header of a PNG, GIF or WebP says, before any decoder sees the file.

    None for the other formats, whose decoders read sizes without allocating for them.
    """
    reader = _HEADERS.get(kind)
    try:
        return reader(data) if reader else None
    except struct.error as error:
        raise ImageUnreadable("The picture is cut off in its header.") from error


def check_scans(data: bytes) -> None:
    """Refuse a JPEG of more scans than any camera or program writes (about ten).

    Every scan of a progressive JPEG is a pass over the whole picture: a small file could keep a decoder busy
    for minutes. A start-of-scan marker cannot occur inside a scan: there every FF is followed by 00.

    Raises:
        ImageUnreadable: too many.
    """
    if data.count(b"\xff\xda") > _SCANS_MAX:
        raise ImageUnreadable("The JPEG picture has more scans than a decoder should be asked for.")


def _brand(data: bytes) -> str:
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, length, 4))]
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return "avif"
        if brand in _HEIC_BRANDS:
            return "heic"
    raise ImageUnsupported(f"Video and other MP4-like files are not opened; send one of {_ACCEPTED}.")


def _is_markup(data: bytes) -> bool:
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html", b"<!--"))


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _webp(data: bytes) -> tuple[int, int]:
    chunk = data[12:16]
    if chunk == b"VP8X":  # canvas size minus one, 24 bits each
        return _u24(data, 24) + 1, _u24(data, 27) + 1
    if chunk == b"VP8L":  # 14 bits each, minus one
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _u24(data: bytes, at: int) -> int:
    low, high = struct.unpack_from("<HB", data, at)
    return int(low | high << 16)


_HEADERS: Final[dict[str, Callable[[bytes], tuple[int, int]]]] = {"png": _png, "gif": _gif, "webp": _webp}
