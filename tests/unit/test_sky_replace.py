"""The sky and nothing but the sky is replaced; where there is none, that is said."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import DATA, context, photo

from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations.sky_replace import SKIES, apply
from retouch.engines.builtin.scenes import SCENES
from retouch.engines.builtin.sky import find_sky
from retouch.errors import InstructionNotSupported, TargetNotFound

HEIGHT, WIDTH = 200, 300


def outdoors() -> tuple[Canvas, NDArray[np.float32]]:
    """A blue sky that pales downward over dark textured hills, and the true mask of the sky."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    crest = 110 + 14 * np.sin(x / 23) + 8 * np.sin(x / 7)
    mask = np.clip(crest - y + 0.5, 0, 1)
    sky = np.array([80, 140, 215]) + (y / HEIGHT)[..., None] * np.array([110, 70, 20])
    land = np.array([70, 80, 40]) + rng.normal(0, 18, (HEIGHT, WIDTH, 1))
    noise = rng.normal(0, 1.5, (HEIGHT, WIDTH, 3))
    mixed = mask[..., None] * sky + (1 - mask[..., None]) * land + noise
    return Canvas(np.clip(mixed, 0, 255).astype(np.uint8)), mask.astype(np.float32)


def hand_made(name: str) -> NDArray[np.float32]:
    drawn = cv2.imread(str(DATA / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    return (np.asarray(drawn) > 127).astype(np.float32)


NOTHING = np.zeros((HEIGHT, WIDTH), np.float32)


def test_the_mask_follows_the_crest() -> None:
    canvas, mask = outdoors()
    sky = find_sky(canvas.rgb, NOTHING)
    assert float(np.abs(sky.alpha - mask).mean()) < 0.02
    assert 0.5 < sky.horizon < 0.7


def test_the_subject_is_no_sky() -> None:
    canvas, _ = outdoors()
    subject = NOTHING.copy()
    subject[40:90, 100:160] = 1
    assert float(find_sky(canvas.rgb, subject).alpha[45:85, 105:155].max()) < 0.01


def test_clouds_are_part_of_the_sky() -> None:
    canvas, mask = outdoors()
    clouded = cv2.ellipse(canvas.rgb.copy(), ((0, 40), (160, 50), 5), (235, 236, 238), -1, cv2.LINE_AA)
    assert float(np.abs(find_sky(np.asarray(clouded, np.uint8), NOTHING).alpha - mask).mean()) < 0.04


def test_a_small_cloud_goes_and_a_bird_stays() -> None:
    canvas, _ = outdoors()
    rgb = np.ascontiguousarray(canvas.rgb)
    cv2.ellipse(rgb, ((80, 40), (34, 12), 0), (240, 240, 242), -1, cv2.LINE_AA)
    cv2.ellipse(rgb, ((220, 40), (20, 9), 20), (30, 28, 26), -1, cv2.LINE_AA)
    alpha = find_sky(rgb, NOTHING).alpha
    assert float(alpha[36:44, 70:90].min()) > 0.9
    assert float(alpha[38:43, 216:225].max()) < 0.1


def test_a_far_shore_in_haze_ends_the_sky() -> None:
    y = np.mgrid[0:HEIGHT, 0:WIDTH][0]
    light = np.where(y < 100, 190 + 0.4 * y, 205 - 0.1 * y)
    noise = np.random.default_rng(2).normal(0, 1.2, (HEIGHT, WIDTH, 1))
    rgb = np.clip(light[..., None] + noise + np.array([-8, 0, 8]), 0, 255)
    rgb[170:] *= np.random.default_rng(3).uniform(0.2, 0.5, (30, WIDTH, 1))
    sky = find_sky(rgb.astype(np.uint8), NOTHING)
    assert 0.47 < sky.horizon < 0.54
    assert float(sky.alpha[125:].max()) < 0.35


def test_masts_before_the_sky_stay() -> None:
    canvas, _ = outdoors()
    rgb = canvas.rgb.copy()
    rgb[30:120, 200:204] = 25
    alpha = find_sky(rgb, NOTHING).alpha
    assert float(alpha[40:90, 201:203].max()) < 0.1
    assert float(alpha[40:90, 190:196].min()) > 0.9


def test_a_large_picture_has_the_mask_of_a_small_one() -> None:
    canvas, mask = outdoors()
    large = np.asarray(cv2.resize(canvas.rgb, (1500, 1000), interpolation=cv2.INTER_CUBIC), np.uint8)
    alpha = find_sky(large, np.zeros((1000, 1500), np.float32)).alpha
    assert alpha.shape == (1000, 1500)
    assert (
        float(np.abs(cv2.resize(alpha, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) - mask).mean()) < 0.03
    )


def test_the_grey_sky_of_a_photograph_is_found_behind_the_man() -> None:
    man = hand_made("camera")
    sky = find_sky(photo("camera"), man)
    assert float(sky.alpha[:120, 420:].mean()) > 0.9
    assert float(sky.alpha[220:].max()) < 0.1
    assert float(sky.alpha[cv2.erode(man, np.ones((7, 7))) > 0].max()) < 0.05


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "flower"])
def test_a_photograph_without_sky_says_so(name: str) -> None:
    rgb, subject = photo(name), hand_made(name)
    with pytest.raises(TargetNotFound, match="no sky"):
        apply(Canvas(rgb), {"scene": "sunset"}, context(subject)[0])


