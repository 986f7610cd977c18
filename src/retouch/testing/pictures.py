"""Pictures as hostile and odd as the world sends them, made on the spot, each from a few lines.

Reusable by tests of anything that takes a picture: :func:`bombs` must be refused quickly, :func:`broken`
must end in a typed failure, :func:`refused` are formats that are never opened, the rest decode.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np
from PIL import Image, ImageCms

# 48 x 32, stored lying down with EXIF orientation 6, so that it is seen as 32 x 48 with a blue top third.
# Made once with libheif's x265 encoder, which the decoder-only library that Retouch uses does not have.
HEIC: Final = base64.b64decode(
    """
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAA
AAAAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAAKMAAgAAAAACjwABAAAAAAAAACQAAAA4aWluZgAA
AAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcn
AAAADmaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroC
QGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm
5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAADAAAAABAAAAIAAAAAH////wAAAAAv///+AA
AAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEAAQaBAgMFhIYAAAAaaXJlZgAAAAAAAA
AOY2RzYwACAAEAAQAAAM9tZGF0AAAAnygBrwngITk0H//zdatf+E6f/7Mfbwt7Qvl/8Kobf9jkjFwkVOCghFrA3K/L
GeA8zSNqgCP1Z/+7tUZ27LUc33WomB3pGEkmF/39HjVbmKpq1BiN55GeER12BSLh4I+PGsK8sbylRfAB+rQYGCCUSV
egmeunUWtI8Kgpm/c59GqLeGYRRFPHokAfV6sJBiEbXKt+lBv95VKDWkuLNfmWoQAAAAZFeGlmAABNTQAqAAAACAAB
ARIAAwAAAAEABgAAAAAAAA==
"""
)

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_BOMB_BYTES: Final = 100_000_000
_ORIENTATION: Final = 0x0112
_FAITHFUL: Final[Mapping[str, Mapping[str, Any]]] = {
    "PNG": {},
    "JPEG": {"quality": 98, "subsampling": 0},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
}


def photo(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """A picture in which every corner and direction is told apart: red to the right, green downwards."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    pixels = np.dstack([x, y, np.full_like(x, 128)]).astype(np.uint8)
    return Image.fromarray(pixels).convert(mode)


def ball(width: int = 160, height: int = 120) -> Image.Image:
    """A picture with a subject that a matting net finds: a red ball, lit from above, on pale grey."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = 0.32 * min(width, height)
    across, down = (x - width / 2) / radius, (y - height / 2) / radius
    inside = across**2 + down**2 < 1
    light = np.sqrt(np.maximum(0, 1 - across**2 - down**2)) * (0.75 - 0.25 * down)
    shaded = np.array([60, 10, 10]) + light[..., None] * np.array([190, 60, 50])
    pixels = np.where(inside[..., None], shaded, np.array([208, 210, 212]))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def saved(image: Image.Image, name: str = "PNG", **options: Any) -> bytes:
    """``image`` as a file of Pillow's format ``name``."""
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


# --- refused by size -------------------------------------------------------------------------------


@cache
def bombs() -> Mapping[str, bytes]:
    """Small files that would become enormous: by their pixels, or by what is packed beside them."""
    return {
        "png 65535 x 65535": png(65_535, 65_535),
        "png 60 megapixels": png(10_000, 6_000, idat=_packed_zeros(10_001 * 6_000)),
        "png 2147483647 x 1": png(2**31 - 1, 1),
        "png profile of 100 MB": png(8, 8, _chunk(b"iCCP", b"p\0\0" + _packed_zeros(_BOMB_BYTES))),
        "png text of 100 MB": png(8, 8, _chunk(b"zTXt", b"t\0\0" + _packed_zeros(_BOMB_BYTES))),
        "png unicode text of 100 MB": png(8, 8, _chunk(b"iTXt", b"t\0\1\0\0\0" + _packed_zeros(_BOMB_BYTES))),
        "gif 65535 x 65535": gif(65_535, 65_535),
        "webp 16384 x 16384": _webp_canvas(16_384, 16_384),
        "jpeg 65500 x 65500": _jpeg_of_size(65_500, 65_500),
        "jpeg of 1,000 scans": _jpeg_of_scans(1000),
        "avif 30000 x 30000": _ispe(saved(photo(), "AVIF"), 30_000, 30_000),
        "heic 30000 x 30000": _ispe(HEIC, 30_000, 30_000),
    }


