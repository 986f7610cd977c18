"""Weather is laid in depth: far things fade, the subject stays, drops and flakes are light and not paint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context, disc_picture, photo

from retouch.engines.builtin.atmosphere import View, sky_of
from retouch.engines.builtin.colour import decode, luminance
from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import weather
from retouch.engines.builtin.precipitation import RAIN, SNOW, falling
from retouch.errors import InstructionNotSupported

KINDS = ("rain", "snow", "fog", "sun-rays")


def nothing(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.zeros(rgb.shape[:2], np.float32)


def under(rgb: NDArray[np.uint8], seed: int = 7, variation: int = 0, **arguments: Any) -> NDArray[np.uint8]:
    return weather.apply(Canvas(rgb), arguments, context(nothing, seed, variation)[0]).rgb


def plain(value: int, side: int = 256) -> NDArray[np.uint8]:
    return np.full((side, side, 3), value, np.uint8)


def light(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return luminance(decode(rgb))


def test_fog_takes_contrast_away_and_more_of_it_from_what_is_far() -> None:
    rgb = np.random.default_rng(0).integers(40, 160, (240, 240, 3), dtype=np.uint8)
    left = [
        float(out.std() / part.std())
        for out, part in zip(*_thirds(rgb, under(rgb, weather="fog")), strict=True)
    ]
    assert left[0] < 0.35
    assert left[0] < left[1] < left[2]
    assert left[2] > 0.45


def _thirds(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[list[Any], list[Any]]:
    return np.array_split(after.astype(float), 3), np.array_split(before.astype(float), 3)


def test_fog_spares_the_subject() -> None:
    """The same place fades less when it is known to stand in front."""
    canvas, matte = disc_picture(200)
    inside = matte == 1
    inside[100:] = False
    with_subject, without = (
        float(
            np.abs(weather.apply(canvas, {"weather": "fog"}, context(m)[0]).rgb.astype(int) - canvas.rgb)[
                inside
            ].mean()
        )
        for m in (matte, np.zeros_like(matte))
    )
    assert with_subject < 0.8 * without


@pytest.mark.parametrize("kind", ["fog", "rain", "snow"])
def test_more_strength_is_more_weather(kind: str) -> None:
    rgb = photo("china")[::2, ::2]
    far = [np.abs(under(rgb, weather=kind, strength=s).astype(int) - rgb).mean() for s in (15, 50, 100)]
    assert far == sorted(far)
    assert far[2] > 1.4 * far[0]


def test_the_air_of_a_night_is_dark() -> None:
    """Grey fog by daylight over a night picture is how a filter gives itself away."""
    night = photo("rocket")
    assert float(light(under(night, weather="fog")).mean()) < 0.2
    assert float(light(under(photo("china"), weather="fog")).mean()) > 0.4


def test_rain_is_seen_before_the_dark_and_hardly_before_white() -> None:
    spread = {}
    for value in (30, 250):
        out = light(under(plain(value), weather="rain"))
        spread[value] = float((out[:, 1:-1] - (out[:, 2:] + out[:, :-2]) / 2).std()) / float(out.mean())
    assert spread[30] > 2.5 * spread[250]


def test_streaks_run_down_and_flakes_do_not() -> None:
    """Along a streak brightness hardly changes; across it does. A flake is round."""
    for falls, low, high in ((RAIN, 3.0, np.inf), (SNOW, 0.5, 2.0)):
        cover = falling(falls[1], (512, 512), 0.0, 1.0, np.random.default_rng(1))
        across, along = np.abs(np.diff(cover, axis=1)).mean(), np.abs(np.diff(cover, axis=0)).mean()
        assert low < float(across / along) < high


def test_near_flakes_are_fewer_larger_and_fainter() -> None:
    covers = [falling(fall, (512, 512), 10.0, 1.0, np.random.default_rng(2)) for fall in SNOW]
    assert float(covers[0].max()) > 1.5 * float(covers[-1].max())
    edges = [float(np.abs(np.diff(cover)).max()) for cover in covers]
    assert edges[0] > 5 * edges[-1]


@pytest.mark.parametrize("falls", [RAIN, SNOW])
def test_what_falls_covers_the_same_part_at_any_size(falls: Any) -> None:
    parts = [
        float(falling(falls[2], (side, side), 5.0, 1.0, np.random.default_rng(3)).mean())
        for side in (256, 1024)
    ]
    assert 0.4 < parts[0] / parts[1] < 2.5


def test_snow_lightens_the_dark_and_cools_it() -> None:
    rgb = plain(40)
    out = under(rgb, weather="snow").astype(float)
    assert float(out.mean()) > 44
    assert float(np.quantile(out, 0.999)) > 95


def test_sun_rays_warm_and_lighten_and_come_from_above() -> None:
    rgb = plain(70)
    out = under(rgb, weather="sun-rays").astype(float)
    gain = out - 70
    assert float((gain[..., 0] - gain[..., 2]).mean()) > 4
    assert float(gain[:80].max()) > 1.15 * float(gain[-80:].max())
    directions = out[120].mean(-1)
    turns = np.sign(np.diff(np.convolve(directions, np.ones(9) / 9, "valid")))
    assert int((np.diff(turns[turns != 0]) != 0).sum()) >= 2  # beams, not one even glow


def test_the_sky_is_found_where_there_is_one() -> None:
    for name, above in (("china", True), ("rocket", True), ("coffee", False)):
        rgb = photo(name)
        sky = sky_of(rgb, nothing(rgb))
        assert (float(sky[: len(sky) // 4].mean()) > 0.5) is above
        assert float(sky[-len(sky) // 6 :].mean()) < 0.3


def test_the_distance_falls_toward_the_lower_border() -> None:
    canvas, matte = disc_picture(200)
    view = View.of(canvas.rgb, matte)
    column = view.distance[:, 5]
    assert float(column[5]) > 0.6
    assert float(column[-5]) < 0.15
    assert float(view.distance[matte == 1].max()) < float(column[100])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(kind: str) -> None:
    rgb = photo("china")[::3, ::3]
    one, again, other = (under(rgb, seed, weather=kind) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert float((one != other).any(-1).mean()) > 0.05


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (300, 2), (2, 300)])
def test_tiny_pictures_pass_and_keep_their_alpha(kind: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    rgb, alpha = rng.integers(0, 256, (*size, 3), dtype=np.uint8), rng.integers(0, 256, size, dtype=np.uint8)
    out = weather.apply(Canvas(rgb, alpha), {"weather": kind}, context(nothing)[0])
    assert out.rgb.shape == rgb.shape
    assert out.alpha is alpha


def test_no_weather_changes_nothing() -> None:
    rgb = plain(90)
    assert under(rgb, weather="rain", strength=0) is rgb


@pytest.mark.parametrize(
    "arguments",
    [{}, {"weather": "hail"}, {"weather": "rain", "strength": "hard"}, {"weather": "rain", "wind": 3}],
)
def test_what_is_not_understood_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        under(plain(90, 8), **arguments)


def test_progress_rises_to_one() -> None:
    run, seen = context(nothing)
    weather.apply(Canvas(plain(90)), {"weather": "snow"}, run)
    assert seen == sorted(seen)
    assert seen[-1] == 1