def test_paper_down_to_the_lower_border_is_no_sky() -> None:
    rgb = np.full((HEIGHT, WIDTH, 3), (120, 160, 220), np.uint8)
    subject = NOTHING.copy()
    subject[60:140, 100:200] = 1
    with pytest.raises(TargetNotFound, match="no land"):
        find_sky(rgb, subject)


@pytest.mark.parametrize("scene", SKIES)
def test_each_sky_changes_the_sky_and_keeps_the_detail_of_the_land(scene: str) -> None:
    canvas, mask = outdoors()
    run, progress = context(NOTHING)
    out = apply(canvas, {"scene": scene}, run).rgb
    above, below = mask > 0.99, cv2.erode((mask < 0.01).astype(np.uint8), np.ones((9, 9))) > 0
    assert float(np.abs(out[above].astype(int) - canvas.rgb[above]).mean()) > 10
    grey = [picture[below].astype(np.float32).mean(-1) for picture in (canvas.rgb, out)]
    assert float(np.corrcoef(*grey)[0, 1]) > 0.9
    assert progress == sorted(progress)
    assert progress[-1] == 1


def test_night_darkens_the_land_and_a_clear_day_hardly_does() -> None:
    canvas, mask = outdoors()
    land = mask < 0.01
    before = float(canvas.rgb[land].mean())
    night, day = (
        float(apply(canvas, {"scene": scene}, context(NOTHING)[0]).rgb[land].mean())
        for scene in ("starry sky", "clear sky")
    )
    assert night < 0.75 * before
    assert 0.75 * before < day < 1.25 * before


def test_a_black_and_white_photograph_stays_one() -> None:
    canvas, _ = outdoors()
    grey = np.repeat(canvas.rgb.mean(-1, keepdims=True).astype(np.uint8), 3, -1)
    out = apply(Canvas(grey), {"scene": "sunset"}, context(NOTHING)[0]).rgb.astype(int)
    assert float((out.max(-1) - out.min(-1)).mean()) < 3


def test_another_seed_is_another_sky_and_the_same_seed_the_same() -> None:
    canvas, _ = outdoors()
    one, again, other = (
        apply(canvas, {"scene": "cloudy sky"}, context(NOTHING, seed)[0]).rgb for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_skies_are_scenes() -> None:
    assert set(SKIES) <= set(SCENES)


@pytest.mark.parametrize("arguments", [{}, {"scene": "studio"}, {"scene": "sunset", "place": "left"}])
def test_what_is_no_sky_is_refused(arguments: dict[str, str]) -> None:
    canvas, _ = outdoors()
    with pytest.raises(InstructionNotSupported):
        apply(canvas, arguments, context(NOTHING)[0])


@pytest.mark.parametrize("size", [(1, 2), (3, 40), (40, 3), (17, 23)])
def test_tiny_pictures_end_in_an_answer(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    with pytest.raises(TargetNotFound):
        apply(Canvas(rgb), {"scene": "sunset"}, context(np.zeros(size, np.float32))[0])