@cache
def long_animations() -> Mapping[str, bytes]:
    """Animations of 10,000 frames; only the first is to be looked at."""
    return {"gif": gif(16, 16, frames=10_000), "png": _apng(16, 16, frames=10_000)}


def png(width: int, height: int, *chunks: bytes, idat: bytes = b"") -> bytes:
    """A grey 8-bit PNG of that size in its header, with whatever else is asked for."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = idat or zlib.compress(bytes(min((width + 1) * height, 1 << 16)))
    return _PNG + _chunk(b"IHDR", header) + b"".join(chunks) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int = 1) -> bytes:
    """A black GIF whose frames are one pixel each."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(3) + b"\xff\xff\xff"
    control = b"\x21\xf9\x04\x00\x0a\x00\x00\x00"
    frame = control + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _packed_zeros(count: int) -> bytes:
    packer = zlib.compressobj(1)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join(parts) + packer.compress(bytes(count & 0xFFFFF)) + packer.flush()


def _apng(width: int, height: int, frames: int) -> bytes:
    data = zlib.compress(bytes((width + 1) * height))
    control = _chunk(b"acTL", struct.pack(">II", frames, 0))
    parts = [_chunk(b"fcTL", _frame_control(0, width, height)), _chunk(b"IDAT", data)]
    for index in range(1, frames):
        parts.append(_chunk(b"fcTL", _frame_control(2 * index - 1, width, height)))
        parts.append(_chunk(b"fdAT", struct.pack(">I", 2 * index) + data))
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return _PNG + header + control + b"".join(parts) + _chunk(b"IEND", b"")


def _frame_control(sequence: int, width: int, height: int) -> bytes:
    return struct.pack(">IIIIIHHBB", sequence, width, height, 0, 0, 1, 10, 0, 0)


