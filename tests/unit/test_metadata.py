"""Orientation and colour profile change what is seen and are applied; all else is left behind."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from retouch.images.decode import decode
from retouch.images.encode import encode
from retouch.images.metadata import DAMAGED_EXIF, DAMAGED_PROFILE
from retouch.task import OutputFormat
from retouch.testing import pictures

LIMIT = 1_000_000
UPRIGHT = np.asarray(pictures.photo()).astype(int)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_every_orientation_is_seen_upright(orientation: int, name: str) -> None:
    pixels = decode(pictures.turned(orientation, name), LIMIT).pixels
    assert pixels.shape == UPRIGHT.shape
    assert np.abs(pixels - UPRIGHT).mean() < 3


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_is_none(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(pictures.saved(pictures.photo(), "JPEG", exif=exif.tobytes()), LIMIT)
    assert decoded.pixels.shape == UPRIGHT.shape


def test_damaged_exif_costs_only_the_orientation() -> None:
    data = pictures.saved(pictures.photo(), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(64))
    decoded = decode(data, LIMIT)
    assert np.array_equal(decoded.pixels, UPRIGHT)
    assert set(decoded.warnings) <= {DAMAGED_EXIF}


def test_a_profile_is_applied() -> None:
    plain = decode(pictures.saved(pictures.photo()), LIMIT)
    swapped = decode(pictures.with_profile(pictures.swapped_profile()), LIMIT)
    assert swapped.warnings == ()
    # Red and blue primaries have changed places, so red and blue do.
    assert np.abs(swapped.pixels[..., ::-1].astype(int) - plain.pixels).mean() < 2


def test_srgb_stays_byte_for_byte() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(decode(pictures.with_profile(profile), LIMIT).pixels, UPRIGHT)


def test_alpha_survives_the_profile() -> None:
    image = pictures.photo(mode="RGBA")
    image.putalpha(Image.fromarray(np.full((48, 64), 77, np.uint8)))
    pixels = decode(pictures.with_profile(pictures.swapped_profile(), image), LIMIT).pixels
    assert np.all(pixels[..., 3] == 77)


@pytest.mark.parametrize(
    ("profile", "mode"),
    [(b"no profile at all" * 20, "RGB"), (pictures.swapped_profile()[:200], "RGB")],
    ids=["nonsense", "cut"],
)
def test_a_broken_profile_is_named_and_left_out(profile: bytes, mode: str) -> None:
    decoded = decode(pictures.with_profile(profile, pictures.photo(mode=mode)), LIMIT)
    assert decoded.warnings == (DAMAGED_PROFILE,)
    assert np.array_equal(decoded.pixels, UPRIGHT)


def test_a_profile_for_other_colours_is_named_and_left_out() -> None:
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    decoded = decode(pictures.with_profile(pictures.swapped_profile(), image, "JPEG"), LIMIT)
    assert decoded.warnings == (DAMAGED_PROFILE,)


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp", "avif"])
def test_nobody_learns_where_a_picture_was_taken(output_format: OutputFormat) -> None:
    source = pictures.with_gps()
    assert b"SECRET" in source
    data = encode(decode(source, LIMIT).pixels, output_format)
    with Image.open(io.BytesIO(data)) as image:
        assert not image.getexif()
        assert not {"exif", "xmp", "comment", "icc_profile"} & set(image.info)
    assert b"SECRET" not in data
