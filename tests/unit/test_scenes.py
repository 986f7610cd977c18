"""The drawn scenes: all there, new for every seed, smooth, of any size, the stars in their places."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from retouch.engines.builtin.colour import to_srgb
from retouch.engines.builtin.scenes import SCENES, Framing
from retouch.engines.builtin.stars import View, catalogue, draw_stars, star_colour

NAMES = (
    "starry sky",
    "milky way",
    "nebula",
    "aurora",
    "moonlit night",
    "clear sky",
    "cloudy sky",
    "sunset",
    "sunrise",
    "storm",
    "fog",
    "underwater",
    "bokeh lights",
    "neon city",
    "studio",
)


def test_the_table_holds_the_scenes_that_the_planner_names() -> None:
    assert tuple(SCENES)[: len(NAMES)] == NAMES
    assert all(scene.name == name and scene.licence for name, scene in SCENES.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_is_light_in_range_and_new_for_every_seed(name: str) -> None:
    one, again, other = (
        SCENES[name].draw((192, 128), np.random.default_rng(seed), Framing()).linear for seed in (1, 1, 2)
    )
    assert one.shape == (128, 192, 3)
    assert one.dtype == np.float32
    assert np.isfinite(one).all()
    assert 0 <= float(one.min()) <= float(one.max()) <= 1
    assert np.array_equal(one, again)
    assert float(np.abs(one - other).mean()) > 0.002


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (7, 90), (90, 7), (1300, 40)])
def test_a_scene_can_be_drawn_at_any_size(name: str, size: tuple[int, int]) -> None:
    drawn = SCENES[name].draw(size, np.random.default_rng(1), Framing())
    assert drawn.linear.shape == (size[1], size[0], 3)
    assert np.isfinite(drawn.linear).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_is_no_flat_grey(name: str) -> None:
    drawn = to_srgb(SCENES[name].draw((256, 256), np.random.default_rng(4), Framing()).linear)
    low, high = np.quantile(drawn.mean(-1), [0.02, 0.98])
    assert high - low > 0.05
    if name not in ("fog", "studio", "storm"):
        assert float((drawn.max(-1) - drawn.min(-1)).mean()) > 0.04


@pytest.mark.parametrize("name", ["clear sky", "studio", "underwater"])
def test_smooth_skies_have_no_bands(name: str) -> None:
    """Floating point all the way: neighbouring rows differ by far less than one of 256 levels."""
    drawn = to_srgb(SCENES[name].draw((64, 1400), np.random.default_rng(4), Framing()).linear)
    steps = np.abs(np.diff(drawn[:, 32, 1]))
    assert len(np.unique(drawn[:, 32, 1])) > 800
    assert float(np.median(steps)) < 1 / 255


def test_the_brightest_stars_are_where_astronomers_have_them() -> None:
    """Sirius (6h45m, -16d43m), Vega (18h37m, +38d47m): the catalogue's first and another bright row."""
    rows = catalogue()
    assert len(rows) > 70_000
    assert np.degrees(rows[0, 0]) == pytest.approx(101.29, abs=0.02)
    assert np.degrees(rows[0, 1]) == pytest.approx(-16.72, abs=0.02)
    vega = np.hypot(np.degrees(rows[:, 0]) - 279.23, np.degrees(rows[:, 1]) - 38.78)
    assert float(rows[int(vega.argmin()), 2]) < 0.2
    assert np.all(np.diff(rows[:, 2]) >= 0)


def test_orion_stands_on_the_sky_as_it_does_outside() -> None:
    """Looking at the belt, north up: Betelgeuse is upper left and orange, Rigel lower right and blue."""
    view = View(np.radians(84.05), np.radians(-1.2), 0.0, np.radians(30))
    betelgeuse = np.radians(np.array([[88.79], [7.41]], np.float32))
    rigel = np.radians(np.array([[78.63], [-8.20]], np.float32))
    (bx,), (by,), _ = view.project(betelgeuse[0], betelgeuse[1], (600, 600))
    (rx,), (ry,), _ = view.project(rigel[0], rigel[1], (600, 600))
    assert bx < 300 < rx
    assert by < 300 < ry
    drawn = draw_stars(view, (600, 600))
    orange, blue = drawn[round(float(by)), round(float(bx))], drawn[round(float(ry)), round(float(rx))]
    assert orange[0] > orange[2]
    assert blue[2] > blue[0]


def test_a_star_is_found_again_by_the_direction_of_its_pixel() -> None:
    view = View(1.2, 0.4, 0.7, 1.0)
    rays = view.directions((80, 60))
    ray = rays[20, 55]
    ra, dec = np.arctan2(ray[1], ray[0]), np.arcsin(ray[2])
    x, y, front = view.project(np.array([ra], np.float32), np.array([dec], np.float32), (80, 60))
    assert bool(front[0])
    assert (float(x[0]), float(y[0])) == pytest.approx((55, 20), abs=0.01)


def test_blue_stars_are_blue_and_red_stars_red() -> None:
    blue, red = star_colour(np.array([-0.2, 1.6], np.float32))
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_all_is_loaded_before_the_first_picture() -> None:
    """The pixel process closes the file system after its imports: drawing may open and import nothing."""
    script = (
        "import sys, numpy as np\n"
        "from retouch.engines.builtin.operations import background_replace\n"
        "from retouch.engines.builtin.scenes import SCENES, Framing\n"
        "late = []\n"
        "sys.addaudithook(lambda e, a: late.append((e, a)) if e in ('open', 'import') else None)\n"
        "for s in SCENES.values(): s.draw((64, 48), np.random.default_rng(1), Framing())\n"
        "assert not late, late\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
