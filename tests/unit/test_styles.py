"""Every style keeps shape and alpha, is reproducible, and leaves the mark that it is known by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from retouch.engines.builtin.colour import decode, to_oklab
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations import style
from retouch.engines.builtin.styles import STYLES
from retouch.errors import InstructionNotSupported, TaskCancelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

PHOTOS = Path(__file__).parents[1] / "data" / "photos"

every_style = pytest.mark.parametrize("name", STYLES)


def matte(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A disc in the middle is the subject."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    inside = np.hypot((y + 0.5) / height - 0.5, (x + 0.5) / width - 0.5) < 0.3
    return np.asarray(inside, np.float32)


def context(seed: int = 1, variation: int = 0, progress: Any = lambda _: None) -> Context:
    return Context(seed, variation, matte, progress, lambda _: None)


def photo(height: int = 72, width: int = 96, seed: int = 0) -> NDArray[np.uint8]:
    """Something like a picture: a sky, a ground, and a coloured, shaded ball with an edge."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = (y + 0.5) / height, (x + 0.5) / width
    sky = np.stack([0.5 + 0.2 * y, 0.65 + 0.1 * y, 0.9 - 0.2 * y], -1)
    ground = np.stack([0.35 + 0.1 * x, 0.3 + 0 * x, 0.2 + 0 * x], -1)
    picture = np.where((y > 0.7)[..., None], ground, sky)
    ball = np.hypot(y - 0.5, x - 0.5)
    shade = np.clip(1.1 - 1.8 * np.hypot(y - 0.4, x - 0.4), 0.1, 1)[..., None]
    picture = np.where((ball < 0.3)[..., None], shade * np.array([0.9, 0.45, 0.3]), picture)
    picture += rng.normal(0, 0.02, picture.shape)
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def styled(name: str, rgb: NDArray[np.uint8], seed: int = 1, **arguments: Any) -> NDArray[np.uint8]:
    return style.apply(Canvas(rgb), {"style": name, **arguments}, context(seed)).rgb


@every_style
def test_a_style_gives_a_picture_of_the_same_shape_and_leaves_its_input_alone(name: str) -> None:
    rgb = photo()
    before = rgb.copy()
    out = styled(name, rgb)
    assert out.shape == rgb.shape
    assert out.dtype == np.uint8
    assert np.array_equal(rgb, before)
    assert np.abs(out.astype(int) - rgb).mean() > 4


@every_style
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture(name: str) -> None:
    rgb = photo()
    first, again, other = styled(name, rgb), styled(name, rgb), styled(name, rgb, seed=2)
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 0.5


@every_style
def test_strength_0_changes_nothing_and_less_strength_stays_nearer_to_the_photo(name: str) -> None:
    rgb = photo()
    distance = [np.abs(styled(name, rgb, strength=s).astype(int) - rgb).mean() for s in (0, 15, 100)]
    assert distance[0] == 0
    assert 0 < distance[1] < distance[2]


@every_style
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (37, 8), (1, 64)])
def test_tiny_and_odd_pictures_are_painted_too(name: str, size: tuple[int, int]) -> None:
    assert styled(name, photo(*size)).shape == (*size, 3)


@every_style
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_grey_does_not_fail(name: str, value: int) -> None:
    out = styled(name, np.full((24, 32, 3), value, np.uint8))
    assert out.shape == (24, 32, 3)


@every_style
def test_alpha_is_kept(name: str) -> None:
    rgb = photo()
    alpha = (matte(rgb) * 255).astype(np.uint8)
    out = style.apply(Canvas(rgb, alpha), {"style": name}, context())
    assert out.alpha is not None
    assert np.array_equal(out.alpha, alpha)


@every_style
def test_nobody_waiting_ends_the_painting(name: str) -> None:
    def cancelled(fraction: float) -> None:
        if fraction > 0.1:
            raise TaskCancelled("nobody waits")

    with pytest.raises(TaskCancelled):
        style.apply(Canvas(photo()), {"style": name}, context(progress=cancelled))


@every_style
def test_progress_only_grows_and_stays_within_the_operation(name: str) -> None:
    said: list[float] = []
    style.apply(Canvas(photo()), {"style": name}, context(progress=said.append))
    assert said == sorted(said)
    assert 0 <= said[0] <= said[-1] <= 1


