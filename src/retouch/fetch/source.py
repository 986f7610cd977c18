"""From a reference in a task to bytes that begin like a picture. No pixel is decoded here."""

from __future__ import annotations

import binascii
import re
from typing import Protocol

from retouch.errors import ImageUnreadable, ImageUnsupported, SourceExpired, SourceTooLarge
from retouch.fetch.policy import Fetched
from retouch.fetch.urls import UrlRefused
from retouch.task import Source, SourceKind

_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]+(?:;[a-z0-9-]+=[a-z0-9._-]+)*;base64", re.IGNORECASE)
_MAX_HEADER = 256  # a data URI's part before the comma
_OPAQUE_ID = re.compile(r"[A-Za-z0-9_-]+")
_SNIFFED = 1024  # bytes from the start in which a format must show itself

_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # classic and BigTIFF, both byte orders
_EPS_MARKS = (b"%!PS", b"\xc5\xd0\xd3\xc6")  # plain, and with a DOS preview


class Fetches(Protocol):
    """What is asked of a fetcher; :class:`retouch.fetch.client.Fetcher` is one."""

    async def get(self, url: str) -> Fetched:
        """Fetch ``url`` or raise a TaskError."""
        ...


class Objects(Protocol):
    """What is asked of the object store."""

    async def get(self, key: str) -> bytes:
        """The object's bytes; KeyError when there is none."""
        ...


async def read_source(source: Source, *, fetcher: Fetches, objects: Objects) -> bytes:
    """The bytes that ``source`` stands for, begun like a format that may be opened.

    Raises the errors of :meth:`retouch.fetch.client.Fetcher.get` for a URL, SourceExpired for an object that
    is no longer kept, ImageUnsupported for a format that is never opened, ImageUnreadable for no picture.
    """
    data = await _bytes(source, fetcher, objects)
    require_picture(data)
    return data


async def _bytes(source: Source, fetcher: Fetches, objects: Objects) -> bytes:
    if source.kind is SourceKind.URL:
        return (await fetcher.get(source.value)).data
    key = source.value if source.kind is SourceKind.OBJECT else upload_key(source.value)
    try:
        return await objects.get(key)
    except KeyError as error:
        raise SourceExpired("The picture is no longer kept; upload it again.") from error


def upload_key(upload_id: str) -> str:
    """Where an upload lies in the object store; an id that could be more than a name is refused."""
    if not _OPAQUE_ID.fullmatch(upload_id):
        raise SourceExpired("There is no such upload.")
    return f"uploads/{upload_id}"


def require_picture(data: bytes) -> str:
    """The format that ``data`` begins with: png, jpeg, webp, gif, avif or heic.

    Raises ImageUnsupported for SVG, PDF, EPS and TIFF by name, ImageUnreadable for anything else.
    """
    if refused := sniff_refused(data):
        raise ImageUnsupported(f"{refused.upper()} is not opened; send PNG, JPEG, WebP, GIF, AVIF or HEIC.")
    if found := sniff(data):
        return found
    raise ImageUnreadable("The bytes are not a picture." if data else "The picture is empty.")


def decode_data_uri(text: str, max_bytes: int) -> bytes:
    """The bytes inside ``data:image/…;base64,…``; at most ``max_bytes``, judged before anything is decoded.

    Strict base64 (RFC 4648 section 4, padded). Raises UrlRefused, or SourceTooLarge.
    """
    comma = text.find(",", 0, _MAX_HEADER)
    if comma < 0 or not _DATA_URI.fullmatch(text, 0, comma):
        raise UrlRefused("A data URI must read data:image/<type>;base64,<data>.")
    if _decoded_length(text, comma + 1) > max_bytes:
        raise SourceTooLarge(f"The picture in the data URI is larger than {max_bytes} bytes.")
    if comma + 1 == len(text):
        raise UrlRefused("The data URI is empty.")
    return _strict_base64(text[comma + 1 :])


def _strict_base64(text: str) -> bytes:
    if len(text) % 4:  # the library lets too much padding pass
        raise UrlRefused("The data URI is not valid base64.")
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise UrlRefused("The data URI is not valid base64.") from error


def _decoded_length(text: str, start: int) -> int:
    """Bytes that the base64 from ``start`` on decodes to, rounded down where it is malformed."""
    return (len(text) - start) * 3 // 4 - text.count("=", max(start, len(text) - 2))


def sniff(data: bytes) -> str | None:
    """The format by its magic bytes: png, jpeg, webp, gif, avif or heic; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return _sniff_heif(data)


def _sniff_heif(data: bytes) -> str | None:
    """AVIF and HEIC share a container (ISO/IEC 14496-12); its first box lists the brands."""
    if data[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(data[:4]), _SNIFFED)
    brands = {data[i : i + 4] for i in (8, *range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "avif"
    return "heic" if brands & _HEIF_BRANDS else None


def sniff_refused(data: bytes) -> str | None:
    """The name of a format that is never opened: svg, pdf, eps or tiff; None for anything else."""
    head = data[:_SNIFFED]
    if head.startswith(_TIFF_MARKS):
        return "tiff"
    if head.startswith(_EPS_MARKS):
        return "eps"
    if b"%PDF-" in head and not sniff(data):
        return "pdf"
    text = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return (
        "svg" if text.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in text else None
    )
