"""Every odd but whole picture decodes to the right pixels; every other one ends in a typed failure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retouch.errors import ImageTooLarge, ImageUnreadable, ImageUnsupported, TaskError
from retouch.images.codecs import versions
from retouch.images.decode import ANIMATED, FLATTENED, MASK_STRETCHED, decode, decode_mask
from retouch.testing import pictures

LIMIT = 24_000_000
UPRIGHT = np.asarray(pictures.photo())


def difference(data: bytes, expected: np.ndarray = UPRIGHT) -> float:
    """Mean absolute difference of the decoded colours, in levels."""
    pixels = decode(data, LIMIT).pixels
    assert pixels.shape[:2] == expected.shape[:2]
    return float(np.abs(pixels[..., :3].astype(int) - expected[..., :3].astype(int)).mean())


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_each_format(name: str) -> None:
    image = pictures.photo(mode="P" if name == "GIF" else "RGB")
    data = pictures.saved(image, name)
    assert difference(data, np.asarray(image.convert("RGB"))) < 4
    assert decode(data, LIMIT).format == name.lower()


def test_heic_is_upright() -> None:
    decoded = decode(pictures.HEIC, LIMIT)
    assert decoded.format == "heic"
    assert decoded.pixels.shape == (48, 32, 3)
    assert decoded.pixels[2, 2, 2] > 150  # blue above
    assert decoded.pixels[-3, 2, 0] > 150  # red below


@pytest.mark.parametrize("name", sorted(pictures.refused()))
def test_formats_that_are_never_opened(name: str) -> None:
    with pytest.raises(ImageUnsupported, match=r"are not opened|is markup"):
        decode(pictures.refused()[name], LIMIT)


@pytest.mark.parametrize("name", sorted(pictures.broken()))
def test_broken_pictures(name: str) -> None:
    with pytest.raises((ImageUnreadable, ImageTooLarge)):
        decode(pictures.broken()[name], LIMIT)


@pytest.mark.parametrize("name", sorted(pictures.bombs()))
def test_bombs_are_refused(name: str) -> None:
    with pytest.raises((ImageUnreadable, ImageTooLarge)):
        decode(pictures.bombs()[name], LIMIT)


def test_the_limit_is_on_pixels() -> None:
    data = pictures.saved(pictures.photo(40, 25))
    assert decode(data, 1000).pixels.shape == (25, 40, 3)
    with pytest.raises(ImageTooLarge, match="40 x 25"):
        decode(data, 999)


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_first_frame_of_an_animation(name: str) -> None:
    decoded = decode(pictures.animation(name), LIMIT)
    assert decoded.warnings == (ANIMATED,)
    red, green, blue = decoded.pixels.reshape(-1, 3).mean(axis=0)
    assert red > 240
    assert green < 10
    assert blue < 10


@pytest.mark.parametrize("name", ["gif", "png"])
def test_a_long_animation_costs_one_frame(name: str) -> None:
    assert decode(pictures.long_animations()[name], LIMIT).warnings == (ANIMATED,)


def test_grey_of_16_bits_is_scaled_not_clipped() -> None:
    row = decode(pictures.grey16(), LIMIT).pixels[0, :, 0].astype(int)
    assert np.abs(row - np.arange(256)).max() <= 1
    assert (row[0], row[-1]) == (0, 255)


def test_colours_of_16_bits() -> None:
    row = decode(pictures.rgb16(), LIMIT).pixels[0].astype(int)
    assert np.abs(row[:, 0] - np.arange(256)).max() <= 1
    assert np.abs(row[:, 1] - np.arange(256)[::-1]).max() <= 1
    assert row[:, 2].min() == 255


def test_cmyk_of_a_printer() -> None:
    data = pictures.saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")
    assert decode(data, LIMIT).pixels[4, 4].tolist() == pytest.approx([255, 0, 0], abs=4)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palettes_become_colour(mode: str) -> None:
    image = pictures.photo(mode=mode)
    assert difference(pictures.saved(image), np.asarray(image.convert("RGB"))) == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_kept_straight(mode: str) -> None:
    image = pictures.photo(mode=mode)
    image.putalpha(Image.fromarray(np.full((48, 64), 128, np.uint8)))
    decoded = decode(pictures.saved(image), LIMIT)
    assert decoded.pixels.shape == (48, 64, 4)
    assert np.array_equal(decoded.pixels, np.asarray(image.convert("RGBA")))


@pytest.mark.parametrize(("mode", "transparent"), [("P", 0), ("L", 0), ("RGB", (0, 0, 0))])
def test_a_transparent_colour_becomes_alpha(mode: str, transparent: int | tuple[int, ...]) -> None:
    image = Image.new(mode, (8, 8), 0)
    image.paste(Image.new(mode, (4, 8), 1 if mode == "P" else "white"), (0, 0))
    alpha = decode(pictures.saved(image, transparency=transparent), LIMIT).pixels[..., 3]
    assert alpha[:, :4].min() == 255
    assert alpha[:, 4:].max() == 0


def test_alpha_can_be_laid_on_white() -> None:
    data = pictures.saved(Image.new("RGBA", (8, 8), (0, 0, 0, 51)))
    decoded = decode(data, LIMIT, keep_alpha=False)
    assert decoded.warnings == (FLATTENED,)
    assert decoded.pixels[0, 0].tolist() == [204, 204, 204]


def test_alpha_that_hides_nothing_is_dropped() -> None:
    data = pictures.saved(pictures.photo(mode="RGBA"))
    assert decode(data, LIMIT).pixels.shape == (48, 64, 3)
    assert decode(data, LIMIT, keep_alpha=False).warnings == ()


def test_a_mask_is_white_or_transparent_where_one_may_edit() -> None:
    grey = Image.new("L", (8, 8), 0)
    grey.paste(255, (0, 0, 4, 8))
    hole = Image.new("RGBA", (8, 8), (9, 9, 9, 255))
    hole.paste((9, 9, 9, 0), (0, 0, 4, 8))
    for mask in (grey, hole):
        assert np.array_equal(decode_mask(pictures.saved(mask), LIMIT, (8, 8)).pixels, np.asarray(grey))


def test_a_mask_takes_the_size_of_its_picture() -> None:
    """It used to be stretched without a word, so that a mask for another crop edited another place."""
    mask = decode_mask(pictures.saved(Image.new("L", (8, 8), 255)), LIMIT, (30, 20))
    assert mask.pixels.shape == (20, 30)
    assert mask.pixels.min() == 255
    assert mask.warnings == (MASK_STRETCHED,)
    assert decode_mask(pictures.saved(Image.new("L", (30, 20), 255)), LIMIT, (30, 20)).warnings == ()


def test_of_a_camera_with_two_lenses_the_first_picture() -> None:
    data = pictures.saved(pictures.photo(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert difference(data) < 4
    assert decode(data, LIMIT).warnings == ()


def test_an_ordinary_progressive_jpeg() -> None:
    assert difference(pictures.saved(pictures.photo(), "JPEG", progressive=True)) < 4


def test_a_page_behind_a_picture_is_not_looked_at() -> None:
    assert difference(pictures.polyglot()) == 0


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF"]),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 400),
)
def test_no_mutant_ends_otherwise(name: str, changes: list[tuple[int, int]], cut: int) -> None:
    """Whatever bytes change or are missing, it is a picture within the limit or a TaskError."""
    image = pictures.photo(mode="P" if name == "GIF" else "RGB")
    data = bytearray(pictures.HEIC if name == "HEIF" else pictures.saved(image, name))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        pixels = decode(bytes(data[: len(data) - cut]), 100_000).pixels
    except TaskError:
        return
    assert pixels.shape[0] * pixels.shape[1] <= 100_000
    assert pixels.dtype == np.uint8


def test_the_decoders_say_their_versions() -> None:
    found = versions()
    assert {"pillow", "webp", "avif", "libheif"} <= set(found)
    assert all(any(letter.isdigit() for letter in version) for version in found.values())
