"""multipart/form-data from strangers, parsed while it arrives, with a bound on everything (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from retouch.errors import InvalidRequest, PayloadTooLarge, RequestError, UnsupportedMediaType

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

_MAX_BOUNDARY = 70  # RFC 2046 section 5.1.1


@dataclass(slots=True)
class Part:
    """One field of a form. ``filename`` is None where the field is no file."""

    name: str
    filename: str | None
    data: bytearray = field(default_factory=bytearray)


async def read_parts(request: Request, *, most: int, most_bytes: int) -> list[Part]:
    """The parts of the body in order: at most ``most``, each of at most ``most_bytes`` bytes.

    Raises:
        UnsupportedMediaType: the body is no form.
        InvalidRequest: it is malformed, cut off, or has too many parts.
        PayloadTooLarge: one part has too many bytes.
    """
    collector = _Collector(most, most_bytes)
    parser = MultipartParser(_boundary(request), collector.callbacks())
    try:
        async for chunk in request.stream():
            if chunk:
                parser.write(chunk)
            if collector.refusal is not None:
                raise collector.refusal
    except FormParserError:
        raise InvalidRequest("The form is malformed.") from None
    if not collector.ended:
        raise InvalidRequest("The form ends before its last boundary.")
    return collector.parts


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise UnsupportedMediaType("Send the picture as multipart/form-data.")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= _MAX_BOUNDARY:
        raise InvalidRequest("The form's Content-Type has no usable boundary.")
    return boundary


class _Collector:
    """Listens to the parser. Remembers a refusal instead of raising it inside somebody else's loop."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self.parts: list[Part] = []
        self.refusal: RequestError | None = None
        self.ended = False
        self._most = most
        self._most_bytes = most_bytes
        self._name, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._headers.clear,
            "on_header_begin": self._begin_header,
            "on_header_field": self._more_name,
            "on_header_value": self._more_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_part,
            "on_part_data": self._more_data,
            "on_end": self._end,
        }

    def _begin_header(self) -> None:
        self._name.clear()
        self._value.clear()

    def _more_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _more_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)

    def _begin_part(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        name, filename = options.get(b"name"), options.get(b"filename")
        if disposition != b"form-data" or name is None:
            self._refuse(InvalidRequest("A part of the form has no name."))
        elif len(self.parts) == self._most:
            self._refuse(InvalidRequest(f"The form has more than {self._most} parts."))
        self.parts.append(Part(_text(name or b""), None if filename is None else _text(filename)))

    def _more_data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        if self.refusal is not None:
            return
        if len(part.data) + end - start > self._most_bytes:
            self._refuse(
                PayloadTooLarge(f"{part.name} has more than {self._most_bytes} bytes.", param=part.name)
            )
            return
        part.data += data[start:end]

    def _end(self) -> None:
        self.ended = True

    def _refuse(self, error: RequestError) -> None:
        self.refusal = self.refusal or error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "")[:1024]