@every_style
def test_a_large_picture_is_painted_small_and_comes_back_large(name: str) -> None:
    rgb = np.asarray(cv2.resize(photo(), (2000, 60)), np.uint8)
    assert styled(name, rgb).shape == rgb.shape


@pytest.mark.parametrize("value", ["much", None, float("nan"), True])
def test_a_strength_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InstructionNotSupported, match="strength"):
        styled("oil painting", photo(), strength=value)


@pytest.mark.parametrize("name", ["cubist", None, 7])
def test_an_unknown_style_is_refused_with_the_list_of_those_that_exist(name: Any) -> None:
    with pytest.raises(InstructionNotSupported, match="cyberpunk"):
        styled(name, photo())


@pytest.mark.parametrize(("given", "taken"), [(250, 100), (-3, 0)])
def test_a_strength_beyond_its_range_is_clamped(given: int, taken: int) -> None:
    rgb = photo()
    assert np.array_equal(
        styled("pencil sketch", rgb, strength=given), styled("pencil sketch", rgb, strength=taken)
    )


def test_cyberpunk_is_dark_with_magenta_and_cyan_populations_even_of_a_grey_photo() -> None:
    grey = np.repeat(photo(120, 160).mean(-1, keepdims=True).astype(np.uint8), 3, -1)
    for seed in range(3):
        red, green, blue = np.moveaxis(styled("cyberpunk", grey, seed=seed).astype(int), -1, 0)
        magenta = (red > green + 40) & (blue > green + 25)
        cyan = (blue > red + 40) & (green > red + 15)
        assert magenta.mean() > 0.03
        assert cyan.mean() > 0.03


def test_cyberpunk_lights_a_dim_photo_as_it_does_a_bright_one() -> None:
    rgb = photo(120, 160)
    dim = (rgb * 0.25).astype(np.uint8)
    core = matte(rgb) > 0
    bright_mean, dim_mean = (styled("cyberpunk", p)[core].mean() for p in (rgb, dim))
    assert abs(bright_mean - dim_mean) < 25


@pytest.mark.parametrize("path", sorted(PHOTOS.glob("*.[jp]*g")), ids=lambda p: p.stem)
def test_cyberpunk_of_every_photo_is_a_neon_night_in_which_the_subject_is_recognised(path: Path) -> None:
    rgb = np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1].copy()
    out = styled("cyberpunk", rgb)
    lab = to_oklab(decode(out))
    assert 0.15 < lab[..., 0].mean() < 0.55
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    vivid = np.hypot(lab[..., 1], lab[..., 2]) > 0.05
    assert (vivid & (hue > 300)).mean() > 0.05  # violet, magenta and pink
    assert (vivid & (hue > 180) & (hue < 270)).mean() > 0.01  # cyan and blue
    core = cv2.erode(matte(rgb), np.ones((15, 15))) > 0
    assert np.corrcoef(drawing(rgb)[core], drawing(out)[core])[0, 1] > 0.6