def _webp_canvas(width: int, height: int) -> bytes:
    """A WebP whose extended header claims that canvas over an ordinary still picture."""
    still = saved(photo(), "WEBP")[12:]
    flags = bytes(4)
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + flags + canvas + still
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _jpeg_of_size(width: int, height: int) -> bytes:
    data = bytearray(saved(photo(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5  # marker, length, precision
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def _jpeg_of_scans(count: int) -> bytes:
    """A progressive JPEG whose first scan comes again and again: each passes over the whole picture."""
    data = saved(photo(), "JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    after = data.index(b"\xff", first + 2)
    while data[after + 1] == 0:
        after = data.index(b"\xff", after + 2)
    return data[:first] + data[first:after] * count + data[after:]


def _ispe(data: bytes, width: int, height: int) -> bytes:
    """Every image spatial extent of an AVIF or HEIC (ISO/IEC 23008-12, 6.5.3) rewritten."""
    changed = bytearray(data)
    at = changed.find(b"ispe")
    while at >= 0:
        changed[at + 8 : at + 16] = struct.pack(">II", width, height)
        at = changed.find(b"ispe", at + 16)
    return bytes(changed)


# --- broken ----------------------------------------------------------------------------------------


@cache
def broken() -> Mapping[str, bytes]:
    """Files that begin like pictures and are none."""
    whole = {
        "png": saved(photo()),
        "jpeg": saved(photo(), "JPEG"),
        "webp": saved(photo(), "WEBP"),
        "gif": saved(photo(mode="P"), "GIF"),
        "avif": saved(photo(), "AVIF"),
        "heic": HEIC,
    }
    cut = {f"{name} cut in half": data[: len(data) // 2] for name, data in whole.items()}
    heads = {f"{name} of 12 bytes": data[:12] for name, data in whole.items()}
    noise = bytes(range(256)) * 4
    return {
        **cut,
        **heads,
        "nothing": b"",
        "one byte": b"\x89",
        "text": b"Dear Sir or Madam, please find my picture enclosed.",
        "noise": noise,
        "png of noise": _PNG + noise,
        "jpeg of noise": b"\xff\xd8\xff\xe0" + noise,
        "png without pixels": png(0, 0),
        "png with a broken checksum": whole["png"].replace(b"IDAT", b"IDAU", 1),
        "webp of noise": b"RIFF\xff\xff\x00\x00WEBPVP8 " + noise,
    }


@cache
def refused() -> Mapping[str, bytes]:
    """Whole files of formats that are known and never opened."""
    return {
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "svg behind a mark and spaces": b'\xef\xbb\xbf \n<svg xmlns="http://www.w3.org/2000/svg"/>',
        "html": b"<!DOCTYPE html><script>alert(1)</script>",
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "tiff": saved(photo(), "TIFF"),
        "bmp": saved(photo(), "BMP"),
        "ico": saved(photo(32, 32), "ICO"),
        "jpeg 2000": saved(photo(), "JPEG2000"),
        "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + bytes(64),
        "psd": b"8BPS\x00\x01" + bytes(32),
        "zip": b"PK\x03\x04" + bytes(32),
    }


# --- odd, but whole --------------------------------------------------------------------------------


def turned(orientation: int, name: str = "JPEG", width: int = 64, height: int = 48) -> bytes:
    """:func:`photo`, stored as a camera held that way stores it: seen upright it is the photo again."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = photo(width, height)
    stored = image.transpose(undo[orientation]) if orientation in undo else image
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    options = _FAITHFUL[name]
    return saved(stored, name, exif=exif.tobytes(), **options)


def with_gps(latitude_degrees: int = 48) -> bytes:
    """A JPEG that says where and by whom it was taken, in EXIF, XMP and a comment."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825).update({1: "N", 2: (latitude_degrees, 8.0, 14.0), 3: "E", 4: (11.0, 34.0, 31.0)})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf>SECRET-XMP</rdf></x:xmpmeta>'
    return saved(photo(), "JPEG", exif=exif.tobytes(), xmp=xmp, comment=b"SECRET-COMMENT")


def animation(name: str, **options: Any) -> bytes:
    """Three frames, the first red, then green and blue."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    return saved(frames[0], name, save_all=True, append_images=frames[1:], **options)


def grey16() -> bytes:
    """A 16-bit grey PNG ramp from 0 to 65535, 256 wide."""
    ramp = np.linspace(0, 65_535, 256).round().astype(np.uint16)
    return saved(Image.fromarray(np.tile(ramp, (8, 1))))


def rgb16() -> bytes:
    """A 16-bit RGB PNG, 256 wide: red runs from 0 to 65535, green the other way, blue is full."""
    ramp = np.linspace(0, 65_535, 256).round().astype(">u2")
    row = np.stack([ramp, ramp[::-1], np.full(256, 65_535, ">u2")], axis=1).astype(">u2").tobytes()
    header = struct.pack(">IIBBBBB", 256, 8, 16, 2, 0, 0, 0)
    data = zlib.compress((b"\0" + row) * 8)
    return _PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def with_profile(profile: bytes, image: Image.Image | None = None, name: str = "PNG") -> bytes:
    """A picture that carries ``profile`` as its ICC profile."""
    return saved(image or photo(), name, icc_profile=profile)


def swapped_profile() -> bytes:
    """A well-formed RGB profile unlike sRGB: its red and blue primaries have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile, 128)[0]
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace(b"s\0R\0G\0B", b"s\0w\0a\0p")


def polyglot() -> bytes:
    """A whole PNG that goes on as a web page."""
    return saved(photo()) + b"<html><script>alert(document.cookie)</script></html>"
