"""What goes out: the four formats, their quality, their limits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from retouch.errors import EngineFailed
from retouch.images.composite import keep_outside
from retouch.images.decode import decode, flatten
from retouch.images.encode import encode, resize, thumbnail
from retouch.task import OutputFormat
from retouch.testing import pictures

PHOTO = np.asarray(pictures.photo())
GLASS = np.dstack([PHOTO, np.full(PHOTO.shape[:2], 100, np.uint8)])


@given(arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.sampled_from([3]))))
def test_png_is_lossless(pixels: np.ndarray) -> None:
    assert np.array_equal(decode(encode(pixels, "png"), 1000).pixels, pixels)


@pytest.mark.parametrize("output_format", ["jpeg", "webp", "avif"])
def test_lossy_formats_are_near(output_format: OutputFormat) -> None:
    pixels = decode(encode(PHOTO, output_format), 10_000).pixels
    assert np.abs(pixels.astype(int) - PHOTO).mean() < 4


@pytest.mark.parametrize("output_format", ["png", "webp", "avif"])
def test_transparency_is_kept_where_it_can_be(output_format: OutputFormat) -> None:
    pixels = decode(encode(GLASS, output_format), 10_000).pixels
    assert np.abs(pixels[..., 3].astype(int) - 100).max() <= 2


def test_jpeg_lays_transparency_on_white() -> None:
    pixels = decode(encode(GLASS, "jpeg", 100), 10_000).pixels
    assert np.abs(pixels.astype(int) - flatten(GLASS)).mean() < 2


@pytest.mark.parametrize("output_format", ["jpeg", "webp", "avif"])
def test_compression_is_quality(output_format: OutputFormat) -> None:
    sizes = [len(encode(PHOTO, output_format, quality)) for quality in (0, 50, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_a_picture_too_wide_for_the_format() -> None:
    with pytest.raises(EngineFailed, match="does not fit into webp"):
        encode(np.zeros((1, 16_384, 3), np.uint8), "webp")


@pytest.mark.parametrize(("output_format", "name"), [("png", "PNG"), ("jpeg", "JPEG"), ("avif", "AVIF")])
def test_the_bytes_are_what_they_say(output_format: OutputFormat, name: str) -> None:
    with Image.open(io.BytesIO(encode(PHOTO, output_format))) as image:
        assert image.format == name
        assert image.size == (64, 48)


def test_a_thumbnail_keeps_the_proportions() -> None:
    assert thumbnail(PHOTO, 32).shape == (24, 32, 3)
    assert thumbnail(PHOTO, 500).shape == PHOTO.shape


def test_resize_gives_exactly_the_size() -> None:
    assert resize(PHOTO, 31, 77).shape == (77, 31, 3)
    assert resize(PHOTO, 64, 48) is PHOTO


@given(arrays(np.uint8, (12, 16)), arrays(np.uint8, (12, 16, 3)))
def test_outside_the_mask_nothing_changes(mask: np.ndarray, after: np.ndarray) -> None:
    before = PHOTO[:12, :16]
    result = keep_outside(before, after, mask)
    assert np.array_equal(result[mask == 0], before[mask == 0])


def test_deep_inside_the_mask_the_edit_shows() -> None:
    mask = np.zeros((48, 64), np.uint8)
    mask[8:40, 8:56] = 255
    after = 255 - PHOTO
    result = keep_outside(PHOTO, after, mask)
    assert np.array_equal(result[12:36, 12:52], after[12:36, 12:52])


def test_a_cut_out_keeps_its_alpha_inside_the_mask_only() -> None:
    mask = np.zeros((48, 64), np.uint8)
    mask[:, 32:] = 255
    result = keep_outside(PHOTO, GLASS, mask)
    assert result[0, 0, 3] == 255
    assert result[0, 63, 3] == 100