@every_style
@pytest.mark.parametrize("all_or_nothing", [0.0, 1.0])
def test_a_picture_without_a_subject_or_with_nothing_else_is_painted_too(
    name: str, all_or_nothing: float
) -> None:
    def no_matte(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.full(rgb.shape[:2], all_or_nothing, np.float32)

    without = Context(1, 0, no_matte, lambda _: None, lambda _: None)
    rgb = photo()
    out = style.apply(Canvas(rgb), {"style": name}, without).rgb
    assert out.shape == rgb.shape
    assert out.std() > 5


def drawing(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the eye knows a thing by: lightness without its wide variations."""
    light = to_oklab(decode(rgb))[..., 0]
    return np.asarray(light - cv2.GaussianBlur(light, (0, 0), 12), np.float32)


def test_a_pencil_sketch_is_grey_on_light_paper() -> None:
    out = styled("pencil sketch", photo()).astype(int)
    assert (out.max(-1) - out.min(-1)).mean() < 20
    assert np.percentile(out, 90) > 210


def test_oil_paint_lies_in_patches_of_even_colour() -> None:
    rng = np.random.default_rng(5)
    speckled = np.clip(photo(120, 160) + rng.normal(0, 30, (120, 160, 3)), 0, 255).astype(np.uint8)
    assert colour_noise(styled("oil painting", speckled)) < 0.5 * colour_noise(speckled)


def colour_noise(rgb: NDArray[np.uint8]) -> float:
    """How much hue and saturation jump between neighbours; relief in the paint does not count."""
    colour = rgb.astype(float) - rgb.mean(-1, keepdims=True)
    return float(np.abs(np.diff(colour, axis=1)).mean())


def test_pixel_art_is_made_of_squares_in_few_colours() -> None:
    out = styled("pixel art", photo(512, 512))
    edges_across = (np.diff(out.astype(int), axis=1) != 0).any((0, 2))
    assert 64 < edges_across.sum() < 144  # at most 144 columns of cells, all edges in the same places
    assert len(np.unique(out.reshape(-1, 3), axis=0)) <= 28


def test_line_art_is_mostly_white_with_real_black() -> None:
    out = styled("line art", photo(240, 320))
    assert (out > 240).mean() > 0.75
    assert 0.003 < (out < 60).mean() < 0.2


def test_line_art_draws_the_outline_of_the_subject() -> None:
    rgb = np.full((200, 200, 3), 200, np.uint8)
    cv2.circle(rgb, (100, 100), 60, (60, 60, 60), -1)
    dark = styled("line art", rgb).mean(-1) < 100
    y, x = np.nonzero(dark)
    assert np.abs(np.hypot(y - 100, x - 100) - 60).max() < 8
    assert dark.sum() > 200


def test_pop_art_prints_the_subject_in_other_inks_than_its_ground() -> None:
    rgb = photo(200, 260)
    out = styled("pop art", rgb).astype(float)
    inside = cv2.erode(matte(rgb), np.ones((9, 9))) > 0
    outside = cv2.dilate(matte(rgb), np.ones((9, 9))) == 0
    assert np.abs(np.median(out[inside], 0) - np.median(out[outside], 0)).max() > 60


def test_comic_has_flat_colours_and_black_ink() -> None:
    rgb = photo(240, 320)
    out = styled("comic", rgb)
    assert (out.max(-1) < 40).mean() > 0.01
    counts = np.unique((out // 8).reshape(-1, 3), axis=0, return_counts=True)[1]
    assert np.sort(counts)[::-1][:12].sum() > 0.35 * counts.sum()


def test_watercolor_is_light_and_leaves_paper_at_the_border() -> None:
    rgb = (photo(240, 320) * 0.6).astype(np.uint8)
    out = styled("watercolor", rgb)
    border = np.concatenate([out[0], out[-1], out[:, 0], out[:, -1]])
    assert border.mean() > 235
    assert out.mean() > rgb.mean() + 20


def test_ukiyo_e_prints_in_old_pigments_and_a_blue_graded_sky() -> None:
    out = styled("ukiyo-e", np.full((160, 200, 3), 215, np.uint8)).astype(float)
    top, middle = out[:6].mean((0, 1)), out[90:100].mean((0, 1))
    assert top[2] - top[0] > 40
    assert middle[0] >= middle[2]  # undyed paper is warm


def test_impressionist_strokes_break_an_even_surface_into_many_colours() -> None:
    even = np.full((200, 260, 3), (90, 130, 170), np.uint8)
    out = styled("impressionist", even).astype(float)
    assert out.std((0, 1)).mean() > 4
    assert np.abs(out.mean((0, 1)) - even[0, 0]).max() < 70


def test_vaporwave_stands_before_a_pink_and_violet_sky() -> None:
    out = styled("vaporwave", photo(200, 260)).astype(int)
    red, green, blue = np.moveaxis(out[:100], -1, 0)
    assert ((red > green + 20) & (blue > green + 20)).mean() > 0.4


def test_anime_is_brighter_and_more_colourful_than_its_photo() -> None:
    rgb = photo(160, 200)
    core = matte(rgb) > 0
    before, after = (to_oklab(decode(p))[core].mean(0) for p in (rgb, styled("anime", rgb)))
    assert after[0] > before[0]
    assert np.hypot(after[1], after[2]) > np.hypot(before[1], before[2])
