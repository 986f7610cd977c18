"""Pictures as callers have them: a path, bytes, a Pillow image, or a URL."""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, TypeGuard

from retouch.client.errors import ConfigurationError


class PillowImage(Protocol):
    """What is asked of a ``PIL.Image.Image``; Pillow itself is loaded by whoever has one."""

    def save(self, fp: Any, format: str | None = None) -> object:  # noqa: A002 - Pillow's own name
        """Write the image."""


Picture: TypeAlias = str | Path | bytes | PillowImage
Pictures: TypeAlias = Picture | Sequence[Picture]

INLINE_MAX: Final = (
    256 * 1024
)  # bytes; larger ones are uploaded, so that a submit that is sent again is small
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
)
_BRANDS: Final = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic"}


@dataclass(frozen=True, slots=True)
class Blob:
    """The bytes of a picture; what is no picture is for the server to refuse."""

    data: bytes = field(repr=False)
    name: str = "picture"

    @property
    def media_type(self) -> str:
        """By the first bytes."""
        return f"image/{_format(self.data)}"

    @property
    def inline(self) -> bool:
        """Whether it goes along in the submit."""
        return len(self.data) <= INLINE_MAX

    @property
    def data_uri(self) -> str:
        """The picture as a URL."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"


Given: TypeAlias = str | Blob  # a URL, or bytes


def load_all(pictures: Pictures) -> tuple[Given, ...]:
    """One picture or several, read. Raises ConfigurationError where a file cannot be."""
    if isinstance(pictures, Sequence) and not isinstance(pictures, str | bytes):
        found = tuple(load(each) for each in pictures)
    else:
        found = (load(pictures),)
    if not found:
        raise ConfigurationError("there is no picture to edit")
    return found


def load(picture: Picture) -> Given:
    """One picture, read."""
    if isinstance(picture, str) and picture.startswith(("https://", "http://", "data:")):
        return picture
    if isinstance(picture, bytes):
        return Blob(picture)
    if isinstance(picture, str | Path):
        return _file(Path(picture))
    if _is_pillow(picture):
        file = io.BytesIO()
        picture.save(file, "PNG")
        return Blob(file.getvalue())
    raise ConfigurationError(
        f"a picture is a path, bytes, a Pillow image or a URL, not {type(picture).__name__}"
    )


def _file(path: Path) -> Blob:
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{path} is no file")
        return Blob(path.read_bytes(), path.name)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise ConfigurationError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


def _is_pillow(picture: object) -> TypeGuard[PillowImage]:
    """Whoever has such an image has loaded Pillow already."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(picture, pillow.Image)


def _format(data: bytes) -> str:
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return _BRANDS.get(data[8:12], "octet-stream") if data[4:8] == b"ftyp" else "octet-stream"
