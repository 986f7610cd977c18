"""Restoring: what is measured is true, what is done brings a spoilt photograph nearer to the clean one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context, photo

from retouch.engines.builtin.dehazing import Veil
from retouch.engines.builtin.denoising import blockiness, noise_of, quality_of
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import restore, weather
from retouch.engines.builtin.sharpening import softness
from retouch.errors import InstructionNotSupported

Picture = NDArray[np.uint8]
PHOTOS = ("astronaut", "chelsea", "china", "flower")
MODES = ("denoise", "deblock", "dehaze", "sharpen", "auto")


def nothing(rgb: Picture) -> NDArray[np.float32]:
    return np.zeros(rgb.shape[:2], np.float32)


def restored(rgb: Picture, variation: int = 0, **arguments: Any) -> Picture:
    return restore.apply(Canvas(rgb), arguments, context(nothing, variation=variation)[0]).rgb


def noisy(rgb: Picture, sigma: float) -> Picture:
    noise = np.random.default_rng(0).normal(0, sigma, rgb.shape)
    return np.clip(np.round(rgb + noise), 0, 255).astype(np.uint8)


def saved(rgb: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def soft(rgb: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8)


def gray(rgb: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def psnr(one: Picture, other: Picture) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("sigma", [5, 12])
def test_noise_is_measured_to_a_sixth(name: str, sigma: float) -> None:
    clean = gray(photo(name))
    noise = np.random.default_rng(0).normal(0, sigma, clean.shape)
    measured = noise_of(np.clip(np.round(clean + noise), 0, 255).astype(np.uint8))
    assert abs(measured / sigma - 1) < 0.17
    assert noise_of(clean) < 2


@pytest.mark.parametrize("name", PHOTOS)
def test_noise_goes_and_detail_stays(name: str) -> None:
    clean = photo(name)
    spoilt = noisy(clean, 14)
    assert psnr(restored(spoilt, mode="denoise"), clean) > psnr(spoilt, clean) + 3.5


def test_a_clean_picture_is_hardly_touched_by_denoising() -> None:
    clean = photo("china")
    assert psnr(restored(clean, mode="denoise"), clean) > 38


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("quality", [18, 41, 75])
def test_blocks_their_grid_and_their_quality_are_found(name: str, quality: int) -> None:
    spoilt = saved(photo(name), quality)
    assert blockiness(spoilt)[0] > 0.15
    assert blockiness(spoilt[3:, 5:])[1] == (5, 3)
    assert quality_of(spoilt, (0, 0)) == quality
    assert blockiness(photo(name))[0] < 0.1


@pytest.mark.parametrize("name", PHOTOS)
def test_blocks_go(name: str) -> None:
    clean = photo(name)
    spoilt = saved(clean, 18)
    better = restored(spoilt, mode="deblock")
    assert psnr(better, clean) > psnr(spoilt, clean) + 0.1
    assert blockiness(better)[0] < 0.35 * blockiness(spoilt)[0]


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_a_picture_without_blocks_is_left_as_it_is(name: str) -> None:
    run, _ = context(nothing)
    rgb = photo(name)
    assert restore.apply(Canvas(rgb), {"mode": "deblock"}, run).rgb is rgb
    assert any("no JPEG blocks" in warning for warning in run.warnings)


def test_haze_goes_and_the_sky_is_no_darker() -> None:
    clean = photo("china")
    hazy = weather.apply(Canvas(clean), {"weather": "fog", "strength": 40}, context(nothing)[0]).rgb
    better = restored(hazy, mode="dehaze")
    ground = (slice(250, None), slice(None))
    assert float(better[ground].std()) > 1.15 * float(hazy[ground].std())
    assert float(better[:60].mean()) > 0.85 * float(hazy[:60].mean())
    assert Veil.of(hazy).amount > Veil.of(clean).amount + 0.05


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_sharpening_brings_a_soft_picture_nearer(name: str) -> None:
    clean = photo(name)
    spoilt = soft(clean, 1.0)
    better = restored(spoilt, mode="sharpen")
    assert softness(better) < softness(spoilt) - 0.03
    assert psnr(better, clean) > psnr(spoilt, clean)


def test_sharpening_makes_no_halo_and_no_noise() -> None:
    step = np.full((64, 64, 3), 80, np.uint8)
    step[:, 32:] = 180
    out = restored(soft(step, 1.2), mode="sharpen", strength=100).astype(int)
    assert int(out.min()) >= 80 - 13
    assert int(out.max()) <= 180 + 13
    flat = noisy(np.full((128, 128, 3), 120, np.uint8), 4)
    assert float(gray(restored(flat, mode="sharpen")).std()) < 1.25 * float(gray(flat).std())


def test_sharpening_changes_no_hue() -> None:
    rgb = photo("flower")
    before, after = (
        cv2.cvtColor(p, cv2.COLOR_RGB2YCrCb).astype(int) for p in (rgb, restored(rgb, mode="sharpen"))
    )
    assert float(np.abs(before[..., 1:] - after[..., 1:]).mean()) < 1.5


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda rgb: noisy(rgb, 12), "noise"),
        (lambda rgb: saved(rgb, 20), "JPEG blocks"),
        (lambda rgb: soft(rgb, 1.6), "unsharpness"),
        (lambda rgb: (rgb * 0.4 + 90).astype(np.uint8), "low contrast"),
    ],
)
def test_auto_finds_what_is_wrong_and_says_so(spoil: Any, word: str) -> None:
    run, _ = context(nothing)
    spoilt = spoil(photo("astronaut"))
    out = restore.apply(Canvas(spoilt), {"mode": "auto"}, run).rgb
    assert any(word in warning for warning in run.warnings)
    assert not np.array_equal(out, spoilt)


@pytest.mark.parametrize("name", ["astronaut", "china", "coffee", "camera"])
def test_auto_leaves_a_good_photograph_alone(name: str) -> None:
    run, _ = context(nothing)
    rgb = photo(name)
    assert np.array_equal(restore.apply(Canvas(rgb), {"mode": "auto"}, run).rgb, rgb)
    assert run.warnings == ["restore found nothing to restore"]


@pytest.mark.parametrize("mode", MODES[:-1])
def test_more_strength_does_more_and_none_nothing(mode: str) -> None:
    rgb = saved(noisy(photo("chelsea"), 8), 40)
    far = [np.abs(restored(rgb, mode=mode, strength=s).astype(int) - rgb).mean() for s in (20, 50, 100)]
    assert far == sorted(far)
    assert far[2] > far[0]
    assert restored(rgb, mode=mode, strength=0) is rgb


@pytest.mark.parametrize("mode", MODES[:-1])
def test_the_same_again_and_further_pictures_differ(mode: str) -> None:
    rgb = saved(noisy(photo("chelsea"), 8), 40)
    one, again, other = (restored(rgb, k, mode=mode) for k in (0, 0, 3))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (300, 2), (17, 33)])
def test_tiny_pictures_pass_and_keep_their_alpha(mode: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    rgb, alpha = rng.integers(0, 256, (*size, 3), dtype=np.uint8), rng.integers(0, 256, size, dtype=np.uint8)
    out = restore.apply(Canvas(rgb, alpha), {"mode": mode}, context(nothing)[0])
    assert out.rgb.shape == rgb.shape
    assert out.alpha is alpha


@pytest.mark.parametrize(
    "arguments",
    [{}, {"mode": "magic"}, {"mode": "sharpen", "strength": "very"}, {"mode": "sharpen", "radius": 2}],
)
def test_what_is_not_understood_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        restored(photo("chelsea"), **arguments)
